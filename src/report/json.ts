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
    targets: targets.map(({ name, via, profile, profileEvidence }) => ({ name, via, profile, profileEvidence })),
    ...cluster,
    findings: findings.map((finding) => jsonFinding(finding, lang)),
    summary: {
      ok: count(findings, 'ok'),
      problem: count(findings, 'problem'),
      unknown: count(findings, 'unknown'),
      notApplicable: count(findings, 'not-applicable'),
    },
  };
  return `${escapeForTerminals(JSON.stringify(document, undefined, 2))}\n`;
}

function count(findings: readonly Finding[], status: Status): number {
  return findings.filter((finding) => finding.status === status).length;
}

function jsonFinding(finding: Finding, lang: Lang): object {
  const { remedies, docs, unknown, consequenceOf, prove, ...rest } = finding;
  return {
    ...rest,
    ...(unknown && { unknown }),
    ...(consequenceOf !== undefined && { consequenceOf }),
    prove,
    remedies: remedies.map((remedy) => jsonRemedy(remedy, lang)),
    docs,
  };
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

/**
 * JSON.stringify leaves C1 controls (a terminal may take U+009B for ESC [) and bidirectional overrides as they are.
 * Outside strings JSON holds none of them, so escaping them in the text keeps the values.
 */
function escapeForTerminals(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
