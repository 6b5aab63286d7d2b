import { addressBytes, joined, macBytes, macText, viewOf } from '../octets.ts';

/**
 * DHCP messages as bytes (RFC 2131, options of RFC 2132, long options of RFC 3396). Pure. What does not keep to its own
 * lengths is no message.
 */

export const DHCP_TYPE = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7 } as const;

export const OPTION = {
  subnetMask: 1,
  routers: 3,
  requestedAddress: 50,
  leaseSeconds: 51,
  overload: 52,
  messageType: 53,
  server: 54,
  parameters: 55,
  text: 56,
  clientIdentifier: 61,
  relayAgent: 82,
  classlessRoutes: 121,
} as const;

export interface DhcpMessage {
  /** 1 from a client, 2 from a server. */
  readonly operation: 1 | 2;
  readonly transaction: number;
  readonly seconds: number;
  readonly broadcast: boolean;
  readonly clientAddress: string;
  /** "your" address: what the server gives. */
  readonly yourAddress: string;
  readonly serverAddress: string;
  /** The relay's, 0.0.0.0 without one. */
  readonly relayAddress: string;
  readonly clientMac: string;
  /** Pieces of a long option are put together; an option that stands twice is one whose values are joined. */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

const COOKIE = 0x63825363;
const FIXED_BYTES = 236;
const SERVER_NAME = { start: 44, end: 108 };
const FILE_NAME = { start: 108, end: 236 };
/** BOOTP's size: some relays and servers let nothing shorter pass (RFC 1542, 2.1). */
const SHORTEST = 300;
const PAD = 0;
const END = 255;

export const NO_ADDRESS = '0.0.0.0';

export function buildDhcp(message: DhcpMessage): Uint8Array {
  const head = new Uint8Array(FIXED_BYTES + 4);
  const view = viewOf(head);
  head[0] = message.operation;
  head[1] = 1;
  head[2] = 6;
  view.setUint32(4, message.transaction);
  view.setUint16(8, message.seconds);
  view.setUint16(10, message.broadcast ? 0x8000 : 0);
  head.set(addressBytes(message.clientAddress), 12);
  head.set(addressBytes(message.yourAddress), 16);
  head.set(addressBytes(message.serverAddress), 20);
  head.set(addressBytes(message.relayAddress), 24);
  head.set(macBytes(message.clientMac), 28);
  view.setUint32(FIXED_BYTES, COOKIE);
  const whole = joined(
    head,
    ...[...message.options].flatMap(([code, value]) => pieces(code, value)),
    Uint8Array.of(END),
  );
  return whole.length >= SHORTEST ? whole : joined(whole, new Uint8Array(SHORTEST - whole.length));
}

/** An option of more than 255 bytes goes in pieces (RFC 3396). */
function pieces(code: number, value: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < value.length; at += 255) {
    const part = value.subarray(at, at + 255);
    parts.push(joined(Uint8Array.of(code, part.length), part));
  }
  return parts;
}

/** Undefined for what is no DHCP over Ethernet, or ends within an option. */
export function parseDhcp(bytes: Uint8Array): DhcpMessage | undefined {
  if (bytes.length < FIXED_BYTES + 4) return undefined;
  const view = viewOf(bytes);
  const operation = bytes[0];
  if ((operation !== 1 && operation !== 2) || bytes[1] !== 1 || bytes[2] !== 6) return undefined;
  if (view.getUint32(FIXED_BYTES) !== COOKIE) return undefined;
  const options = optionsOf(bytes);
  if (!options) return undefined;
  const address = (at: number) => bytes.subarray(at, at + 4).join('.');
  return {
    operation,
    transaction: view.getUint32(4),
    seconds: view.getUint16(8),
    broadcast: (view.getUint16(10) & 0x8000) !== 0,
    clientAddress: address(12),
    yourAddress: address(16),
    serverAddress: address(20),
    relayAddress: address(24),
    clientMac: macText(bytes.subarray(28, 34)),
    options,
  };
}

/** Of the options field, then of the file and server names where option 52 says that they hold options (RFC 2131, 4.1). */
function optionsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const options = new Map<number, Uint8Array>();
  if (!readOptions(bytes.subarray(FIXED_BYTES + 4), options)) return undefined;
  const overload = options.get(OPTION.overload)?.[0] ?? 0;
  options.delete(OPTION.overload);
  const areas = [...((overload & 1) === 0 ? [] : [FILE_NAME]), ...((overload & 2) === 0 ? [] : [SERVER_NAME])];
  const isSound = areas.every(({ start, end }) => readOptions(bytes.subarray(start, end), options));
  options.delete(OPTION.overload);
  return isSound ? options : undefined;
}

/** False where an option is longer than what is left. A missing end mark is forgiven, as every client does. */
function readOptions(area: Uint8Array, into: Map<number, Uint8Array>): boolean {
  let at = 0;
  while (at < area.length) {
    const code = area[at];
    if (code === END) return true;
    if (code === undefined || code === PAD) {
      at += 1;
      continue;
    }
    const length = area[at + 1];
    if (length === undefined || at + 2 + length > area.length) return false;
    const value = area.subarray(at + 2, at + 2 + length);
    const before = into.get(code);
    into.set(code, before ? joined(before, value) : value);
    at += 2 + length;
  }
  return true;
}

/** The message type, where there is a single byte of it. */
export function typeOf({ options }: DhcpMessage): number | undefined {
  const value = options.get(OPTION.messageType);
  return value?.length === 1 ? value[0] : undefined;
}

/** An option that is exactly one address. */
export function addressOption({ options }: DhcpMessage, code: number): string | undefined {
  const value = options.get(code);
  return value?.length === 4 ? value.join('.') : undefined;
}

/** An option that is one 32-bit number. */
export function numberOption({ options }: DhcpMessage, code: number): number | undefined {
  const value = options.get(code);
  return value?.length === 4 ? viewOf(value).getUint32(0) : undefined;
}

/** The server's own words (option 56), in one harmless line at its reader's hands. */
export function textOption({ options }: DhcpMessage): string {
  return new TextDecoder().decode(options.get(OPTION.text) ?? new Uint8Array()).replace(/\0+$/, '');
}

/** Bits of a netmask whose ones stand together. */
export function prefixOf(mask: string): number | undefined {
  const number = viewOf(addressBytes(mask)).getUint32(0);
  const bits = 32 - Math.clz32(~number >>> 0);
  const length = 32 - bits;
  const expected = length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
  return expected === number ? length : undefined;
}

/**
 * The default gateway a client would take: option 121's default route where there is that option, which then hides
 * option 3 (RFC 3442), else the first router of option 3.
 */
export function gatewayOf(message: DhcpMessage): string | undefined {
  const routes = message.options.get(OPTION.classlessRoutes);
  if (routes) return defaultRoute(routes);
  const routers = message.options.get(OPTION.routers);
  if (!routers || routers.length < 4 || routers.length % 4 !== 0) return undefined;
  const first = routers.subarray(0, 4).join('.');
  return first === NO_ADDRESS ? undefined : first;
}

/** Each route: prefix length, as many bytes of the destination as that needs, four of the router. */
function defaultRoute(routes: Uint8Array): string | undefined {
  let at = 0;
  while (at < routes.length) {
    const prefix = routes[at] ?? 33;
    const router = at + 1 + Math.ceil(prefix / 8);
    if (prefix > 32 || router + 4 > routes.length) return undefined;
    if (prefix === 0) {
      const address = routes.subarray(router, router + 4).join('.');
      return address === NO_ADDRESS ? undefined : address;
    }
    at = router + 4;
  }
  return undefined;
}
