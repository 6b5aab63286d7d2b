import type { FixReport } from '../remedies/fix-run.ts';
import { exitStatus } from '../report/exit-status.ts';
import { countingAgainst, lostFromSight } from './fix-findings.ts';
import type { FixOptions, Prepared } from './fix-prepare.ts';

/** What the last judgement says of the run. Steps that were read back prove nothing while their problem cannot be seen. */
export function verdictOn(
  report: Pick<FixReport, 'findings' | 'verified'>,
  { plan, seen }: Pick<Prepared, 'plan' | 'seen'>,
  options: FixOptions,
) {
  const findings = countingAgainst(report.findings, options, plan);
  const judged = exitStatus(findings, options.failOn);
  const lost = lostFromSight(seen.findings, report.findings, plan);
  const status = judged === 0 && lost.length > 0 ? 3 : judged;
  return { findings, lost, status, verified: report.verified && status !== 1 && lost.length === 0 };
}
