import { type Unknown, unknown } from '../hosts/reading.ts';
import type { Bilingual } from '../lang.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Snapshot, SubjectName } from '../snapshot/snapshot.ts';
import type { Demand, Holding, OwnDemand } from './demand.ts';
import type { Severity } from './finding.ts';
import { partsOf } from './judge.ts';
import type { AnyProblem, Problem } from './problem.ts';

/** Wanted, but not held: it reads otherwise, and may be meant to. */
export interface Left {
  readonly demand: Demand;
  readonly why: Bilingual;
}

/** Whether it has to be held could not be told. */
export interface Undecided {
  readonly by: string;
  readonly about: string;
  readonly severity: Severity;
  readonly unknown: Unknown;
}

/** What all problems together say must stay on a node. */
export interface Holdings {
  readonly demands: readonly Demand[];
  readonly left: readonly Left[];
  readonly undecided: readonly Undecided[];
}

/** Asks every problem what must stay, each with only the parts it declared. Pure, like `judge`. */
export function holdingsOf(problems: readonly AnyProblem[], snapshot: Snapshot, profile: Profile): Holdings {
  const signed = problems.flatMap((one) => {
    const problem = one as unknown as Problem<SubjectName, unknown>;
    return statedBy(problem, snapshot, profile).map((holding) => ({ by: problem.id, holding }));
  });
  return {
    demands: signed.flatMap(({ by, holding }) => (holding.status === 'held' ? [sign(holding.demand, by)] : [])),
    left: signed.flatMap(({ by, holding }) =>
      holding.status === 'left' ? [{ demand: sign(holding.demand, by), why: holding.why }] : [],
    ),
    undecided: signed.flatMap(({ by, holding }) => {
      if (holding.status !== 'unknown') return [];
      const { about, severity, unknown } = holding;
      return [{ by, about, severity, unknown }];
    }),
  };
}

/** One that throws has a bug; what it would have kept is then not known, the rest stands. */
function statedBy(problem: Problem<SubjectName, unknown>, snapshot: Snapshot, profile: Profile): readonly Holding[] {
  try {
    return problem.holds?.(partsOf(problem, snapshot), profile) ?? [];
  } catch (error) {
    const detail = `telling what must stay failed: ${error instanceof Error ? error.message : String(error)}`;
    return [{ status: 'unknown', about: '', severity: 'warning', unknown: unknown('failed', problem.id, detail) }];
  }
}

function sign(demand: OwnDemand, by: string): Demand {
  return { ...demand, by };
}
