import { fromJSON, type MethodDefinition } from '@grpc/proto-loader';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoded, encoded } from './protobuf.ts';
import { CRI_SCHEMA, CRI_SERVICE, CRI_TYPES, type CriField, type CriMethod } from './schema.ts';

/** protobufjs, over the same schema, is the oracle. */
const ORACLE = fromJSON(CRI_SCHEMA as Parameters<typeof fromJSON>[0], {
  enums: String,
  longs: String,
  defaults: true,
  arrays: true,
})[CRI_SERVICE] as unknown as Record<CriMethod, MethodDefinition<object, object>>;

const METHODS = Object.keys(ORACLE) as CriMethod[];

function anyOf({ type, rule }: CriField): fc.Arbitrary<unknown> {
  if (rule === 'repeated') return fc.array(messageOf(type), { maxLength: 3 });
  const { values } = CRI_TYPES[type] ?? {};
  if (values) return fc.constantFrom(...Object.keys(values));
  switch (type) {
    case 'string':
      // Half of a surrogate pair cannot be written as UTF-8.
      return fc.string({ unit: 'binary' });
    case 'bool':
      return fc.boolean();
    case 'uint32':
      return fc.nat({ max: 0xffffffff });
    case 'int64':
      return fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(String);
    default:
      return messageOf(type);
  }
}

function messageOf(type: string): fc.Arbitrary<object> {
  const fields = Object.entries(CRI_TYPES[type]?.fields ?? {});
  const values = Object.fromEntries(fields.map(([name, field]) => [name, anyOf(field)]));
  return fc.record(values, { requiredKeys: [] });
}

const asPlain = (value: object): unknown => JSON.parse(JSON.stringify(value));

describe.each(METHODS)('%s', (method) => {
  const { requestDeserialize, responseSerialize, responseDeserialize } = ORACLE[method];

  it('is asked as protobufjs reads it', () => {
    fc.assert(
      fc.property(messageOf(`${method}Request`), (message) => {
        const bytes = encoded(`${method}Request`, message);
        expect(asPlain(requestDeserialize(bytes))).toEqual(asPlain(decoded(`${method}Request`, bytes)));
        expect(asPlain(requestDeserialize(bytes))).toMatchObject(message);
      }),
    );
  });

  it('is answered as protobufjs writes it', () => {
    fc.assert(
      fc.property(messageOf(`${method}Response`), (message) => {
        const bytes = responseSerialize(message);
        expect(asPlain(decoded(`${method}Response`, bytes))).toEqual(asPlain(responseDeserialize(bytes)));
      }),
    );
  });
});

describe('bytes', () => {
  const PODS = 'ListPodSandboxResponse';
  const sandbox = (...bytes: number[]) => Buffer.from([0x0a, bytes.length, ...bytes]);

  it('of fields, or of values, newer than the schema are passed over', () => {
    const later = [
      [0x98, 0x06, 0x01], // 99: a number
      [0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8], // 99: eight bytes
      [0x9a, 0x06, 2, 0xff, 0xff], // 99: a length
      [0x9d, 0x06, 1, 2, 3, 4], // 99: four bytes
      [0x08, 0x07], // id, but as a number
    ].flat();
    const bytes = sandbox(...later, 0x0a, 1, 0x61, 0x18, 9);
    expect(decoded(PODS, bytes)).toMatchObject({ items: [{ id: 'a', state: 9, metadata: null, createdAt: '0' }] });
  });

  it.each([
    ['that end within a number', [0x0a, 0x80]],
    ['that end within a field', [0x0a, 9, 0x0a]],
    ['that end within eight', [0x09, 1, 2, 3]],
    ['of an inner message longer than the outer', [0x0a, 2, 0x0a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['with a number of eleven bytes', [0x08, ...Array.from({ length: 10 }, () => 0xff), 1]],
    ['with a group', [0x0b]],
  ])('%s are none', (_what, bytes) => {
    expect(() => decoded(PODS, Buffer.from(bytes))).toThrow(/^(it|a number)/);
  });
});
