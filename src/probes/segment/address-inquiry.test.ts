import { describe, expect, it } from 'vitest';
import { parseEthernet } from '../frames.ts';
import { DHCP_TYPE, type DhcpMessage, NO_ADDRESS, OPTION } from '../vm-network/dhcp-message.ts';
import { type DhcpPacket, decode, type SeenFrame } from '../vm-network/packet.ts';
import { arpAnswer, dhcpFrame } from '../vm-network/station.ts';
import { addressInquiry, type InquiryPlan } from './address-inquiry.ts';
import { segmentOf } from './segment-of.ts';

const VIP = '10.0.0.10';
const OWN = '02:00:00:00:00:01';
const STRANGER = 'fe:ff:ff:00:00:07';
const PLAN: InquiryPlan = {
  address: VIP,
  mac: OWN,
  stranger: { mac: STRANGER, transaction: 77 },
  offerWaitMs: 2000,
};

const came = (bytes: Uint8Array, more: Partial<SeenFrame> = {}): SeenFrame => ({
  bytes,
  outgoing: false,
  checksumReady: true,
  ...more,
});
const answer = (mac: string) => arpAnswer(mac, VIP, { mac: OWN, address: NO_ADDRESS });

function offer(server: string, address: string): Uint8Array {
  const message: DhcpMessage = {
    operation: 2,
    transaction: 77,
    seconds: 0,
    broadcast: true,
    clientAddress: NO_ADDRESS,
    yourAddress: address,
    serverAddress: server,
    relayAddress: NO_ADDRESS,
    clientMac: STRANGER,
    options: new Map([
      [OPTION.messageType, Uint8Array.of(DHCP_TYPE.offer)],
      [OPTION.server, Uint8Array.from(server.split('.'), Number)],
    ]),
  };
  return dhcpFrame(message, { sourceMac: '02:00:00:00:00:05', source: server });
}

/** Runs it to its end, with frames that come in at their times. */
function run(plan: InquiryPlan, coming: readonly (readonly [number, SeenFrame])[] = []) {
  const inquiry = addressInquiry(plan);
  const sent: { at: number; frame: Uint8Array }[] = inquiry.start(0).map((frame) => ({ at: 0, frame }));
  const pending = [...coming];
  let now = 0;
  while (!inquiry.over) {
    const [first] = pending;
    now = Math.min(first?.[0] ?? Number.POSITIVE_INFINITY, Math.max(now, inquiry.wakeAt));
    if (now === Number.POSITIVE_INFINITY) throw new Error('it waits for nothing');
    if (first?.[0] === now) inquiry.hear(now, pending.shift()?.[1] ?? first[1]);
    for (const frame of inquiry.tick(now)) sent.push({ at: now, frame });
  }
  return { sight: inquiry.sight(), sent, endedAt: now };
}

describe('an address asked for on a segment', () => {
  it('is asked for without an address of one’s own, and nothing but a DISCOVER that wants it is sent', () => {
    const { sent, sight } = run(PLAN);
    expect(sight).toEqual({ answering: [], offers: [] });
    const packets = sent.map(({ frame }) => decode(came(frame)));
    for (const packet of packets.filter((one) => one?.kind === 'arp')) {
      expect(packet).toMatchObject({ arp: { operation: 1, senderAddress: NO_ADDRESS, targetAddress: VIP } });
    }
    const asked = packets.filter((one): one is DhcpPacket => one?.kind === 'dhcp');
    expect(asked.length).toBeGreaterThan(0);
    for (const { message, sourceMac } of asked) {
      expect([...(message.options.get(OPTION.messageType) ?? [])]).toEqual([DHCP_TYPE.discover]);
      expect([...(message.options.get(OPTION.requestedAddress) ?? [])]).toEqual([10, 0, 0, 10]);
      // From the interface's own hardware address, which a switch knows; the answer is to reach it all the same.
      expect({ sourceMac, client: message.clientMac }).toEqual({ sourceMac: OWN, client: STRANGER });
      expect(message.broadcast).toBe(true);
    }
    for (const { frame } of sent) expect(parseEthernet(frame)?.source).toBe(OWN);
  });

  it('has all who answer, each once; not this machine’s own frames, nor another VLAN’s', () => {
    const [a, b] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b'] as const;
    const { sight, endedAt } = run({ ...PLAN, offerWaitMs: 0 }, [
      [5, came(answer(a))],
      [6, came(answer('02:00:00:00:00:0c'), { outgoing: true })],
      [7, came(answer('02:00:00:00:00:0d'), { tag: { protocol: 0x8100, control: 7 } })],
      [40, came(answer(b))],
      [60, came(answer(a))],
    ]);
    expect(sight.answering).toEqual([a, b]);
    expect(endedAt).toBeLessThan(1000);
  });

  it('waits a second for other servers after a first offer, and asks none where it is not to', () => {
    const coming = [
      [100, came(offer('10.0.0.2', VIP))],
      [900, came(offer('10.0.0.3', '10.0.0.99'))],
    ] as const;
    const { sight, endedAt } = run({ ...PLAN, offerWaitMs: 9000 }, coming);
    expect(sight.offers).toMatchObject([
      { server: '10.0.0.2', address: VIP, mac: '02:00:00:00:00:05' },
      { server: '10.0.0.3', address: '10.0.0.99' },
    ]);
    expect(endedAt).toBeLessThan(2100);
    const { stranger: _, ...noDhcp } = PLAN;
    const without = run({ ...noDhcp, offerWaitMs: 0 });
    expect(without.sight.offers).toBeUndefined();
    expect(without.sent.every(({ frame }) => decode(came(frame))?.kind === 'arp')).toBe(true);
  });
});

describe('the segment an address lies in', () => {
  const info = (cidr: string, mac: string, internal = false) => ({
    address: cidr.split('/')[0] ?? '',
    netmask: '',
    cidr,
    mac,
    internal,
    family: 'IPv4' as const,
  });
  const interfaces = {
    lo: [info('127.0.0.1/8', '00:00:00:00:00:00', true)],
    eth0: [info('10.0.0.5/8', '02:00:00:00:00:01')],
    'mgmt-br': [info('10.0.0.4/24', '02:00:00:00:00:02'), info('10.0.0.10/32', '02:00:00:00:00:02')],
  };
  it.each([
    ['10.0.0.10', 'mgmt-br'],
    ['10.7.0.1', 'eth0'],
    ['127.0.0.9', undefined],
    ['192.0.2.1', undefined],
    ['fd00::1', undefined],
  ])('%s: %s', (address, link) => {
    expect(segmentOf(address, interfaces)?.link).toBe(link);
  });
});
