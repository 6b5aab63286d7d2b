import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ETHER_TYPE, parseEthernet, parseIpv4 } from './frames.ts';
import { type IpKind, ipFrame } from './ip-frames.ts';
import { addressNumber, addressText } from './octets.ts';
import { randomBlock } from './test-addresses.ts';
import { parseIcmpEcho, parseTcpSyn, parseUdp } from './transport.ts';
import { kindOf, marked, newMarker, tallyEvidence } from './volley.ts';

const address = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => bytes.join('.'));
const journey = fc.record({
  sourceMac: fc.constant('fe:ff:ff:00:00:01'),
  destinationMac: fc.constant('fe:ff:ff:00:00:02'),
  source: address,
  destination: address,
});

describe('a frame of a probe', () => {
  it('is a whole, right packet of its protocol and carries its mark', () => {
    const marker = newMarker();
    const kind = fc.constantFrom<IpKind>('icmp', 'udp', 'tcp');
    fc.assert(
      fc.property(journey, kind, fc.nat(255), (way, protocol, number) => {
        const frame = ipFrame(protocol, way, marked(marker, number));
        const ethernet = parseEthernet(frame);
        expect(ethernet).toMatchObject({ etherType: ETHER_TYPE.ipv4, destination: way.destinationMac });
        const packet = parseIpv4(ethernet!.payload)!;
        expect(packet).toMatchObject({ source: way.source, destination: way.destination });
        const parsers = { icmp: parseIcmpEcho, udp: parseUdp, tcp: parseTcpSyn };
        expect(parsers[protocol](packet.payload, way)?.payload).toEqual(marked(marker, number));
        expect(kindOf(marker, frame)).toBe(number);
      }),
    );
  });

  it('is never taken from another probe, nor from arbitrary bytes', () => {
    const [ours, theirs] = [newMarker(), newMarker()];
    expect(kindOf(ours, marked(theirs, 1))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(kindOf(ours, bytes)).toBeUndefined();
      }),
    );
    expect(kindOf(ours, ours.bytes)).toBeUndefined();
  });
});

describe('addresses', () => {
  it('are numbers and back', () => {
    fc.assert(
      fc.property(address, (text) => {
        expect(addressText(addressNumber(text))).toBe(text);
      }),
    );
    expect(() => addressNumber('198.19.0.256')).toThrow('not an IPv4 address');
  });

  it('of a test block lie in 198.19.0.0/16, four by four', () => {
    for (let n = 0; n < 1000; n += 1) {
      const block = randomBlock();
      expect(block % 4).toBe(0);
      for (const place of [0, 3]) expect(addressText(block + place)).toMatch(/^198\.19\./);
    }
  });
});

it('a tally reads as evidence', () => {
  const tally = { sent: 3, arrived: 1, rewrittenSource: '10.9.9.9' };
  expect(tallyEvidence('br0: UDP', tally)).toEqual({
    source: 'br0: UDP',
    value: 'sent 3, arrived 1, source rewritten to 10.9.9.9',
  });
});
