import { LITTLE_ENDIAN } from '../../hosts/libc.ts';

/**
 * Messages of rtnetlink(7) as bytes: what the kernel says of links, addresses and routes, and the three things asked of
 * it. Numbers are in the machine's byte order and everything is aligned to four bytes (linux/netlink.h, rtnetlink.h,
 * if_link.h). Whatever the bytes are, decoding ends: every length is checked against what is there.
 */

/** A bridge's own netfilter switches, each turning them on for its frames, whatever net/bridge/* says (the two are OR-ed). */
export interface BridgeSwitches {
  readonly nf_call_iptables: '0' | '1';
  readonly nf_call_ip6tables: '0' | '1';
}

export interface Link {
  readonly index: number;
  readonly name: string;
  /** `bridge`, `veth`, `vxlan` …; empty for hardware and the loopback. */
  readonly kind: string;
  /** Index of the bridge or bond it belongs to; 0: none. */
  readonly master: number;
  /** Set up by an administrator (IFF_UP), whatever its carrier. */
  readonly up: boolean;
  /** Of bridges only; null also where the kernel has no netfilter for bridges. */
  readonly bridge: BridgeSwitches | null;
}

export type NetworkEvent =
  /** It is new, or something of it changed. */
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'link-gone'; readonly index: number; readonly name: string }
  /** An address came, changed or went. */
  | { readonly type: 'address'; readonly index: number; readonly family: 4 | 6 | null; readonly gone: boolean }
  /** A default route of the main table came, changed or went; said once for all that did. */
  | { readonly type: 'default-route' }
  /** Something was missed: everything has to be looked at again. */
  | { readonly type: 'overflow' };

/** One object each, so that a set holds them once. */
export const OVERFLOW: NetworkEvent = { type: 'overflow' };
const DEFAULT_ROUTE: NetworkEvent = { type: 'default-route' };

/** One message out of a datagram. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
const NLMSG_OVERRUN = 4;
/** The dump was made while things changed under it. */
export const NLM_F_DUMP_INTR = 0x10;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const HEADER = 16;

export const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;

const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 1;
const LINK_HEADER = 16;
const ADDRESS_HEADER = 8;
const ROUTE_HEADER = 12;
const RT_TABLE_MAIN = 254;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_EXT_MASK = 29;
/** Counters would be half of each answer, and gathering them most of the work. */
const RTEXT_FILTER_SKIP_STATS = 8;
const SWITCH_ATTRIBUTES = { nf_call_iptables: 36, nf_call_ip6tables: 37 } as const;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are the two uppermost bits. */
const ATTRIBUTE_TYPE = 0x3fff;
const NLA_F_NESTED = 0x8000;
const ATTRIBUTE_HEADER = 4;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

/** The messages of a datagram; undefined where the bytes are no row of whole messages. */
export function messagesIn(datagram: Uint8Array): readonly Message[] | undefined {
  const view = viewOf(datagram);
  const messages: Message[] = [];
  for (let at = 0; at < datagram.length; ) {
    if (datagram.length - at < HEADER) return undefined;
    const length = view.getUint32(at, LITTLE_ENDIAN);
    if (length < HEADER || length > datagram.length - at) return undefined;
    messages.push({
      type: view.getUint16(at + 4, LITTLE_ENDIAN),
      flags: view.getUint16(at + 6, LITTLE_ENDIAN),
      sequence: view.getUint32(at + 8, LITTLE_ENDIAN),
      body: datagram.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

interface Span {
  readonly view: DataView;
  readonly from: number;
  readonly end: number;
}

/**
 * The value of the first attribute of that number. Looked for without a copy of the others, for a bridge's message has
 * some eighty; the search ends at the first that does not fit.
 */
function attributeIn({ view, from, end }: Span, type: number): Span | undefined {
  for (let at = from; end - at >= ATTRIBUTE_HEADER; ) {
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < ATTRIBUTE_HEADER || length > end - at) return undefined;
    if ((view.getUint16(at + 2, LITTLE_ENDIAN) & ATTRIBUTE_TYPE) === type)
      return { view, from: at + ATTRIBUTE_HEADER, end: at + length };
    at += aligned(length);
  }
  return undefined;
}

/** A string that ends at its NUL, or where the attribute does. */
function textOf(span: Span | undefined): string {
  if (span === undefined) return '';
  const bytes = Buffer.from(span.view.buffer, span.view.byteOffset + span.from, span.end - span.from);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function numberOf(span: Span | undefined): number {
  return span === undefined || span.end - span.from < 4 ? 0 : span.view.getUint32(span.from, LITTLE_ENDIAN);
}

function switchOf(data: Span, type: number): '0' | '1' | undefined {
  const span = attributeIn(data, type);
  if (span === undefined || span.end === span.from) return undefined;
  return span.view.getUint8(span.from) === 0 ? '0' : '1';
}

function switchesIn(info: Span): BridgeSwitches | null {
  const data = attributeIn(info, IFLA_INFO_DATA);
  const ipv4 = data && switchOf(data, SWITCH_ATTRIBUTES.nf_call_iptables);
  const ipv6 = data && switchOf(data, SWITCH_ATTRIBUTES.nf_call_ip6tables);
  return ipv4 && ipv6 ? { nf_call_iptables: ipv4, nf_call_ip6tables: ipv6 } : null;
}

/** The link a RTM_NEWLINK or RTM_DELLINK speaks of; undefined where the bytes are too few or it speaks of a bridge's port. */
export function linkIn(body: Uint8Array): Link | undefined {
  // AF_BRIDGE: a port's state as its bridge sees it. A DELLINK of that family says that a port left, not that it is gone.
  if (body.length < LINK_HEADER || body[0] !== 0) return undefined;
  const view = viewOf(body);
  const attributes: Span = { view, from: LINK_HEADER, end: body.length };
  const info = attributeIn(attributes, IFLA_LINKINFO);
  const kind = info === undefined ? '' : textOf(attributeIn(info, IFLA_INFO_KIND));
  return {
    index: view.getInt32(4, LITTLE_ENDIAN),
    name: textOf(attributeIn(attributes, IFLA_IFNAME)),
    kind,
    master: numberOf(attributeIn(attributes, IFLA_MASTER)),
    up: (view.getUint32(8, LITTLE_ENDIAN) & IFF_UP) !== 0,
    bridge: info !== undefined && kind === 'bridge' ? switchesIn(info) : null,
  };
}

function linkEvent({ type, body }: Message): NetworkEvent | undefined {
  const link = linkIn(body);
  if (link === undefined) return body.length < LINK_HEADER ? OVERFLOW : undefined;
  return type === RTM_NEWLINK ? { type: 'link', link } : { type: 'link-gone', index: link.index, name: link.name };
}

function addressEvent({ type, body }: Message): NetworkEvent {
  if (body.length < ADDRESS_HEADER) return OVERFLOW;
  const family = body[0] === AF_INET ? 4 : body[0] === AF_INET6 ? 6 : null;
  return { type: 'address', index: viewOf(body).getUint32(4, LITTLE_ENDIAN), family, gone: type === RTM_DELADDR };
}

/** struct rtmsg: the length of the destination is its second byte, the table its fifth. Pods' routes come by the hundred. */
function routeEvent({ body }: Message): NetworkEvent | undefined {
  if (body.length < ROUTE_HEADER) return OVERFLOW;
  return body[1] === 0 && body[4] === RT_TABLE_MAIN ? DEFAULT_ROUTE : undefined;
}

/** What one message means to the guard; undefined for what does not concern it. */
export function eventOf(message: Message): NetworkEvent | undefined {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return linkEvent(message);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return addressEvent(message);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return routeEvent(message);
    case NLMSG_OVERRUN:
    case NLMSG_ERROR:
      return OVERFLOW;
    default:
      return undefined;
  }
}

/** The errno an NLMSG_ERROR or the NLMSG_DONE of a dump carries, positive; 0: it went well. */
export function errnoIn(body: Uint8Array): number {
  return body.length < 4 ? 0 : -viewOf(body).getInt32(0, LITTLE_ENDIAN);
}

function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(aligned(ATTRIBUTE_HEADER + value.length));
  const view = viewOf(bytes);
  view.setUint16(0, ATTRIBUTE_HEADER + value.length, LITTLE_ENDIAN);
  view.setUint16(2, type, LITTLE_ENDIAN);
  bytes.set(value, ATTRIBUTE_HEADER);
  return bytes;
}

function linkRequest(type: number, flags: number, sequence: number, attributes: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat([new Uint8Array(HEADER + LINK_HEADER), ...attributes]);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, LITTLE_ENDIAN);
  view.setUint16(4, type, LITTLE_ENDIAN);
  view.setUint16(6, NLM_F_REQUEST | flags, LITTLE_ENDIAN);
  view.setUint32(8, sequence, LITTLE_ENDIAN);
  return bytes;
}

function nameAttribute(name: string): Uint8Array {
  return attribute(IFLA_IFNAME, Buffer.from(`${name}\0`));
}

function withoutCounters(): Uint8Array {
  const mask = new Uint8Array(4);
  viewOf(mask).setUint32(0, RTEXT_FILTER_SKIP_STATS, LITTLE_ENDIAN);
  return attribute(IFLA_EXT_MASK, mask);
}

/** Asks for all links. */
export function askLinks(sequence: number): Uint8Array {
  return linkRequest(RTM_GETLINK, NLM_F_DUMP, sequence, [withoutCounters()]);
}

/** Asks for one link by its name. */
export function askLink(name: string, sequence: number): Uint8Array {
  return linkRequest(RTM_GETLINK, 0, sequence, [withoutCounters(), nameAttribute(name)]);
}

/** Sets one switch of one bridge; answered by an NLMSG_ERROR, whose errno is 0 where it went well. */
export function askSwitch(
  bridge: string,
  change: { readonly name: keyof BridgeSwitches; readonly value: '0' | '1' },
  sequence: number,
): Uint8Array {
  const data = attribute(SWITCH_ATTRIBUTES[change.name], Uint8Array.of(Number(change.value)));
  const info = [attribute(IFLA_INFO_KIND, Buffer.from('bridge')), attribute(IFLA_INFO_DATA | NLA_F_NESTED, data)];
  return linkRequest(RTM_NEWLINK, NLM_F_ACK, sequence, [
    nameAttribute(bridge),
    attribute(IFLA_LINKINFO | NLA_F_NESTED, Buffer.concat(info)),
  ]);
}
