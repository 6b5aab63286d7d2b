import { describe, expect, it } from 'vitest';
import type { ProbeFacts } from '../../probes/vm-network/machine.ts';
import type { NetworkProbe, ProbeRequest } from '../../probes/vm-network/probe.ts';
import { nodeProbeOf } from '../cluster/objects.ts';
import { resultOf, unasked } from './result.ts';

const AT = new Date('2026-11-21T18:00:00Z');
const request: ProbeRequest = { bridge: 'mgmt-br', vlan: 100, servers: [], uplinks: [], count: 5, offerWaitMs: 10_000 };
const FACTS: ProbeFacts = {
  manual: false,
  cidr: '10.0.0.0/24',
  gateway: '10.0.0.1',
  discovers: 1,
  offers: [
    {
      server: '10.0.0.2',
      mac: '02:00:00:00:00:02',
      afterMs: 12.6,
      relay: '10.0.0.3',
      address: '10.0.0.50',
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      leaseSeconds: 120,
    },
  ],
  served: true,
  refusal: undefined,
  meddlers: [],
  unacknowledged: false,
  arp: { asked: 2, macs: ['02:00:00:00:00:01'], firstMs: 1 },
  address: { ip: '10.0.0.50', leased: true },
  taken: new Map(),
  echo: { sent: 3, answered: 2, roundTrips: [1, 1] },
  beyond: undefined,
  uplink: { watched: [], left: [], came: [], strays: [], answered: undefined },
  frames: [],
};
const probe = (change: Partial<NetworkProbe>): NetworkProbe => ({
  outcome: { state: 'active', reason: 'ok', side: undefined, lossPercent: 0 },
  bridge: undefined,
  facts: FACTS,
  reach: 'not-asked',
  ...change,
});

describe('what a probe found, as an answer', () => {
  it('tells what Harvester is to be told, and what a person wants to know', () => {
    const outcome = { state: 'inactive', reason: 'loss', side: 'network', lossPercent: 100 / 3 } as const;
    expect(resultOf(7, request, probe({ outcome }), AT)).toEqual({
      ask: 7,
      state: 'inactive',
      reason: 'loss',
      side: 'network',
      message: expect.stringMatching(/^2 of 3 pings were answered/),
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      gatewayMacs: ['02:00:00:00:00:01'],
      lossPercent: 33.3,
      servers: [{ address: '10.0.0.2', mac: '02:00:00:00:00:02', offerMs: 13, relay: '10.0.0.3' }],
      at: '2026-11-21T18:00:00.000Z',
    });
  });

  it('is short where all is well, and where nothing was sent', () => {
    expect(resultOf(1, request, probe({}), AT).message).toBe('');
    const failure = { reason: 'denied', detail: 'socket(AF_PACKET): EPERM (needs CAP_NET_RAW)' } as const;
    const outcome = { state: 'unknown', reason: 'denied', side: undefined, lossPercent: undefined } as const;
    expect(resultOf(1, request, probe({ outcome, failure, facts: undefined }), AT)).toEqual({
      ask: 1,
      state: 'unknown',
      reason: 'denied',
      message: failure.detail,
      at: AT.toISOString(),
    });
    expect(unasked(2, 'no such\nbridge', AT)).toMatchObject({ ask: 2, state: 'unknown', message: 'no such' });
  });

  it('is read by the controller as it was meant', () => {
    const result = resultOf(7, request, probe({}), AT);
    const status = JSON.parse(JSON.stringify({ results: { 'default/a': result } })) as object;
    const read = nodeProbeOf({ metadata: { name: 'node-1', uid: 'u' }, spec: {}, status });
    expect(read?.results['default/a']).toEqual(result);
  });
});
