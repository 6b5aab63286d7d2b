import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DHCP_TYPE, OPTION, typeOf } from './dhcp-message.ts';
import { type Place, type ProbePlan, probeMachine } from './machine.ts';
import { type BridgeFacts, judge, leadsNowhere, lossOf, rogues } from './outcome.ts';
import { decode, tagged } from './packet.ts';
import {
  type DhcpServerOptions,
  dhcpServer,
  type HostOptions,
  host,
  type Ran,
  type SimulatedStation,
  serverFrame,
  serverMessage,
  simulate,
} from './simulated-network.ts';
import { arpQuestion } from './station.ts';

const MAC = 'fe:ff:ff:00:00:01';
const GATEWAY = { mac: '02:00:00:00:00:01', address: '10.0.0.1' };
const SERVER: DhcpServerOptions = { ...GATEWAY, offers: '10.0.0.50', gateway: '10.0.0.1' };
const BRIDGE: BridgeFacts = { name: 'br0', up: true, ports: 2, carrier: true, filtering: true, uplinks: [] };
const BO = [{ name: 'bo', vlan: 7 }];
const UPLINK: Place = { at: 'uplink', name: 'bo' };

/** Numbers that look random and are the same every time. */
function sequence(): (below: number) => number {
  let state = 12345;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

function plan(change: Partial<ProbePlan> = {}): ProbePlan {
  const base = { mac: MAC, servers: [], count: 5, offerWaitMs: 10_000, uplinks: [], random: sequence() };
  return { ...base, ...change };
}

const MANUAL = { cidr: '10.0.0.0/24', gateway: '10.0.0.1' };

interface Case {
  readonly plan?: Partial<ProbePlan>;
  readonly stations?: readonly SimulatedStation[];
  readonly bridge?: Partial<BridgeFacts>;
}

function run({ plan: change = {}, stations = [], bridge = {} }: Case): Ran & { outcome: ReturnType<typeof judge> } {
  const ran = simulate(probeMachine(plan(change)), stations);
  return { ...ran, outcome: judge(ran.facts, { ...BRIDGE, ...bridge }) };
}

const server = (change: Partial<DhcpServerOptions> = {}) => dhcpServer({ ...SERVER, ...change });
const gateway = (change: Partial<HostOptions> = {}) => host({ ...GATEWAY, ...change });
const types = ({ sent }: Ran) => sent.flatMap(({ packet }) => (packet.kind === 'dhcp' ? [typeOf(packet.message)] : []));

const bo = (carries: 'tagged' | 'not', carrier = true) => ({ uplinks: [{ name: 'bo', carrier, carries }] });

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

describe('a lease', () => {
  it('is asked for short, and given back to its server', () => {
    const ran = run({ stations: [server(), gateway()] });
    expect(types(ran)).toEqual([DHCP_TYPE.discover, DHCP_TYPE.request, DHCP_TYPE.release]);
    const [, request, release] = ran.sent.flatMap(({ packet }) => (packet.kind === 'dhcp' ? [packet] : []));
    expect(request?.message.options.get(OPTION.leaseSeconds)).toEqual(Uint8Array.of(0, 0, 0, 120));
    expect(release).toMatchObject({
      destinationMac: GATEWAY.mac,
      source: '10.0.0.50',
      destination: '10.0.0.1',
      message: { clientAddress: '10.0.0.50', clientMac: MAC },
    });
  });

  it('from beyond a relay is given back by way of the gateway', () => {
    const relayed = server({ address: '172.16.0.9', mac: '02:00:00:00:00:99', relay: '10.0.0.1' });
    const { sent, facts } = run({ stations: [relayed, gateway()] });
    expect(facts.offers).toMatchObject([{ server: '172.16.0.9', relay: '10.0.0.1' }]);
    expect(sent.at(-1)?.packet).toMatchObject({ kind: 'dhcp', destinationMac: GATEWAY.mac, destination: '172.16.0.9' });
  });

  it('is given back at any moment it is stopped', () => {
    // Also while the acknowledgement is under way: nobody would tell the server afterwards.
    for (let until = 0; until < 1600; until += until < 20 ? 1 : 50) {
      const ran = simulate(probeMachine(plan()), [server(), gateway()], { until });
      const [requested, released] = [types(ran).includes(DHCP_TYPE.request), types(ran).includes(DHCP_TYPE.release)];
      expect(released, `stopped at ${until} ms`).toBe(requested);
    }
  });

  it('of an address that somebody has is given back, and another one is taken', () => {
    const squatter = host({ mac: '02:00:00:00:00:09', address: '10.0.0.50' });
    const ran = run({ stations: [server(), gateway(), squatter] });
    expect(ran.outcome.reason).toBe('ok');
    expect([...ran.facts.taken]).toEqual([['10.0.0.50', '02:00:00:00:00:09']]);
    expect(ran.facts.address?.leased).toBe(false);
    expect(types(ran).filter((type) => type === DHCP_TYPE.release)).toHaveLength(1);
  });

  it('that may have been given is given back, one that was refused is not', () => {
    expect(types(run({ stations: [server({ onRequest: 'silence' }), gateway()] }))).toContain(DHCP_TYPE.release);
    expect(types(run({ stations: [server({ onRequest: 'nak' }), gateway()] }))).not.toContain(DHCP_TYPE.release);
  });

  it('is not asked for where the gateway is silent', () => {
    expect(types(run({ stations: [server()] }))).not.toContain(DHCP_TYPE.request);
  });
});

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

describe('frames that are not for the probe', () => {
  const machine = probeMachine(plan());
  const [discover] = machine.start(0);
  const asked = decode({ bytes: discover!.frame, outgoing: true, checksumReady: true });
  if (asked?.kind !== 'dhcp') throw new Error('a probe begins with DISCOVER');
  const offer = serverMessage(asked.message, DHCP_TYPE.offer, SERVER);
  const without = (code: number) => ({
    ...offer,
    options: new Map([...offer.options].filter(([own]) => own !== code)),
  });

  it.each([
    ['another transaction', serverFrame({ ...offer, transaction: offer.transaction ^ 1 }, SERVER)],
    ['another client', serverFrame({ ...offer, clientMac: 'fe:ff:ff:00:00:02' }, SERVER)],
    ['a client speaking', serverFrame({ ...offer, operation: 1 }, SERVER)],
    ['no server', serverFrame(without(OPTION.server), SERVER)],
    ['no type', serverFrame(without(OPTION.messageType), SERVER)],
    ['no address', serverFrame({ ...offer, yourAddress: '0.0.0.0' }, SERVER)],
    ['a tag', tagged(serverFrame(offer, SERVER), 7)],
    ['an acknowledgement before any request', serverFrame(serverMessage(asked.message, DHCP_TYPE.ack, SERVER), SERVER)],
    ['a refusal before any request', serverFrame(serverMessage(asked.message, DHCP_TYPE.nak, SERVER), SERVER)],
  ])('%s', (_, frame) => {
    expect(machine.hear(1, { at: 'station' }, { bytes: frame, outgoing: false, checksumReady: true })).toEqual([]);
    expect(machine.facts()).toMatchObject({ offers: [], refusal: undefined, meddlers: [] });
  });

  it('and this one is', () => {
    machine.hear(1, { at: 'station' }, { bytes: serverFrame(offer, SERVER), outgoing: false, checksumReady: true });
    expect(machine.facts().offers).toHaveLength(1);
  });
});

describe('servers', () => {
  const other: DhcpServerOptions = {
    mac: '02:00:00:00:00:66',
    address: '10.66.0.1',
    offers: '10.66.0.9',
    gateway: '10.66.0.1',
    offerAfterMs: 400,
  };

  it('that answer each DISCOVER are one; others are told apart', () => {
    const { facts } = run({
      stations: [server({ offerAfterMs: 3000 }), dhcpServer({ ...other, offerAfterMs: 3000 }), gateway()],
    });
    expect(facts.offers.map(({ server: address }) => address)).toEqual(['10.0.0.1', '10.66.0.1']);
  });

  it.each([
    ['of which nothing is known', {}, { strangers: 0, wrong: 2 }],
    ['of which one is meant', { servers: ['10.0.0.1'] }, { strangers: 1, wrong: 0 }],
    ['where the network is given', MANUAL, { strangers: 0, wrong: 1 }],
  ] as const)('that contradict each other, %s', (_, given, expected) => {
    const { facts } = run({ plan: given, stations: [server(), dhcpServer(other), gateway()] });
    const found = rogues(facts, 'servers' in given ? given.servers : [], given as { cidr?: string; gateway?: string });
    expect({ strangers: found.strangers.length, wrong: found.wrong.length }).toEqual(expected);
  });

  it('that say the same are no rogues', () => {
    const twin = dhcpServer({ ...SERVER, mac: '02:00:00:00:00:02', address: '10.0.0.2', offers: '10.0.0.60' });
    const { facts } = run({ stations: [server(), twin, gateway()] });
    expect(facts.offers).toHaveLength(2);
    expect(rogues(facts, [], {})).toEqual({ strangers: [], wrong: [], meddlers: [] });
  });

  it('that refuse what others gave are noted, and the acknowledgement counts', () => {
    const meddler: SimulatedStation = (packet) => {
      if (packet.kind !== 'dhcp' || typeOf(packet.message) !== DHCP_TYPE.request) return [];
      return [{ afterMs: 1, frame: serverFrame(serverMessage(packet.message, DHCP_TYPE.nak, other), other) }];
    };
    const { facts, outcome } = run({ stations: [server(), meddler, gateway()] });
    expect(outcome.reason).toBe('ok');
    expect(facts.meddlers).toMatchObject([{ server: '10.66.0.1' }]);
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
