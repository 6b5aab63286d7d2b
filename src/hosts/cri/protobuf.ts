import { CRI_TYPES, type CriField } from './schema.ts';

/**
 * Messages of the container runtime interface as bytes and back, after protobuf's encoding
 * (protobuf.dev/programming-guides/encoding) as far as CRI_TYPES goes: a field is text, a switch, a number, a message or a
 * list of messages. A library for it takes longer to load than a runtime takes to answer all that hayward asks.
 */

/** How a field's value is written: as a number of variable length, or as a length and that many bytes. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const NUMBERS: readonly string[] = ['bool', 'uint32', 'int64'];

interface Named extends CriField {
  readonly name: string;
  readonly wire: typeof VARINT | typeof LENGTH;
}

interface Shape {
  readonly fields: readonly Named[];
  readonly byId: ReadonlyMap<number, Named>;
}

const shapes = new Map<string, Shape>();

function shapeOf(type: string): Shape {
  const made = shapes.get(type);
  if (made) return made;
  const fields = Object.entries(CRI_TYPES[type]?.fields ?? {}).map(([name, field]): Named => {
    const isNumber = NUMBERS.includes(field.type) || valuesOf(field.type) !== undefined;
    return { name, wire: isNumber ? VARINT : LENGTH, ...field };
  });
  const shape = { fields, byId: new Map(fields.map((field) => [field.id, field])) };
  shapes.set(type, shape);
  return shape;
}

/** An enumeration's numbers by name; undefined of a type that is none. */
function valuesOf(type: string): Readonly<Record<string, number>> | undefined {
  return CRI_TYPES[type]?.values;
}

function nameOf(type: string, number: number): string | undefined {
  const values = valuesOf(type);
  return values && Object.keys(values).find((name) => values[name] === number);
}

/** A message as bytes. What it leaves out is not sent; an enumeration goes by name or by number. */
export function encoded(type: string, message: object): Buffer {
  const parts: Buffer[] = [];
  for (const field of shapeOf(type).fields) {
    const value = (message as Readonly<Record<string, unknown>>)[field.name];
    if (value === undefined || value === null) continue;
    for (const one of field.rule === 'repeated' ? (value as readonly unknown[]) : [value]) put(parts, field, one);
  }
  return Buffer.concat(parts);
}

function put(parts: Buffer[], { type, id, wire }: Named, value: unknown): void {
  parts.push(varint(BigInt(8 * id + wire)));
  if (wire === VARINT) {
    const number = typeof value === 'string' ? valuesOf(type)?.[value] : undefined;
    parts.push(varint(BigInt.asUintN(64, BigInt(number ?? (value as string | number | boolean)))));
    return;
  }
  const bytes = type === 'string' ? Buffer.from(String(value)) : encoded(type, value as object);
  parts.push(varint(BigInt(bytes.length)), bytes);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

/**
 * A message from its bytes: every field of the schema is there, with protobuf's default where it was not sent (a message's
 * is null). Enumerations by name, or by number where newer than the schema; 64-bit numbers as decimal text. Fields the
 * schema does not have are passed over. Throws an Error for bytes that are no message.
 */
export function decoded(type: string, bytes: Buffer): object {
  return messageAt({ bytes, at: 0, end: bytes.length }, type);
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
  /** Where the value in hand ends. */
  end: number;
}

function messageAt(cursor: Cursor, type: string): object {
  const { fields, byId } = shapeOf(type);
  const message: Record<string, unknown> = {};
  for (const field of fields) message[field.name] = defaultOf(field);
  while (cursor.at < cursor.end) {
    const key = Number(varintAt(cursor));
    const field = byId.get(Math.floor(key / 8));
    if (field?.wire !== key % 8) skip(cursor, key % 8);
    else if (field.rule === 'repeated') (message[field.name] as unknown[]).push(valueAt(cursor, field));
    else message[field.name] = valueAt(cursor, field);
  }
  return message;
}

const DEFAULTS: Readonly<Record<string, unknown>> = { string: '', bool: false, uint32: 0, int64: '0' };

function defaultOf({ type, rule }: CriField): unknown {
  if (rule === 'repeated') return [];
  return DEFAULTS[type] ?? nameOf(type, 0) ?? null;
}

function valueAt(cursor: Cursor, { type, wire }: Named): unknown {
  if (wire === VARINT) return numberFrom(varintAt(cursor), type);
  const outer = cursor.end;
  cursor.end = endOfLength(cursor);
  const value = type === 'string' ? textAt(cursor) : messageAt(cursor, type);
  cursor.end = outer;
  return value;
}

function numberFrom(bits: bigint, type: string): boolean | number | string {
  if (type === 'bool') return bits !== 0n;
  if (type === 'uint32') return Number(BigInt.asUintN(32, bits));
  if (type === 'int64') return String(BigInt.asIntN(64, bits));
  const number = Number(BigInt.asIntN(32, bits));
  return nameOf(type, number) ?? number;
}

function textAt(cursor: Cursor): string {
  const text = cursor.bytes.toString('utf8', cursor.at, cursor.end);
  cursor.at = cursor.end;
  return text;
}

/** Reads a length; where what has that length ends. */
function endOfLength(cursor: Cursor): number {
  const length = Number(varintAt(cursor));
  if (length > cursor.end - cursor.at) throw new Error('it ends within a field');
  return cursor.at + length;
}

function varintAt(cursor: Cursor): bigint {
  let bits = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.at < cursor.end ? cursor.bytes[cursor.at] : undefined;
    if (byte === undefined) throw new Error('it ends within a number');
    cursor.at += 1;
    // Almost every number is below 128, and BigInts cost.
    if (byte < 128) return shift === 0n ? BigInt(byte) : bits | (BigInt(byte) << shift);
    bits |= BigInt(byte & 127) << shift;
  }
  throw new Error('a number in it is longer than 64 bits');
}

function skip(cursor: Cursor, wire: number): void {
  if (wire === VARINT) varintAt(cursor);
  else if (wire === LENGTH) cursor.at = endOfLength(cursor);
  else if (wire === FIXED64) cursor.at += 8;
  else if (wire === FIXED32) cursor.at += 4;
  // Groups (3, 4) are older than gRPC; 6 and 7 are nothing.
  else throw new Error(`it has a field of kind ${wire}`);
  if (cursor.at > cursor.end) throw new Error('it ends within a field');
}
