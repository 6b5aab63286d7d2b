import { describe, expect, it } from 'vitest';
import { DHCP_TYPE, OPTION, typeOf } from './dhcp-message.ts';
import { probeMachine } from './machine.ts';
import { rogues } from './outcome.ts';
import { decode, tagged } from './packet.ts';
import {
  type DhcpServerOptions,
  dhcpServer,
  host,
  type SimulatedStation,
  serverFrame,
  serverMessage,
  simulate,
} from './simulated-network.ts';
import { GATEWAY, gateway, MAC, MANUAL, plan, run, SERVER, server, types } from './simulated-probe.ts';

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
