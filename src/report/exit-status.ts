import type { Finding, Severity } from '../judging/finding.ts';

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/**
 * What a judgement means to a script: 1 when a problem is at least as severe as `failOn`, else 3 when something that
 * decides the answer is not known or still settling, else 0. Severity `info` counts for neither.
 */
export function exitStatus(findings: readonly Finding[], failOn: Severity = 'warning'): 0 | 1 | 3 {
  const least = Math.max(RANK[failOn], RANK.warning);
  const problems = findings.filter(({ status, severity }) => status === 'problem' && RANK[severity] >= least);
  if (problems.some(({ phase }) => phase !== 'settling')) return 1;
  const open = findings.some(({ status, severity }) => status === 'unknown' && severity !== 'info');
  return open || problems.length > 0 ? 3 : 0;
}
