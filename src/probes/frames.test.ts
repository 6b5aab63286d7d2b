import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildArp, buildEthernet, buildIpv4, parseArp, parseEthernet, parseIpv4 } from './frames.ts';
import { checksum, macBytes, macText } from './octets.ts';
import { buildIcmpEcho, buildTcpSyn, buildUdp, parseIcmpEcho, parseTcpSyn, parseUdp } from './transport.ts';

const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macText);
const address = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => bytes.join('.'));
const addresses = fc.record({ source: address, destination: address });
const word = fc.integer({ min: 0, max: 0xffff });
const byte = fc.integer({ min: 0, max: 0xff });
const payload = fc.uint8Array({ maxLength: 200 });
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

describe('what is built reads back as it was', () => {
  it('Ethernet, padded to 60 bytes', () => {
    fc.assert(
      fc.property(fc.record({ destination: mac, source: mac, etherType: word, payload }), (frame) => {
        const built = buildEthernet(frame);
        const parsed = parseEthernet(built);
        expect(built.length).toBe(Math.max(60, 14 + frame.payload.length));
        expect(parsed).toEqual({ ...frame, payload: built.subarray(14) });
        expect(parsed?.payload.subarray(0, frame.payload.length)).toEqual(frame.payload);
      }),
    );
  });

  it('ARP', () => {
    fc.assert(
      fc.property(
        fc.record({ operation: word, senderMac: mac, senderAddress: address, targetMac: mac, targetAddress: address }),
        (arp) => {
          expect(parseArp(buildArp(arp))).toEqual(arp);
        },
      ),
    );
  });

  it('IPv4, also with padding behind it', () => {
    fc.assert(
      fc.property(
        fc.record({ source: address, destination: address, protocol: byte, timeToLive: byte, payload }),
        payload,
        (packet, padding) => {
          expect(parseIpv4(Uint8Array.from([...buildIpv4(packet), ...padding]))).toEqual(packet);
        },
      ),
    );
  });

  it('ICMP echo, UDP and TCP SYN', () => {
    const kind = fc.constantFrom('request' as const, 'reply' as const);
    fc.assert(
      fc.property(fc.record({ kind, identifier: word, sequence: word, payload }), (echo) => {
        expect(parseIcmpEcho(buildIcmpEcho(echo))).toEqual(echo);
      }),
    );
    fc.assert(
      fc.property(fc.record({ sourcePort: word, destinationPort: word, payload }), addresses, (udp, ends) => {
        expect(parseUdp(buildUdp(udp, ends), ends)).toEqual(udp);
      }),
    );
    const sequence = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.record({ sourcePort: word, destinationPort: word, sequence, payload }), addresses, (syn, ends) => {
        expect(parseTcpSyn(buildTcpSyn(syn, ends), ends)).toEqual(syn);
      }),
    );
  });
});

describe('checksums', () => {
  // The IPv4 header of RFC 1071's usual worked example; its checksum is b861.
  const header = '4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7';

  it('give the published value', () => {
    expect(checksum(bytesOf(header)).toString(16)).toBe('b861');
    expect(checksum(bytesOf(header.replace('4011 0000', '4011 b861')))).toBe(0);
  });

  it('notice any single changed byte of a packet', () => {
    const ends = { source: '198.19.0.1', destination: '198.19.0.2' };
    const udp = buildUdp({ sourcePort: 4000, destinationPort: 53, payload: Buffer.from('hayward') }, ends);
    fc.assert(
      fc.property(fc.nat(udp.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        // Bytes 6 and 7 both 0 would say "no checksum", which one flip cannot make of this packet.
        const changed = Uint8Array.from(udp);
        changed[at] = (changed[at] ?? 0) ^ flip;
        expect(parseUdp(changed, ends)).toBeUndefined();
      }),
    );
  });

  it('take the addresses into account', () => {
    const ends = { source: '198.19.0.1', destination: '198.19.0.2' };
    const syn = buildTcpSyn({ sourcePort: 4000, destinationPort: 80, sequence: 7, payload: new Uint8Array() }, ends);
    expect(parseTcpSyn(syn, { ...ends, source: '198.19.0.3' })).toBeUndefined();
  });
});

it('arbitrary bytes never throw', () => {
  const ends = { source: '198.19.0.1', destination: '198.19.0.2' };
  const parsers = [
    parseEthernet,
    parseArp,
    parseIpv4,
    parseIcmpEcho,
    (bytes: Uint8Array) => parseUdp(bytes, ends),
    (bytes: Uint8Array) => parseTcpSyn(bytes, ends),
  ];
  // The second kind of input gets past the first looks: a right start, then anything.
  const likely = fc
    .tuple(fc.constantFrom('45', '46', '4f', '0800', '0001080006040001', '000000000000000000000000f002'), payload)
    .map(([start, rest]) => Uint8Array.from([...bytesOf(start), ...rest]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), likely), (bytes) => {
      for (const parse of parsers) expect(() => parse(bytes)).not.toThrow();
    }),
  );
});

it('refuses addresses that are none', () => {
  expect(() => macBytes('02:00:00:00:00')).toThrow('not a MAC address');
  const arp = { operation: 1, senderMac: '02:00:00:00:00:01', targetMac: '02:00:00:00:00:02' };
  for (const senderAddress of ['1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '::1'])
    expect(() => buildArp({ ...arp, senderAddress, targetAddress: '198.19.0.1' })).toThrow('not an IPv4 address');
});
