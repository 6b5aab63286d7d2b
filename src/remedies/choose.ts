import type { Finding } from '../judging/finding.ts';
import type { Remedy } from './remedy.ts';
import type { PlannedRemedy } from './run-record.ts';
import type { Step } from './step.ts';

export interface Choice {
  /** Problems the user named; undefined: everything that is safe. */
  readonly named?: readonly string[];
  readonly scopes: readonly Remedy['scope'][];
  /** Interfaces that carry the present ssh session; undefined: it could not be told. */
  readonly sessionLinks: readonly string[] | undefined;
  /** It is taken back by itself where it cuts off the session. */
  readonly onTrial?: boolean;
}

/** Why a problem, or one remedy of it, is left alone. */
export type LeftWhy =
  /** Other traffic could stop: it has to be named. */
  | 'disruptive'
  /** It could cut off the ssh session that asks for it, or that cannot be ruled out, and it was not asked for on trial. */
  | 'session'
  /** Another remedy of the plan wants the opposite. */
  | 'contradiction'
  /** There is nothing hayward can do safely. */
  | 'no-remedy';

export interface Left {
  readonly finding: Finding;
  readonly why: LeftWhy;
  readonly remedy?: Remedy;
}

export interface Chosen {
  readonly plan: readonly PlannedRemedy[];
  readonly left: readonly Left[];
}

/**
 * Chooses what to do about findings: with no problem named all that is safe (risk none or low), of named ones also
 * what is disruptive, what may cut off the session on trial only. What runs `now` comes before what persists, each step once,
 * and of two remedies that contradict each other the later is left. Pure.
 */
export function chooseRemedies(findings: readonly Finding[], choice: Choice): Chosen {
  const asked = findings.filter((finding) => isAsked(finding, choice));
  const helpless = asked
    .filter(({ remedies }) => remedies.length === 0)
    .map((finding): Left => ({ finding, why: 'no-remedy' }));
  const candidates = asked.flatMap((finding) => finding.remedies.map((remedy) => ({ finding, remedy })));
  const inOrder = (['now', 'persist'] as const)
    .filter((scope) => choice.scopes.includes(scope))
    .flatMap((scope) => candidates.filter(({ remedy }) => remedy.scope === scope));
  const taken = stepSet();
  const plan: PlannedRemedy[] = [];
  const left: Left[] = [...helpless];
  for (const { finding, remedy } of inOrder) {
    const steps = refusal(remedy, choice) ?? taken.take(remedy.steps) ?? 'contradiction';
    if (typeof steps === 'string') left.push({ finding, remedy, why: steps });
    else if (steps.some(({ kind }) => kind !== 'reload')) plan.push({ ...remedy, problem: finding.problem, steps });
  }
  return { plan, left };
}

/**
 * A plan after a second judgement: of remedies that asked for one, the steps that are still wanted; the others as they
 * are.
 */
export function stillWanted(plan: readonly PlannedRemedy[], again: readonly PlannedRemedy[]): readonly PlannedRemedy[] {
  const wanted = new Set(again.flatMap(({ steps }) => steps).map((step) => JSON.stringify(step)));
  return plan
    .map((remedy) =>
      remedy.judgeAgain
        ? { ...remedy, steps: remedy.steps.filter((step) => wanted.has(JSON.stringify(step))) }
        : remedy,
    )
    .filter(({ steps }) => steps.length > 0);
}

/** A consequence goes with its cause. */
function isAsked(finding: Finding, { named }: Choice): boolean {
  if (finding.status !== 'problem') return false;
  return named ? named.includes(finding.problem) : finding.consequenceOf === undefined;
}

function refusal(remedy: Remedy, choice: Choice): LeftWhy | undefined {
  if (remedy.risk === 'disruptive' && !choice.named) return 'disruptive';
  return choice.onTrial !== true && touchesSession(remedy, choice) ? 'session' : undefined;
}

/** What is disruptive and names no interface is so on all of them. */
function touchesSession({ risk, interfaces }: Remedy, { sessionLinks }: Choice): boolean {
  if (interfaces === undefined && risk !== 'disruptive') return false;
  if (sessionLinks === undefined) return true;
  return interfaces === undefined ? sessionLinks.length > 0 : interfaces.some((link) => sessionLinks.includes(link));
}

/** Steps taken so far: a step is taken once, and none that contradicts one taken before. */
function stepSet(): { take(steps: readonly Step[]): readonly Step[] | undefined } {
  const taken = new Map<string, string>();
  return {
    /** The steps not yet taken; undefined when one of them contradicts what was taken. */
    take(steps) {
      const wishes = steps.map((step) => ({
        step,
        place: placeOf(step),
        wish: JSON.stringify(step, Object.keys(step).sort()),
      }));
      if (wishes.some(({ place, wish }) => place !== '' && taken.has(place) && taken.get(place) !== wish)) {
        return undefined;
      }
      const fresh = wishes.filter(({ place }) => place === '' || !taken.has(place));
      for (const { place, wish } of fresh) if (place !== '') taken.set(place, wish);
      return fresh.map(({ step }) => step);
    },
  };
}

/** What a step changes: two steps for one place are the same step or a contradiction. Daemons may be told often. */
function placeOf(step: Step): string {
  switch (step.kind) {
    case 'setting':
      return `setting ${step.key === 'net/ipv4/conf/all/forwarding' ? 'net/ipv4/ip_forward' : step.key}`;
    case 'bridge-setting':
      return `bridge ${step.bridge} ${step.name}`;
    case 'module':
      return `module ${step.name}`;
    case 'file':
      return `file ${step.path}`;
    case 'enable-unit':
      return `unit ${step.unit}`;
    case 'release-lease':
      return `file ${step.path}`;
    case 'reload':
      return '';
  }
}
