import type { Finding, Severity } from '../judging/finding.ts';
import { familiesText, type MetricFamily } from './prometheus-text.ts';
import type { Report } from './report.ts';

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/**
 * The report in Prometheus' text format, as node_exporter's textfile collector reads it. A series may appear only
 * once, so findings that differ in nothing a label holds are one line.
 */
export function renderPrometheus(report: Report): string {
  return familiesText(findingFamilies(report.findings));
}

type Labelled = Pick<Finding, 'problem' | 'target' | 'subject' | 'status' | 'severity'>;

/** Findings as metrics. */
export function findingFamilies(findings: readonly Labelled[]): readonly MetricFamily[] {
  return [
    {
      name: 'hayward_finding',
      help: 'A judgement of a known problem; always 1.',
      type: 'gauge',
      samples: findings.map(({ problem, target, subject, status, severity }) => ({
        labels: { problem, target, subject, status, severity },
        value: 1,
      })),
    },
    {
      name: 'hayward_problems',
      help: 'Problems found, by severity.',
      type: 'gauge',
      samples: SEVERITIES.map((severity) => ({
        labels: { severity },
        value: findings.filter((one) => one.status === 'problem' && one.severity === severity).length,
      })),
    },
  ];
}
