import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leadsNowhere } from './outcome.ts';
import { tagged } from './packet.ts';
import { type HostOptions, host, type Ran, type SimulatedStation } from './simulated-network.ts';
import { BO, GATEWAY, gateway, MAC, MANUAL, run, server, UPLINK } from './simulated-probe.ts';
import { arpQuestion } from './station.ts';

describe('a station', () => {
  const asks = (target: string): SimulatedStation => {
    let done = false;
    return (packet) => {
      if (done || packet.kind !== 'echo') return [];
      done = true;
      return [{ afterMs: 1, frame: arpQuestion('02:00:00:00:00:05', '10.0.0.5', target) }];
    };
  };
  const answers = (ran: Ran) => ran.sent.filter(({ packet }) => packet.kind === 'arp' && packet.arp.operation === 2);

  it('answers for its address while it has one, and for no other', () => {
    const ran = run({ stations: [server(), gateway(), asks('10.0.0.50'), asks('10.0.0.51')] });
    expect(answers(ran).map(({ packet }) => packet)).toMatchObject([
      { destinationMac: '02:00:00:00:00:05', arp: { senderAddress: '10.0.0.50', senderMac: MAC } },
    ]);
  });

  it('asks for the gateway, and whether an address is free, without naming one of its own', () => {
    const { sent } = run({ plan: MANUAL, stations: [gateway()] });
    const senders = sent.flatMap(({ packet }) => (packet.kind === 'arp' ? [packet.arp.senderAddress] : []));
    expect(new Set(senders)).toEqual(new Set(['0.0.0.0']));
  });

  it('pings from no address of which somebody spoke', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), (free) => {
        const others = [2, 3, 4, 5, 6]
          .filter((last) => last !== free)
          .map((last) => host({ mac: `02:00:00:00:01:0${last}`, address: `10.0.0.${last}` }));
        const { facts } = run({ plan: { cidr: '10.0.0.0/29', gateway: '10.0.0.1' }, stations: [gateway(), ...others] });
        if (facts.address) expect(facts.address.ip).toBe(`10.0.0.${free}`);
      }),
    );
  });
});

describe('the uplink', () => {
  it('is asked with the tag, after the station was not answered', () => {
    const { sent } = run({ plan: { uplinks: BO, offerWaitMs: 1000 } });
    const there = sent.filter(({ place }) => place.at === 'uplink');
    expect(there[0]).toMatchObject({ at: 1000, place: UPLINK, packet: { kind: 'dhcp', vlan: 7 } });
  });

  it('that takes the tag off is asked, and listened to, without one', () => {
    const uplinks = [{ name: 'bo', vlan: 0 }];
    const { sent, facts } = run({
      plan: { uplinks, offerWaitMs: 1000 },
      stations: [server({ hears: 'uplink', answersIn: 0 })],
    });
    expect(sent.find(({ place }) => place.at === 'uplink')?.packet.vlan).toBe(0);
    expect(facts.uplink).toMatchObject({ answered: true, strays: [] });
  });

  it('tells where a ping was lost: only where the gateway is beyond it', () => {
    const seen = (kinds: readonly ('out arp' | 'in arp' | 'out echo' | 'in echo')[]): SimulatedStation => {
      return (packet, place, frame) => {
        if (place.at !== 'station' || packet.kind === 'dhcp') return [];
        const reply = { afterMs: 0, place: UPLINK };
        const answers = gateway()(packet, place, frame);
        const back = answers.map((one) => ({ ...reply, frame: tagged(one.frame, 7), outgoing: false }));
        const out = [{ ...reply, frame: tagged(frame, 7), outgoing: true }];
        return [
          ...(kinds.includes(`out ${packet.kind}`) ? out : []),
          ...(kinds.includes(`in ${packet.kind}`) ? back : []),
        ];
      };
    };
    const side = (kinds: Parameters<typeof seen>[0]) =>
      run({ plan: { uplinks: BO }, stations: [server(), gateway({ answers: () => false }), seen(kinds)] }).outcome.side;
    expect(side(['out arp', 'in arp', 'out echo'])).toBe('network');
    expect(side(['out arp', 'in arp'])).toBe('node');
    expect(side(['out arp', 'in arp', 'out echo', 'in echo'])).toBe('node');
    expect(side(['out arp'])).toBeUndefined();
  });
});

describe('a host beyond the gateway', () => {
  /** Answers echo requests that its gateway is sent. */
  const far = (change: Partial<HostOptions> = {}) => host({ mac: GATEWAY.mac, address: '192.0.2.1', ...change });

  it('is pinged through it, after it', () => {
    const { facts, sent, outcome } = run({ plan: { beyond: '192.0.2.1' }, stations: [server(), gateway(), far()] });
    expect(outcome).toMatchObject({ state: 'active', reason: 'ok' });
    expect(facts.beyond).toMatchObject({ address: '192.0.2.1', sent: 5, answered: 5 });
    expect(leadsNowhere(facts)).toBe(false);
    const pinged = sent.flatMap(({ packet }) => (packet.kind === 'echo' ? [packet.destination] : []));
    expect(pinged).toEqual([...Array<string>(5).fill('10.0.0.1'), ...Array<string>(5).fill('192.0.2.1')]);
  });

  it('that is silent, or answers too seldom, says that the gateway leads nowhere; the network is connected', () => {
    for (const answers of [() => false, (nth: number) => nth > 2]) {
      const { facts, outcome } = run({
        plan: { beyond: '192.0.2.1' },
        stations: [server(), gateway(), far({ answers })],
      });
      expect(outcome).toMatchObject({ state: 'active', reason: 'ok' });
      expect(leadsNowhere(facts)).toBe(true);
    }
  });

  it('is not asked where the gateway itself is silent', () => {
    const stations = [server(), gateway({ answers: () => false }), far()];
    const { facts, outcome } = run({ plan: { beyond: '192.0.2.1' }, stations });
    expect(outcome).toMatchObject({ reason: 'icmp-lost' });
    expect(facts.beyond).toBeUndefined();
  });
});
