import { harmless } from '../hosts/sanitise.ts';
import type { Severity } from '../judging/finding.ts';
import type { Report } from './report.ts';

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/**
 * The report in Prometheus' text format (version 0.0.4), as node_exporter's textfile collector reads it. A series
 * may appear only once, so findings that differ in nothing a label holds are one line.
 */
export function renderPrometheus(report: Report): string {
  const series = report.findings.map(
    ({ problem, target, subject, status, severity }) =>
      `hayward_finding${labels({ problem, target, subject, status, severity })} 1`,
  );
  const problems = SEVERITIES.map((severity) => {
    const seen = report.findings.filter((finding) => finding.status === 'problem' && finding.severity === severity);
    return `hayward_problems${labels({ severity })} ${seen.length}`;
  });
  return [
    '# HELP hayward_finding A judgement of a known problem; always 1.',
    '# TYPE hayward_finding gauge',
    ...new Set(series),
    '# HELP hayward_problems Problems found, by severity.',
    '# TYPE hayward_problems gauge',
    ...problems,
    '',
  ].join('\n');
}

function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${labelValue(value)}"`);
  return `{${pairs.join(',')}}`;
}

/** The format escapes backslash, quote and line feed; `harmless` leaves no line feed. */
function labelValue(value: string): string {
  return harmless(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
