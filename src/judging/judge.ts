import type { Lang } from '../lang.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Snapshot, SubjectName } from '../snapshot/snapshot.ts';
import type { Finding, Judgement } from './finding.ts';
import type { AnyProblem, Parts, Problem } from './problem.ts';
import { wordedFinding } from './worded.ts';

type Runnable = Problem<SubjectName, unknown>;

/** What a run judged. */
export interface JudgeOptions {
  readonly target: string;
  readonly lang: Lang;
}

/**
 * Judges a snapshot against a profile: every problem, each getting only the parts it declared. Pure: the same
 * snapshot gives the same findings anywhere. A check that throws has a bug; its finding is then `unknown`, the rest
 * of the judgement stands.
 */
export function judge(
  problems: readonly AnyProblem[],
  snapshot: Snapshot,
  profile: Profile,
  options: JudgeOptions,
): Finding[] {
  const findings = problems.flatMap((problem) => judgeOne(problem as unknown as Runnable, snapshot, profile, options));
  return hideConsequences(problems, findings);
}

function judgeOne(problem: Runnable, snapshot: Snapshot, profile: Profile, options: JudgeOptions): Finding[] {
  const parts = partsOf(problem, snapshot);
  try {
    return problem.check(parts, profile).map((judgement) => findingOf(problem, judgement, parts, profile, options));
  } catch (error) {
    const detail = `the check itself failed: ${error instanceof Error ? error.message : String(error)}`;
    const judgement: Judgement<unknown> = {
      status: 'unknown',
      subject: '',
      severity: 'warning',
      unknown: { known: false, reason: 'failed', detail, source: problem.id },
      evidence: [],
    };
    return [findingOf(problem, judgement, parts, profile, options)];
  }
}

/** Exactly the declared parts, still lazy: a part nobody looks at is never parsed. */
export function partsOf(problem: Pick<Runnable, 'needs'>, snapshot: Snapshot): Parts<SubjectName> {
  const parts = {};
  for (const name of problem.needs) {
    Object.defineProperty(parts, name, { enumerable: true, get: () => snapshot[name] });
  }
  return parts as Parts<SubjectName>;
}

function findingOf(
  problem: Runnable,
  judgement: Judgement<unknown>,
  parts: Parts<SubjectName>,
  profile: Profile,
  options: JudgeOptions,
): Finding {
  const finding = wordedFinding(problem, judgement, options);
  if (judgement.status !== 'problem') return finding;
  const { facts } = judgement;
  return { ...finding, prove: problem.prove(facts), remedies: problem.remedies(facts, parts, profile) };
}

/** A finding whose cause is itself a finding says so, and counts as information: the cause is what needs a hand. */
function hideConsequences(problems: readonly AnyProblem[], findings: Finding[]): Finding[] {
  const found = new Set(findings.filter((finding) => finding.status === 'problem').map((finding) => finding.problem));
  const causes = new Map(problems.map((problem) => [problem.id, problem.dependsOn?.find((id) => found.has(id))]));
  return findings.map((finding) => {
    const cause = causes.get(finding.problem);
    if (!cause || finding.status !== 'problem') return finding;
    return { ...finding, severity: 'info', consequenceOf: cause };
  });
}
