/**
 * As much of D-Bus's wire format as asking systemd for properties takes: calls with strings as arguments, and of what
 * comes the header and a variant (D-Bus Specification 0.43, "Message Format" and "Marshaling"). Pure.
 */

export interface BusCall {
  readonly serial: number;
  readonly path: string;
  readonly destination: string;
  readonly interface: string;
  readonly member: string;
  /** Strings all of them. */
  readonly args: readonly string[];
}

export interface BusMessage {
  readonly path: string | undefined;
  readonly member: string | undefined;
  /** Which call it answers. */
  readonly replyTo: number | undefined;
  /** The body, where it is one variant of a string or a number of 64 bits without a sign. */
  readonly value: string | bigint | undefined;
}

const FIELD = { path: 1, interface: 2, member: 3, replySerial: 5, destination: 6, signature: 8 } as const;
const LITTLE = 'l'.charCodeAt(0);
const METHOD_CALL = 1;
const VERSION = 1;
/** Up to the length of the header's fields, and with it. */
const FIXED_BYTES = 16;
const LARGEST_MESSAGE = 128 * 1024 * 1024;

function aligned(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}

/** Bytes with what is written at its natural alignment. */
function writer() {
  let bytes = Buffer.alloc(0);
  const append = (...parts: readonly (Buffer | readonly number[])[]) => {
    bytes = Buffer.concat([bytes, ...parts.map((part) => Buffer.from(part))]);
  };
  const pad = (to: number) => append(Buffer.alloc(aligned(bytes.length, to) - bytes.length));
  const uint32 = (value: number) => {
    pad(4);
    const four = Buffer.alloc(4);
    four.writeUInt32LE(value);
    append(four);
  };
  return {
    pad,
    append,
    uint32,
    string(text: string) {
      uint32(Buffer.byteLength(text));
      append(Buffer.from(text), [0]);
    },
    /** A signature's length is one byte. */
    signature: (text: string) => append([text.length], Buffer.from(text), [0]),
    bytes: () => bytes,
  };
}

/** A method call in little-endian, which any peer has to understand. */
export function callBytes(call: BusCall): Buffer {
  const body = writer();
  for (const one of call.args) body.string(one);
  // Aligned as behind the fixed part, whose length is a multiple of eight.
  const fields = writer();
  const field = (code: number, type: string, put: (text: string) => void, text: string) => {
    fields.pad(8);
    fields.append([code]);
    fields.signature(type);
    put(text);
  };
  field(FIELD.path, 'o', fields.string, call.path);
  field(FIELD.interface, 's', fields.string, call.interface);
  field(FIELD.member, 's', fields.string, call.member);
  field(FIELD.destination, 's', fields.string, call.destination);
  if (call.args.length > 0) field(FIELD.signature, 'g', fields.signature, 's'.repeat(call.args.length));
  const message = writer();
  message.append([LITTLE, METHOD_CALL, 0, VERSION]);
  message.uint32(body.bytes().length);
  message.uint32(call.serial);
  message.uint32(fields.bytes().length);
  message.append(fields.bytes());
  message.pad(8);
  message.append(body.bytes());
  return message.bytes();
}

/** The messages at the beginning of `bytes`, and what is left of one that has not come as a whole. Throws RangeError where it is no D-Bus. */
export function messagesIn(bytes: Buffer): { readonly messages: readonly BusMessage[]; readonly rest: Buffer } {
  const messages: BusMessage[] = [];
  let rest = bytes;
  for (;;) {
    const length = lengthOf(rest);
    if (length === undefined || rest.length < length) return { messages, rest };
    messages.push(messageIn(rest.subarray(0, length)));
    rest = rest.subarray(length);
  }
}

function lengthOf(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  const read = reader(bytes, 4);
  const body = read.uint32();
  read.uint32();
  const length = aligned(FIXED_BYTES + read.uint32(), 8) + body;
  if (length > LARGEST_MESSAGE) throw new RangeError(`a D-Bus message of ${length} bytes`);
  return length;
}

function messageIn(bytes: Buffer): BusMessage {
  const read = reader(bytes, 12);
  const end = FIXED_BYTES + read.uint32();
  const fields = new Map<number, string | number | bigint>();
  while (read.at() < end) {
    read.align(8);
    const code = read.byte();
    const value = read.variant();
    // No field that the specification names is of another type.
    if (value === undefined) break;
    fields.set(code, value);
  }
  const text = (code: number) => {
    const value = fields.get(code);
    return typeof value === 'string' ? value : undefined;
  };
  const replyTo = fields.get(FIELD.replySerial);
  const value = text(FIELD.signature) === 'v' ? reader(bytes, aligned(end, 8)).variant() : undefined;
  return {
    path: text(FIELD.path),
    member: text(FIELD.member),
    replyTo: typeof replyTo === 'number' ? replyTo : undefined,
    value: typeof value === 'number' ? undefined : value,
  };
}

/** Throws RangeError behind the end. */
function reader(bytes: Buffer, from: number) {
  const little = bytes[0] === LITTLE;
  let at = from;
  const align = (to: number) => {
    at = aligned(at, to);
  };
  const byte = () => {
    at += 1;
    return bytes.readUInt8(at - 1);
  };
  const uint32 = () => {
    align(4);
    at += 4;
    return little ? bytes.readUInt32LE(at - 4) : bytes.readUInt32BE(at - 4);
  };
  const uint64 = () => {
    align(8);
    at += 8;
    return little ? bytes.readBigUInt64LE(at - 8) : bytes.readBigUInt64BE(at - 8);
  };
  const text = (length: number) => {
    at += length + 1;
    if (at > bytes.length) throw new RangeError('a D-Bus string behind its message');
    return bytes.toString('utf8', at - length - 1, at - 1);
  };
  /** Undefined for other types than these. */
  const variant = (): string | number | bigint | undefined => {
    const type = text(byte());
    if (type === 's' || type === 'o') return text(uint32());
    if (type === 'g') return text(byte());
    if (type === 'u') return uint32();
    return type === 't' ? uint64() : undefined;
  };
  return { at: () => at, align, byte, uint32, variant };
}
