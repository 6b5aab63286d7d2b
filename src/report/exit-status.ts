import type { Finding, Severity } from '../judging/finding.ts';

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/**
 * What a judgement means to a script: 1 when a problem is at least as severe as `failOn`, else 3 when something that
 * decides the answer is not known, else 0. Severity `info` counts for neither.
 */
export function exitStatus(findings: readonly Finding[], failOn: Severity = 'warning'): 0 | 1 | 3 {
  const least = Math.max(RANK[failOn], RANK.warning);
  if (findings.some((finding) => finding.status === 'problem' && RANK[finding.severity] >= least)) return 1;
  return findings.some((finding) => finding.status === 'unknown' && finding.severity !== 'info') ? 3 : 0;
}
