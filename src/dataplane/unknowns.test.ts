import { expect, it } from 'vitest';
import { exitStatus } from '../report/exit-status.ts';
import { dataplaneFindings } from './findings.ts';
import type { Probe } from './matrix.ts';
import { everyProbe, outcomes } from './testing/simulated.ts';

const NODES = ['node-1', 'node-2', 'node-3'];

function findings(isOpen: (probe: Probe) => boolean) {
  const unknown = { kind: 'unknown', reason: 'failed', detail: 'its Pod does not run: ImagePullBackOff' } as const;
  const all = outcomes(everyProbe(NODES), () => false).map((one) => (isOpen(one) ? { ...one, outcome: unknown } : one));
  return dataplaneFindings(all, { target: 'lab', judged: new Map(), lang: 'en' });
}

it('is a node on which nothing answers, though it can ask', () => {
  const seen = findings(({ kind, backend }) => kind !== 'dns' && backend === 'node-3');
  expect(seen.filter(({ status }) => status === 'unknown')).toMatchObject([
    { problem: 'dataplane-pod', subject: 'node-3', severity: 'warning', unknown: { reason: 'failed' } },
    { problem: 'dataplane-service', subject: 'node-3', severity: 'warning' },
    { problem: 'dataplane-nodeport', severity: 'warning' },
  ]);
  expect(exitStatus(seen, 'warning')).toBe(3);
});

it('is what an agent left unsaid when it ended midway', () => {
  const seen = findings(({ kind, from }) => kind === 'service' && from === 'node-2');
  expect(seen.filter(({ status }) => status === 'unknown')).toMatchObject([
    { problem: 'dataplane-service', subject: 'node-1, node-2, node-3', severity: 'warning' },
  ]);
  expect(exitStatus(seen, 'warning')).toBe(3);
});

it('is no node that could ask something', () => {
  const isFirst = ({ kind, from, to, protocol, size }: Probe) =>
    kind === 'pod' && from === 'node-1' && to === 'node-1' && protocol === 'tcp' && size === 'small';
  expect(findings(isFirst).filter(({ status }) => status === 'unknown')).toMatchObject([
    { problem: 'dataplane-pod', subject: 'node-1', title: 'Pod to Pod' },
  ]);
});

it('is told once of a node that neither asks nor answers', () => {
  const seen = findings((probe) => probe.from === 'node-3' || [probe.to, probe.backend].includes('node-3'));
  expect(seen.filter(({ status }) => status === 'unknown')).toMatchObject([
    { problem: 'dataplane-pod', subject: 'node-3', title: 'node-3 could not be asked' },
  ]);
});
