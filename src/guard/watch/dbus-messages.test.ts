import { describe, expect, it } from 'vitest';
import { callBytes, messagesIn } from './dbus-messages.ts';

// Written down between this code and dbus-daemon 1.16, the reference implementation.
const CALL =
  '6c01000129000000020000008000000001016f00150000002f6f72672f667265656465736b746f702f44427573000000' +
  '020173001f0000006f72672e667265656465736b746f702e444275732e50726f70657274696573000301730003000000' +
  '476574000000000006017300140000006f72672e667265656465736b746f702e44427573000000000801670002737300' +
  '140000006f72672e667265656465736b746f702e444275730000000008000000466561747572657300';
const SIGNAL =
  '6c04010109000000020000008d00000001016f00150000002f6f72672f667265656465736b746f702f44427573000000' +
  '02017300140000006f72672e667265656465736b746f702e4442757300000000030173000c0000004e616d6541637175' +
  '697265640000000006017300040000003a312e3000000000080167000173000007017300140000006f72672e66726565' +
  '6465736b746f702e4442757300000000040000003a312e3000';
/** It answers with a list of strings, which nobody here reads. */
const ANSWER =
  '6c0201013c000000030000003d00000006017300040000003a312e300000000005017500020000000801670001760000' +
  '07017300140000006f72672e667265656465736b746f702e4442757300000000026173003400' +
  '00001a0000004163746976617461626c6553657276696365734368616e67656400000f0000004865616465724669' +
  '6c746572696e6700';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
/** An answer to call 7 with a variant in its body, whose length is to be filled in. */
const HEADER = '6c02000100000000010000000f000000 0501750007000000 0801670001760000';

describe('D-Bus messages', () => {
  it('are written as the reference implementation takes them', () => {
    const bus = 'org.freedesktop.DBus';
    const call = { path: '/org/freedesktop/DBus', destination: bus, interface: `${bus}.Properties`, member: 'Get' };
    expect(callBytes({ ...call, serial: 2, args: [bus, 'Features'] }).toString('hex')).toBe(CALL);
  });

  it('are read as it writes them, however they come in pieces', () => {
    const told = [
      { path: '/org/freedesktop/DBus', member: 'NameAcquired', replyTo: undefined, value: undefined },
      { path: undefined, member: undefined, replyTo: 2, value: undefined },
    ];
    const both = bytes(SIGNAL + ANSWER);
    expect(messagesIn(both)).toEqual({ messages: told, rest: Buffer.alloc(0) });
    for (let cut = 0; cut <= both.length; cut += 1) {
      const first = messagesIn(both.subarray(0, cut));
      const second = messagesIn(Buffer.concat([first.rest, both.subarray(cut)]));
      expect([...first.messages, ...second.messages]).toEqual(told);
    }
  });

  it.each([
    ['a string', '01730000 0a000000 73746172742d706f737400', 'start-post'],
    ['a number', '0174000000000000 2a00000000000000', 42n],
  ])('carry %s as a variant', (_what, body, value) => {
    const whole = bytes(`${HEADER}${body}`.replaceAll(' ', ''));
    whole.writeUInt32LE(body.replaceAll(' ', '').length / 2, 4);
    expect(messagesIn(whole).messages).toEqual([{ path: undefined, member: undefined, replyTo: 7, value }]);
  });

  it('are read from a machine that writes numbers the other way round', () => {
    const header = '420200010000001000000001 0000000f 0501750000000007 0801670001760000';
    const whole = bytes(`${header} 0174000000000000 000000000000002a`.replaceAll(' ', ''));
    expect(messagesIn(whole).messages).toMatchObject([{ replyTo: 7, value: 42n }]);
  });

  it('that are none are refused', () => {
    expect(() => messagesIn(Buffer.alloc(32, 0xff))).toThrow(RangeError);
    const cut = bytes(SIGNAL);
    cut.writeUInt32LE(0xffff, 20);
    expect(() => messagesIn(cut)).toThrow(RangeError);
  });
});
