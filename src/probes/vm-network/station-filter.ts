import { LITTLE_ENDIAN } from '../../hosts/libc.ts';
import { addressNumber, macBytes, viewOf } from '../octets.ts';

/** What a probe's station wants to hear. */
export interface Interest {
  readonly mac: string;
  /** IPv4 addresses of which ARP is to be heard. */
  readonly addresses: readonly string[];
}

/** struct sock_filter of linux/filter.h: `code`, where to go on when true and when false, and an operand. */
export interface Instruction {
  readonly code: number;
  readonly yes: number;
  readonly no: number;
  readonly operand: number;
}

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_LENGTH = 0x80;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const RETURN = 0x06;
const WHOLE_FRAME = 0xffff_ffff;

const ETHER_TYPE_AT = 12;
const TAG_BYTES = 4;
const ARP_SENDER_AT = 28;
const ARP_TARGET_AT = 38;
/** Ethernet, IPv4 without options, UDP, and 28 bytes of BOOTP before the client's hardware address. */
const CLIENT_MAC_AT = 14 + 20 + 8 + 28;

const load = (code: number, at: number): Instruction => ({ code, yes: 0, no: 0, operand: at });
/** Goes on with the next instruction when equal, or leaves out `otherwise` of them. */
const unlessEqual = (operand: number, otherwise: number): Instruction => ({
  code: JUMP_EQUAL,
  yes: 0,
  no: otherwise,
  operand,
});
const ACCEPT: Instruction = { code: RETURN, yes: 0, no: 0, operand: WHOLE_FRAME };
const REJECT: Instruction = { code: RETURN, yes: 0, no: 0, operand: 0 };

function acceptMac(mac: string, at: number): readonly Instruction[] {
  const view = viewOf(macBytes(mac));
  return [
    load(LOAD_WORD, at),
    unlessEqual(view.getUint32(0), 3),
    load(LOAD_HALF, at + 4),
    unlessEqual(view.getUint16(4), 1),
    ACCEPT,
  ];
}

/** Any address that begins with these three octets. */
function acceptMaker(maker: number, at: number): readonly Instruction[] {
  return [load(LOAD_WORD, at), { code: AND, yes: 0, no: 0, operand: 0xffff_ff00 }, unlessEqual(maker, 1), ACCEPT];
}

function acceptArp(addresses: readonly string[], shift: number): readonly Instruction[] {
  const body = [ARP_SENDER_AT, ARP_TARGET_AT].flatMap((at) => [
    load(LOAD_WORD, at + shift),
    ...addresses.flatMap((address) => [unlessEqual(addressNumber(address), 1), ACCEPT]),
  ]);
  return [load(LOAD_HALF, ETHER_TYPE_AT + shift), unlessEqual(0x0806, body.length), ...body];
}

/** DHCP answers to a station, whomever their frame is addressed to; `accept` looks at its address. */
function acceptDhcp(accept: (at: number) => readonly Instruction[], shift: number): readonly Instruction[] {
  const at = CLIENT_MAC_AT + shift;
  const body = accept(at);
  return [
    load(LOAD_HALF, ETHER_TYPE_AT + shift),
    unlessEqual(0x0800, body.length + 2),
    // A load beyond the frame's end would end the program.
    load(LOAD_LENGTH, 0),
    { code: JUMP_AT_LEAST, yes: 0, no: body.length, operand: at + 6 },
    ...body,
  ];
}

/**
 * A classic BPF program that accepts frames from and to the station, ARP that names an address of interest, and DHCP for the
 * station: also with a tag still among the frame's bytes. A flood of anything else never leaves the kernel.
 */
export function stationFilter({ mac, addresses }: Interest): readonly Instruction[] {
  const accept = (at: number) => acceptMac(mac, at);
  return filterOf(accept, (shift) => [...acceptArp(addresses, shift), ...acceptDhcp(accept, shift)]);
}

/**
 * The same for all stations whose addresses begin as `mac` does, by its first three octets, and without the ARP of others: hundreds
 * of probes need no more than one such program at an uplink, where every frame of the node would else run through hundreds.
 */
export function stationsFilter(mac: string): readonly Instruction[] {
  const maker = (viewOf(macBytes(mac)).getUint32(0) & 0xffff_ff00) >>> 0;
  const accept = (at: number) => acceptMaker(maker, at);
  return filterOf(accept, (shift) => acceptDhcp(accept, shift));
}

function filterOf(
  accept: (at: number) => readonly Instruction[],
  further: (shift: number) => readonly Instruction[],
): readonly Instruction[] {
  const tagged = further(TAG_BYTES);
  return [
    ...accept(0),
    ...accept(6),
    ...further(0),
    load(LOAD_HALF, ETHER_TYPE_AT),
    unlessEqual(0x8100, tagged.length),
    ...tagged,
    REJECT,
  ];
}

/** As the kernel takes it. */
export function assembled(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = viewOf(bytes);
  for (const [index, { code, yes, no, operand }] of program.entries()) {
    view.setUint16(index * 8, code, LITTLE_ENDIAN);
    view.setUint8(index * 8 + 2, yes);
    view.setUint8(index * 8 + 3, no);
    view.setUint32(index * 8 + 4, operand, LITTLE_ENDIAN);
  }
  return bytes;
}
