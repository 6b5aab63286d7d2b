import type { Verdict } from '../cluster/verdict.ts';
import type { Finding, Severity } from '../judging/finding.ts';
import { familiesText, type MetricFamily } from './prometheus-text.ts';
import type { Report } from './report.ts';

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/**
 * The report in Prometheus' text format, as node_exporter's textfile collector reads it. A series may appear only
 * once, so findings that differ in nothing a label holds are one line.
 */
export function renderPrometheus(report: Report): string {
  return familiesText([...findingFamilies(report.findings), ...verdictFamilies(report)]);
}

const VERDICTS: readonly Verdict[] = ['ready', 'settling', 'not-ready', 'unknown'];

/** What an alert tells apart: a cluster that is settling is no cluster that is not ready. Every verdict has its series, so that none goes stale. */
function verdictFamilies({ cluster, targets }: Report): readonly MetricFamily[] {
  if (cluster === undefined) return [];
  const samples = VERDICTS.map((verdict) => ({
    labels: { target: targets[0]?.name ?? '', verdict },
    value: verdict === cluster.verdict ? 1 : 0,
  }));
  return [
    {
      name: 'hayward_cluster_verdict',
      help: 'Whether the cluster is ready: 1 for what it is.',
      type: 'gauge',
      samples,
    },
  ];
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
