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
