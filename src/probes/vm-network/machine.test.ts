import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossOf } from './outcome.ts';
import { dhcpServer, host } from './simulated-network.ts';
import { BO, bo, type Case, GATEWAY, gateway, MANUAL, run, server } from './simulated-probe.ts';

describe('what a probe finds', () => {
  it.each<[string, Case, string, string, string | undefined]>([
    ['all well', { stations: [server(), gateway()] }, 'active', 'ok', undefined],
    ['all well, given by hand', { plan: MANUAL, stations: [gateway()] }, 'active', 'ok', undefined],
    [
      'an offer after four seconds',
      { stations: [server({ offerAfterMs: 4000 }), gateway()] },
      'active',
      'ok',
      undefined,
    ],
    [
      'an offer without a gateway',
      { stations: [dhcpServer({ ...GATEWAY, offers: '10.0.0.50' })] },
      'active',
      'ok',
      undefined,
    ],
    ['nobody', {}, 'inactive', 'dhcp-silent', undefined],
    [
      'a server that is not the one meant',
      { plan: { servers: ['10.0.0.2'] }, stations: [server(), gateway()] },
      'inactive',
      'dhcp-silent',
      undefined,
    ],
    [
      'an offer too late',
      { plan: { offerWaitMs: 3000 }, stations: [server({ offerAfterMs: 4000 })] },
      'inactive',
      'dhcp-silent',
      undefined,
    ],
    [
      'a server at the uplink only',
      { plan: { uplinks: BO }, stations: [server({ hears: 'uplink', answersIn: 7 })] },
      'inactive',
      'dhcp-silent',
      'node',
    ],
    ['nobody at the uplink either', { plan: { uplinks: BO } }, 'inactive', 'dhcp-silent', 'network'],
    ['an uplink without the VLAN', { plan: { uplinks: BO }, bridge: bo('not') }, 'inactive', 'vlan-missing', 'node'],
    [
      'answers in another VLAN',
      { plan: { uplinks: BO }, stations: [server({ hears: 'uplink', answersIn: 8 })], bridge: bo('tagged') },
      'inactive',
      'vlan-missing',
      'network',
    ],
    [
      'an uplink without a link',
      { plan: { uplinks: BO }, bridge: bo('tagged', false) },
      'inactive',
      'no-carrier',
      'node',
    ],
    ['a bridge without a link', { bridge: { carrier: false } }, 'inactive', 'no-carrier', 'node'],
    ['a refusal', { stations: [server({ onRequest: 'nak' }), gateway()] }, 'inactive', 'dhcp-nak', undefined],
    [
      'no acknowledgement',
      { stations: [server({ onRequest: 'silence' }), gateway()] },
      'inactive',
      'dhcp-silent',
      'network',
    ],
    ['a silent gateway', { stations: [server()] }, 'inactive', 'arp-silent', undefined],
    ['a silent gateway, given by hand', { plan: MANUAL }, 'inactive', 'arp-silent', undefined],
    [
      'a gateway at the uplink only',
      { plan: { ...MANUAL, uplinks: BO }, stations: [gateway({ hears: 'uplink' })] },
      'inactive',
      'arp-silent',
      'node',
    ],
    [
      'a gateway without pings',
      { stations: [server(), gateway({ answers: () => false })] },
      'inactive',
      'icmp-lost',
      undefined,
    ],
    [
      'one ping of five lost',
      { stations: [server(), gateway({ answers: (n) => n !== 3 })] },
      'active',
      'ok',
      undefined,
    ],
    [
      'two pings of five lost',
      { stations: [server(), gateway({ answers: (n) => n > 2 })] },
      'inactive',
      'loss',
      undefined,
    ],
    [
      'no free address',
      {
        plan: { cidr: '10.0.0.0/31', gateway: '10.0.0.1' },
        stations: [gateway(), host({ mac: '02:00:00:00:00:09', address: '10.0.0.0' })],
      },
      'unknown',
      'failed',
      undefined,
    ],
    [
      'a refusal, with an address at hand',
      { plan: MANUAL, stations: [server({ onRequest: 'nak' }), gateway()] },
      'active',
      'ok',
      undefined,
    ],
  ])('%s', (_, one, state, reason, side) => {
    const { outcome } = run(one);
    expect(outcome).toMatchObject({ state, reason });
    expect(outcome.side).toBe(side);
  });

  it('is inactive above a loss of a fifth, and not before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(20), (count, some) => {
        const lost = Math.min(some, count);
        const { facts, outcome } = run({
          plan: { count },
          stations: [server(), gateway({ answers: (n) => n > lost })],
        });
        expect(lossOf(facts)).toBeCloseTo((lost / count) * 100);
        expect(outcome.state).toBe(5 * lost > count ? 'inactive' : 'active');
      }),
      { numRuns: 60 },
    );
  });

  it('comes within a second and a half of the first offer', () => {
    for (const offerAfterMs of [1, 900, 2400, 9000]) {
      const { endedAt, facts } = run({ stations: [server({ offerAfterMs }), gateway()] });
      expect(endedAt - (facts.offers[0]?.afterMs ?? 0)).toBeLessThanOrEqual(1500);
    }
  });
});

describe('probes that begin together', () => {
  it('ask a silent server again at times of their own', () => {
    const times = Array.from({ length: 200 }, (_, n) => {
      const random = (below: number) => Math.floor((((n + 1) * 0.618_033_988_75) % 1) * below);
      const { sent } = run({ plan: { random, offerWaitMs: 30_000 } });
      return sent.flatMap(({ at, packet }) => (packet.kind === 'dhcp' ? [at] : []));
    });
    for (const nth of [1, 2, 3]) {
      const at = times.map((one) => one[nth] ?? 0);
      expect(Math.max(...at) - Math.min(...at)).toBeGreaterThan(1500);
      expect(Math.max(...at) - Math.min(...at)).toBeLessThanOrEqual(2000);
    }
    for (const one of times) expect(one).toEqual([...one].sort((a, b) => a - b));
  });
});
