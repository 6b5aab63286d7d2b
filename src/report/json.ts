import { harmlessJson } from '../hosts/sanitise.ts';
import type { Finding, Status } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { describeStep } from '../remedies/describe.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { Report } from './report.ts';

/** The report in the stable shape scripts read (`schemaVersion` 1). */
export function renderJson(report: Report, lang: Lang): string {
  const { tool, takenAt, durationMs, targets, findings, cluster } = report;
  const document = {
    schemaVersion: 1,
    tool,
    takenAt,
    durationMs,
    targets: targets.map(({ name, via, takenAt: seen, profile, profileEvidence }) => ({
      name,
      via,
      ...(seen !== undefined && { takenAt: seen }),
      profile,
      profileEvidence,
    })),
    ...cluster,
    findings: findings.map((finding) => jsonFinding(finding, lang)),
    summary: {
      ok: count(findings, 'ok'),
      problem: count(findings, 'problem'),
      unknown: count(findings, 'unknown'),
      notApplicable: count(findings, 'not-applicable'),
    },
  };
  return jsonText(document);
}

/** A document as it is printed, harmless to a terminal. */
export function jsonText(document: object): string {
  return `${harmlessJson(JSON.stringify(document, undefined, 2))}\n`;
}

function count(findings: readonly Finding[], status: Status): number {
  return findings.filter((finding) => finding.status === status).length;
}

/** A finding in the report's shape: its steps in words. */
export function jsonFinding(finding: Finding, lang: Lang): Omit<Finding, 'remedies'> & { readonly remedies: object[] } {
  return { ...finding, remedies: finding.remedies.map((remedy) => jsonRemedy(remedy, lang)) };
}

function jsonRemedy(remedy: Remedy, lang: Lang): object {
  return {
    id: remedy.id,
    summary: remedy.summary[lang],
    risk: remedy.risk,
    scope: remedy.scope,
    ...(remedy.disrupts && { disrupts: remedy.disrupts[lang] }),
    steps: remedy.steps.map((step) => describeStep(step, lang)),
  };
}
