import type { Finding } from '../judging/finding.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';

/** What a fix was asked for. */
export interface Asked {
  /** All that is safe when not given. */
  readonly problems?: readonly string[];
  readonly scopes: readonly Remedy['scope'][];
}

/** The problem whose judgement computes the next boot: files that were read back prove nothing by themselves. */
const LASTING = 'setting-not-persistent';

/** What to judge after a fix that persists: also whether the next boot and service start would keep it. */
export function withLasting<T extends Asked>(asked: T): T {
  const { problems, scopes } = asked;
  if (!problems || !scopes.includes('persist')) return asked;
  return { ...asked, problems: [...new Set([...problems, LASTING])] };
}

/**
 * Findings that count against a fix: those asked for, without what the options left out on purpose, and those that say of
 * a setting the plan wrote that it will not last.
 */
export function countingAgainst(
  findings: readonly Finding[],
  { problems, scopes }: Asked,
  plan: readonly PlannedRemedy[],
): readonly Finding[] {
  const written = new Set(
    plan.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'setting' ? [sysctlName(step.key)] : []))),
  );
  return findings.filter((finding) => {
    const { problem, subject, remedies } = finding;
    const lasts = scopes.includes('persist') && problem === LASTING && written.has(subject);
    if (problems && !problems.includes(problem) && !lasts) return false;
    return remedies.length === 0 || remedies.some(({ scope }) => scopes.includes(scope));
  });
}

/**
 * Unknowns that leave open whether there is something to fix: of a problem asked for by name, any; else those that decide
 * an exit status, and what was tried and went wrong (a command that hit its time limit on a loaded node), for a look a
 * moment later may find a problem there. What is denied or absent stays so, and only the named problem's user needs it.
 */
export function leftOpen(findings: readonly Finding[], asked: Asked): readonly Finding[] {
  const { problems, scopes } = asked;
  return countingAgainst(findings, { ...(problems && { problems }), scopes }, []).filter(
    ({ status, severity, unknown }) =>
      status === 'unknown' && (problems !== undefined || severity !== 'info' || unknown?.reason === 'failed'),
  );
}

/** What can no longer be seen of problems the plan was to solve: without it no fix is verified. */
export function lostFromSight(
  before: readonly Finding[],
  after: readonly Finding[],
  plan: readonly PlannedRemedy[],
): readonly Finding[] {
  const planned = new Set(plan.map(({ problem }) => problem));
  const unseen = new Set(before.filter(({ status }) => status === 'unknown').map(placeOf));
  return after.filter(
    (finding) => finding.status === 'unknown' && planned.has(finding.problem) && !unseen.has(placeOf(finding)),
  );
}

function placeOf({ problem, subject }: Finding): string {
  return `${problem} ${subject}`;
}
