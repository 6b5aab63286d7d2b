import { expect, it } from 'vitest';
import { sampleFinding } from '../report/sample-report.ts';
import { changesText } from './dataplane-watch.ts';

const lost = sampleFinding({
  problem: 'dataplane-pod',
  subject: 'node-2',
  title: 'Pods on node-2 are cut off',
  severity: 'critical',
});
const told = (...findings: (typeof lost)[]) => ({ probed: [], findings, at: new Date(0), durationMs: 1 });

it('tells a problem when it comes and when it goes, and nothing in between', () => {
  expect(changesText([], told(lost))).toBe(
    '1970-01-01T00:00:00.000Z ✗ dataplane-pod node-2: Pods on node-2 are cut off\n',
  );
  expect(changesText([lost], told(lost))).toBe('');
  expect(changesText([lost], told())).toBe(
    '1970-01-01T00:00:00.000Z ✓ dataplane-pod node-2: Pods on node-2 are cut off\n',
  );
});

it('leaves out what only follows from another, and cannot move the terminal', () => {
  const following = sampleFinding({ problem: 'dataplane-dns', severity: 'info', consequenceOf: 'dataplane-pod' });
  expect(changesText([], told(following))).toBe('');
  expect(changesText([], told({ ...lost, title: 'a\n\x1b[2Jb' }))).not.toContain('\x1b');
});
