import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askLink, askLinks, askSwitch, errnoIn, eventOf, linkIn, messagesIn } from './netlink-messages.ts';

/** What any bytes are taken for, as drain does it. */
function decoded(bytes: Uint8Array): readonly unknown[] | undefined {
  return messagesIn(bytes)?.map((message) => [eventOf(message), linkIn(message.body), errnoIn(message.body)]);
}

/** A datagram like the kernel's: a bridge with both switches, and then one that is only named. */
const datagram = Buffer.concat([
  askSwitch('br0', { name: 'nf_call_iptables', value: '1' }, 7),
  askSwitch('a-long-name-0', { name: 'nf_call_ip6tables', value: '0' }, 8),
]);

describe('netlink messages', () => {
  it('are read as they are written', () => {
    const messages = messagesIn(datagram) ?? [];
    expect(messages.map(({ type, sequence }) => ({ type, sequence }))).toEqual([
      { type: 16, sequence: 7 },
      { type: 16, sequence: 8 },
    ]);
    expect(messages.map((message) => eventOf(message))).toEqual([
      { type: 'link', link: { index: 0, name: 'br0', kind: 'bridge', master: 0, up: false, bridge: null } },
      { type: 'link', link: { index: 0, name: 'a-long-name-0', kind: 'bridge', master: 0, up: false, bridge: null } },
    ]);
    expect(messagesIn(askLinks(1))).toHaveLength(1);
    expect(linkIn(messagesIn(askLink('eth0', 1))?.[0]?.body ?? new Uint8Array())).toMatchObject({ name: 'eth0' });
  });

  it('that a bridge says of its ports are left out', () => {
    const [message] = messagesIn(datagram) ?? [];
    const body = Uint8Array.from(message?.body ?? []);
    body[0] = 7;
    for (const type of [16, 17]) expect(eventOf({ type, flags: 0, sequence: 0, body })).toBeUndefined();
  });

  it('that are cut short mean that something was missed', () => {
    for (const type of [2, 4, 16, 17, 20, 21])
      expect(eventOf({ type, flags: 0, sequence: 0, body: new Uint8Array(3) })).toEqual({ type: 'overflow' });
    expect(messagesIn(datagram.subarray(0, datagram.length - 1))).toBeUndefined();
    expect(messagesIn(datagram.subarray(0, 10))).toBeUndefined();
  });

  it('never crash or hang the reader, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void decoded(bytes)),
      { numRuns: 5_000 },
    );
  });

  it('never do so when a real one is damaged', () => {
    const damage = fc.array(fc.tuple(fc.nat(datagram.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(damage, fc.nat(datagram.length), (changes, length) => {
        const bytes = Uint8Array.from(datagram);
        for (const [at, value] of changes) bytes[at] = value;
        for (const message of messagesIn(bytes) ?? messagesIn(bytes.subarray(0, length)) ?? []) {
          const event = eventOf(message);
          if (event?.type === 'link') expect(event.link.name.length).toBeLessThanOrEqual(datagram.length);
        }
        decoded(bytes.subarray(0, length));
      }),
      { numRuns: 5_000 },
    );
  });

  it('may lie anywhere in a larger buffer', () => {
    const larger = new Uint8Array(datagram.length + 64).fill(0xff);
    larger.set(datagram, 13);
    expect(decoded(larger.subarray(13, 13 + datagram.length))).toEqual(decoded(datagram));
  });
});
