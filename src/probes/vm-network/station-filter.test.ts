import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewOf } from '../octets.ts';
import { buildDhcp, OPTION } from './dhcp-message.ts';
import { tagged } from './packet.ts';
import { arpQuestion, dhcpFrame, echoFrame } from './station.ts';
import { type Instruction, stationFilter, stationsFilter } from './station-filter.ts';

const OURS = 'fe:ff:ff:01:02:03';
const OTHER = '02:00:00:00:00:01';
const INTEREST = { mac: OURS, addresses: ['10.0.0.1', '10.0.0.7'] };

/** Classic BPF as the kernel runs it, as far as the filter uses it. */
function accepts(program: readonly Instruction[], frame: Uint8Array): boolean {
  let accumulator = 0;
  const view = viewOf(frame);
  for (let at = 0; at < program.length; at += 1) {
    const { code, yes, no, operand } = program[at]!;
    switch (code) {
      case 0x20:
        if (operand + 4 > frame.length) return false;
        accumulator = view.getUint32(operand);
        break;
      case 0x28:
        if (operand + 2 > frame.length) return false;
        accumulator = view.getUint16(operand);
        break;
      case 0x80:
        accumulator = frame.length;
        break;
      case 0x54:
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x15:
        at += accumulator === operand ? yes : no;
        break;
      case 0x35:
        at += accumulator >= operand ? yes : no;
        break;
      case 0x06:
        return operand !== 0;
      default:
        throw new Error(`no such instruction: ${code}`);
    }
  }
  throw new Error('the program has no end');
}

const PROGRAM = stationFilter(INTEREST);
const way = (sourceMac: string, destinationMac: string) => ({
  sourceMac,
  destinationMac,
  source: '10.0.0.8',
  destination: '10.0.0.9',
});
const offerTo = (mac: string) => {
  const message = {
    operation: 1 as const,
    transaction: 1,
    seconds: 0,
    broadcast: false,
    clientAddress: '0.0.0.0',
    yourAddress: '0.0.0.0',
    serverAddress: '0.0.0.0',
    relayAddress: '0.0.0.0',
    clientMac: mac,
    options: new Map([[OPTION.messageType, Uint8Array.of(2)]]),
  };
  expect(buildDhcp(message)).toHaveLength(300);
  const frame = dhcpFrame(message);
  // From the server, to everybody.
  frame.set([2, 0, 0, 0, 0, 1], 6);
  return frame;
};

describe('the filter of a station', () => {
  it.each([
    ['a frame to it', echoFrame(way(OTHER, OURS), 1, 1), true],
    ['a frame from it', echoFrame(way(OURS, OTHER), 1, 1), true],
    ['a frame between others', echoFrame(way(OTHER, OTHER), 1, 1), false],
    ['a question for an address of interest', arpQuestion(OTHER, '10.0.0.5', '10.0.0.7'), true],
    ['ARP from an address of interest', arpQuestion(OTHER, '10.0.0.1', '10.0.0.99'), true],
    ['ARP between others', arpQuestion(OTHER, '10.0.0.5', '10.0.0.6'), false],
    ['a broadcast offer for it', offerTo(OURS), true],
    ['a broadcast offer for another', offerTo(OTHER), false],
  ] as const)('%s: %s', (_, frame, accepted) => {
    expect(accepts(PROGRAM, frame)).toBe(accepted);
    expect(accepts(PROGRAM, tagged(frame, 100)), 'with its tag').toBe(accepted);
  });

  it('ends for every frame, short ones too, and every jump lands inside', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 14, maxLength: 100 }), (frame) => void accepts(PROGRAM, frame)));
    for (const [at, { code, yes, no }] of PROGRAM.entries())
      if (code === 0x15 || code === 0x35) expect(at + 1 + Math.max(yes, no)).toBeLessThan(PROGRAM.length);
    expect(PROGRAM.length).toBeLessThan(4096);
  });

  it('may be without addresses', () => {
    const program = stationFilter({ mac: OURS, addresses: [] });
    expect(accepts(program, arpQuestion(OTHER, '10.0.0.1', '10.0.0.7'))).toBe(false);
    expect(accepts(program, echoFrame(way(OTHER, OURS), 1, 1))).toBe(true);
  });
});

describe('the filter of all stations', () => {
  const program = stationsFilter('fe:ff:ff:01:02:03');
  const [one, another] = ['fe:ff:ff:11:22:33', 'fe:ff:ff:44:55:66'];
  it.each([
    ['a frame to one', echoFrame(way(OTHER, one), 1, 1), true],
    ['a frame from another', echoFrame(way(another, OTHER), 1, 1), true],
    ['a frame between others', echoFrame(way(OTHER, 'fe:ff:fe:11:22:33'), 1, 1), false],
    ['ARP between others', arpQuestion(OTHER, '10.0.0.5', '10.0.0.7'), false],
    ['a broadcast offer for one', offerTo(one), true],
    ['a broadcast offer for a guest', offerTo(OTHER), false],
  ] as const)('%s: %s', (_, frame, accepted) => {
    expect(accepts(program, frame)).toBe(accepted);
    expect(accepts(program, tagged(frame, 100)), 'with its tag').toBe(accepted);
  });

  it('ends for every frame, short ones too', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 14, maxLength: 100 }), (frame) => void accepts(program, frame)));
  });
});
