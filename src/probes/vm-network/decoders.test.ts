import { describe, expect, it } from 'vitest';
import { buildArp, buildEthernet, ETHER_TYPE } from '../frames.ts';
import { checksum, viewOf } from '../octets.ts';
import { DHCP_TYPE, gatewayOf, OPTION, textOption } from './dhcp-message.ts';
import { wordsOf } from './frame-log.ts';
import { probeMachine } from './machine.ts';
import { mutated, seeded } from './mutation.ts';
import { decode, type Packet, tagged } from './packet.ts';
import { serverFrame, serverMessage } from './simulated-network.ts';
import { arpQuestion, dhcpFrame, echoFrame } from './station.ts';

const MAC = 'fe:ff:ff:00:00:01';
const SERVER = { mac: '02:00:00:00:00:01', address: '10.0.0.1', offers: '10.0.0.50', gateway: '10.0.0.1' };
/** A million are run by `HAYWARD_MUTATIONS=1000000`; a failure names its seed. */
const MUTATIONS = Number(process.env['HAYWARD_MUTATIONS'] ?? 100_000);
const SEED = Number(process.env['HAYWARD_SEED'] ?? 7);

const seen = (bytes: Uint8Array) => ({ bytes, outgoing: false, checksumReady: true });

/** A probe that has asked, and the frames that would be right answers to it. */
function asked() {
  const machine = probeMachine({
    mac: MAC,
    servers: [],
    count: 5,
    offerWaitMs: 10_000,
    uplinks: [],
    random: seeded(1),
  });
  const [sending] = machine.start(0);
  const packet = decode(seen(sending!.frame));
  if (packet?.kind !== 'dhcp') throw new Error('a probe begins with DISCOVER');
  const { message } = packet;
  const offer = serverMessage(message, DHCP_TYPE.offer, SERVER);
  const long = new Map([
    ...offer.options,
    [OPTION.text, new Uint8Array(400).fill(97)],
    [121, Uint8Array.of(0, 10, 0, 0, 9)],
  ]);
  const arp = buildArp({
    operation: 2,
    senderMac: SERVER.mac,
    senderAddress: SERVER.address,
    targetMac: MAC,
    targetAddress: '0.0.0.0',
  });
  const way = { sourceMac: SERVER.mac, destinationMac: MAC, source: '10.0.0.1', destination: '10.0.0.50' };
  const frames = [
    serverFrame(offer, SERVER),
    serverFrame({ ...offer, options: long }, SERVER),
    serverFrame(serverMessage(message, DHCP_TYPE.ack, SERVER), SERVER),
    dhcpFrame(message),
    arpQuestion(SERVER.mac, '10.0.0.1', '10.0.0.50'),
    buildEthernet({ destination: MAC, source: SERVER.mac, etherType: ETHER_TYPE.arp, payload: arp }),
    echoFrame(way, 1, 1),
  ];
  return { machine, frames, transaction: message.transaction };
}

/**
 * What a right answer has, read from the bytes themselves in the plainest way, and not by the decoders: whatever is accepted
 * must have it.
 */
function isSound(bytes: Uint8Array, packet: Packet): boolean {
  const bare =
    bytes[12] === 0x81 && bytes[13] === 0 ? Uint8Array.from([...bytes.subarray(0, 12), ...bytes.subarray(16)]) : bytes;
  const view = viewOf(bare);
  const type = view.getUint16(12);
  if (packet.kind === 'arp') {
    return type === 0x0806 && bare.length >= 42 && bare.subarray(14, 20).join() === '0,1,8,0,6,4';
  }
  const header = (bare[14]! & 15) * 4;
  const total = view.getUint16(16);
  if (type !== 0x0800 || bare[14]! >> 4 !== 4 || header < 20 || 14 + total > bare.length) return false;
  if ((view.getUint16(20) & 0x1fff) !== 0 || checksum(bare.subarray(14, 14 + header)) !== 0) return false;
  const body = bare.subarray(14 + header, 14 + total);
  if (packet.kind === 'echo')
    return bare[23] === 1 && (body[0] === 0 || body[0] === 8) && body[1] === 0 && checksum(body) === 0;
  const udp = viewOf(body);
  const message = body.subarray(8, udp.getUint16(4));
  const ports = [udp.getUint16(0), udp.getUint16(2)];
  return (
    bare[23] === 17 &&
    ports.every((port) => port === 67 || port === 68) &&
    udp.getUint16(4) <= body.length &&
    message.length >= 240 &&
    message.subarray(236, 240).join() === '99,130,83,99' &&
    optionsFit(message)
  );
}

/** Whether no option of the options field is longer than the field. */
function optionsFit(message: Uint8Array): boolean {
  let at = 240;
  while (at < message.length && message[at] !== 255) at += message[at] === 0 ? 1 : 2 + (message[at + 1] ?? 1000);
  return at <= message.length;
}

describe('damaged frames', () => {
  it(`${MUTATIONS} of them: no crash, no hang, nothing wrong accepted`, () => {
    const random = seeded(SEED);
    const { machine, frames, transaction } = asked();
    const accepted = { arp: 0, dhcp: 0, echo: 0 };
    for (let n = 0; n < MUTATIONS; n += 1) {
      const bytes = mutated(frames[n % frames.length]!, random);
      const packet = decode(seen(bytes));
      if (!packet) continue;
      accepted[packet.kind] += 1;
      if (!isSound(bytes, packet)) throw new Error(`seed ${SEED}, frame ${n}: ${Buffer.from(bytes).toString('hex')}`);
      // What is made of a packet must bear whatever passed.
      wordsOf(packet);
      if (packet.kind === 'dhcp') void [gatewayOf(packet.message), textOption(packet.message)];
    }
    // Some must get through, or nothing behind the first check was tried.
    expect(Math.min(...Object.values(accepted))).toBeGreaterThan(MUTATIONS / 1000);
    expect(machine.facts().offers).toEqual([]);
    expect(transaction).toBeGreaterThan(0);
  });

  it('make no probe believe what is not so: only offers of its own transaction, to its own address', () => {
    const random = seeded(SEED + 1);
    const { machine, frames, transaction } = asked();
    for (let n = 0; n < MUTATIONS / 10 && !machine.over; n += 1) {
      const bytes = mutated(frames[n % frames.length]!, random);
      const packet = decode(seen(bytes));
      const before = machine.facts().offers.length;
      machine.hear(1 + n / 1000, { at: 'station' }, seen(bytes));
      if (machine.facts().offers.length === before) continue;
      expect(packet).toMatchObject({ vlan: 0, message: { operation: 2, transaction, clientMac: MAC } });
    }
    expect(machine.facts().frames.length).toBeLessThanOrEqual(400);
  });
});

describe('a tag', () => {
  const frame = arpQuestion(MAC, '0.0.0.0', '10.0.0.1');
  it.each([
    ['beside the frame', { ...seen(frame), tag: { protocol: 0x8100, control: 0x6007 } }, 7],
    ['among its bytes', seen(tagged(frame, 7)), 7],
    ['of a service provider', { ...seen(frame), tag: { protocol: 0x88a8, control: 7 } }, 7],
    ['that gives only a priority', { ...seen(frame), tag: { protocol: 0x8100, control: 0x6000 } }, 0],
    ['that is not there', seen(frame), 0],
  ])('%s', (_, one, vlan) => {
    expect(decode(one)).toMatchObject({ kind: 'arp', vlan });
  });

  it('twice is nobody here', () => {
    expect(decode({ ...seen(tagged(frame, 7)), tag: { protocol: 0x8100, control: 8 } })).toBeUndefined();
    expect(decode(seen(tagged(tagged(frame, 7), 8)))).toBeUndefined();
  });
});

describe('a checksum', () => {
  const { frames } = asked();
  const broken = Uint8Array.from(frames[0]!);
  viewOf(broken).setUint16(14 + 20 + 6, 0x1234);

  it('that is wrong makes no packet, unless hardware was to fill it in', () => {
    expect(decode(seen(broken))).toBeUndefined();
    expect(decode({ ...seen(broken), checksumReady: false })?.kind).toBe('dhcp');
  });
});
