import { expect, test } from 'vitest';
import { renderPrometheus } from './prometheus.ts';
import { sampleFinding, sampleOther, sampleReport } from './sample-report.ts';

test('one series a finding, and the problems counted by severity', () => {
  const printed = renderPrometheus(sampleReport([sampleFinding(), sampleFinding(), sampleOther('ok')]));
  expect(printed.split('\n')).toEqual([
    '# HELP hayward_finding A judgement of a known problem; always 1.',
    '# TYPE hayward_finding gauge',
    'hayward_finding{problem="ip-forward",target="node-1",subject="net.ipv4.ip_forward",status="problem",severity="critical"} 1',
    'hayward_finding{problem="rp-filter",target="node-1",subject="eth0",status="ok",severity="info"} 1',
    '# HELP hayward_problems Problems found, by severity.',
    '# TYPE hayward_problems gauge',
    'hayward_problems{severity="critical"} 2',
    'hayward_problems{severity="warning"} 0',
    'hayward_problems{severity="info"} 0',
    '',
  ]);
});

test('a hostile subject cannot forge a series', () => {
  const subject = 'eth0",status="ok"} 1\nhayward_problems{severity="critical"} 0 #\\';
  const printed = renderPrometheus(sampleReport([sampleFinding({ subject })]));
  const lines = printed.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(line).toMatch(/^hayward_\w+\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\} \d+$/);
  }
});

test('of a cluster the verdict, each a series: one that settles is told from one that is not ready', () => {
  const cluster = {
    verdict: 'settling',
    server: 'https://10.0.0.1:6443',
    kubeconfig: { owner: 'rke2', path: '/a' },
  } as const;
  const printed = renderPrometheus(sampleReport([], { cluster }));
  expect(printed.split('\n').filter((line) => line.startsWith('hayward_cluster'))).toEqual([
    'hayward_cluster_verdict{target="node-1",verdict="ready"} 0',
    'hayward_cluster_verdict{target="node-1",verdict="settling"} 1',
    'hayward_cluster_verdict{target="node-1",verdict="not-ready"} 0',
    'hayward_cluster_verdict{target="node-1",verdict="unknown"} 0',
  ]);
});
