import { expect, it } from 'vitest';
import { sampleFinding } from '../report/sample-report.ts';
import { causeOf } from './cause.ts';
import type { Place } from './places.ts';
import { ANY, type Claim } from './stands-out.ts';

const closed = sampleFinding({
  problem: 'ip-forward',
  target: 'node-2',
  evidence: [{ source: '/proc/sys/net/ipv4/ip_forward', value: '0', wanted: '1' }],
});
const judged = new Map([['node-2', [closed]]]);
const of = (place: Place, only: Claim['only'] = ANY): Claim => ({ layer: 'pod', place, only, lost: [] });
const NODE: Place = { where: 'cut-off', node: 'node-2' };

it('is what was found on the node, and where it was seen', () => {
  expect(causeOf(of(NODE), judged, 'en')).toEqual({
    text: 'ip_forward is 0 on node-2.',
    evidence: [{ source: 'node-2: /proc/sys/net/ipv4/ip_forward', value: '0', wanted: '1' }],
  });
});

it.each([
  { size: 'full', protocol: undefined },
  { size: undefined, protocol: 'udp' },
] as const)('is no setting of a node, where only $size $protocol is lost and the rest passes', (only) => {
  const { text, evidence } = causeOf(of(NODE, only), judged, 'en');
  expect(text).not.toMatch(/ip_forward|was found on/);
  expect(evidence).toEqual([]);
});

it('does not acquit a node of what could not be seen on it', () => {
  const denied = { ...closed, status: 'unknown', unknown: { reason: 'denied', detail: '' } } as const;
  const { text } = causeOf(of(NODE), new Map([['node-2', [denied]]]), 'en');
  expect(text).toContain('Not all that may cause it could be seen on node-2');
  expect(text).not.toContain('Nothing');
});

it('is no setting of a node, where what was lost has no pattern', () => {
  expect(causeOf(of({ where: 'scattered' }), judged, 'en')).toMatchObject({ evidence: [] });
  expect(causeOf(of({ where: 'server', server: '10.52.0.2' }), judged, 'en')).toMatchObject({ evidence: [] });
});

it('is nothing that was not seen, or was in order', () => {
  for (const status of ['unknown', 'ok', 'not-applicable'] as const) {
    const { text, evidence } = causeOf(of(NODE), new Map([['node-2', [{ ...closed, status }]]]), 'en');
    expect(text).not.toContain('ip_forward is 0');
    expect(evidence).toEqual([]);
  }
});
