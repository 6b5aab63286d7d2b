import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOption,
  buildDhcp,
  type DhcpMessage,
  gatewayOf,
  OPTION,
  parseDhcp,
  prefixOf,
  textOption,
  typeOf,
} from './dhcp-message.ts';

const MESSAGE: DhcpMessage = {
  operation: 2,
  transaction: 0xdeadbeef,
  seconds: 3,
  broadcast: false,
  clientAddress: '0.0.0.0',
  yourAddress: '192.168.77.10',
  serverAddress: '192.168.77.1',
  relayAddress: '0.0.0.0',
  clientMac: 'fe:ff:ff:00:00:01',
  options: new Map([
    [OPTION.messageType, Uint8Array.of(2)],
    [OPTION.server, Uint8Array.of(192, 168, 77, 1)],
  ]),
};

const withOptions = (options: readonly (readonly [number, readonly number[]])[]): DhcpMessage => ({
  ...MESSAGE,
  options: new Map(options.map(([code, bytes]) => [code, Uint8Array.from(bytes)])),
});

/** A message whose options field is exactly these bytes. */
function raw(
  options: readonly number[],
  names: { readonly file?: readonly number[]; readonly server?: readonly number[] } = {},
) {
  const bytes = buildDhcp({ ...MESSAGE, options: new Map() }).slice(0, 240);
  bytes.set(names.server ?? [], 44);
  bytes.set(names.file ?? [], 108);
  return Uint8Array.from([...bytes, ...options]);
}

const option = fc.tuple(
  fc.integer({ min: 1, max: 254 }).filter((code) => code !== OPTION.overload),
  fc.uint8Array({ maxLength: 600 }),
);

describe('a DHCP message', () => {
  it('comes back as it was built, long options too', () => {
    fc.assert(
      fc.property(fc.uniqueArray(option, { selector: ([code]) => code, maxLength: 8 }), (options) => {
        const message = { ...MESSAGE, options: new Map(options) };
        expect(parseDhcp(buildDhcp(message))).toEqual(message);
      }),
    );
  });

  it('is at least as long as BOOTP was', () => {
    expect(buildDhcp(MESSAGE)).toHaveLength(300);
  });

  it('is read also where options overflow into the names', () => {
    const gateway = [3, 4, 10, 0, 0, 1, 255];
    const mask = [1, 4, 255, 255, 255, 0, 255];
    for (const [overload, names] of [
      [1, { file: gateway }],
      [2, { server: gateway }],
      [3, { file: gateway, server: mask }],
    ] as const) {
      const message = parseDhcp(raw([53, 1, 2, 52, 1, overload, 255], names));
      expect(message && gatewayOf(message), `overload ${overload}`).toBe('10.0.0.1');
    }
    expect(parseDhcp(raw([53, 1, 2, 255], { file: gateway }))?.options.has(3)).toBe(false);
  });

  it('joins an option that comes in pieces, across the fields', () => {
    const message = parseDhcp(raw([56, 2, 104, 97, 52, 1, 1, 56, 1, 121, 255], { file: [56, 1, 33, 255] }));
    expect(message && textOption(message)).toBe('hay!');
  });

  it('may lack its end mark, and may have padding between', () => {
    const message = parseDhcp(raw([0, 0, 53, 1, 2]));
    expect(message && typeOf(message)).toBe(2);
  });

  it.each([
    ['an option longer than what is left', raw([53, 1, 2, 54, 4, 10, 0])],
    ['a code without a length', raw([53, 1, 2, 54])],
    ['an overflow that ends within an option', raw([52, 1, 1, 255], { file: Array.from({ length: 128 }, () => 127) })],
    ['another hardware', raw([53, 1, 2, 255]).fill(6, 1, 2)],
    ['another address length', raw([53, 1, 2, 255]).fill(16, 2, 3)],
    ['neither request nor answer', raw([53, 1, 2, 255]).fill(3, 0, 1)],
    ['another cookie', raw([53, 1, 2, 255]).fill(0, 236, 237)],
    ['less than the fixed fields', raw([]).slice(0, 239)],
  ])('is none: %s', (_, bytes) => {
    expect(parseDhcp(bytes)).toBeUndefined();
  });

  it('has a type and addresses only of the right length', () => {
    expect(typeOf(withOptions([[OPTION.messageType, [2, 2]]]))).toBeUndefined();
    expect(addressOption(withOptions([[OPTION.server, [10, 0, 0]]]), OPTION.server)).toBeUndefined();
    expect(addressOption(withOptions([[OPTION.server, [10, 0, 0, 1, 2]]]), OPTION.server)).toBeUndefined();
  });
});

describe('the gateway of an offer', () => {
  it.each([
    ['the first router', [[3, [10, 0, 0, 1, 10, 0, 0, 2]]], '10.0.0.1'],
    ['no router at all', [], undefined],
    ['routers of a wrong length', [[3, [10, 0, 0, 1, 9]]], undefined],
    ['no router by its address', [[3, [0, 0, 0, 0]]], undefined],
    [
      'the default route of option 121, which hides option 3',
      [
        [3, [10, 0, 0, 1]],
        [121, [0, 10, 0, 0, 9]],
      ],
      '10.0.0.9',
    ],
    ['a default route behind others', [[121, [24, 10, 1, 2, 10, 0, 0, 3, 0, 10, 0, 0, 9]]], '10.0.0.9'],
    [
      'option 121 without a default route',
      [
        [3, [10, 0, 0, 1]],
        [121, [24, 10, 1, 2, 10, 0, 0, 3]],
      ],
      undefined,
    ],
    ['option 121 that is cut', [[121, [0, 10, 0, 0]]], undefined],
    ['option 121 with an impossible prefix', [[121, [33, 1, 2, 3, 4, 5, 10, 0, 0, 9]]], undefined],
  ] as const)('is %s', (_, options, expected) => {
    expect(gatewayOf(withOptions(options))).toBe(expected);
  });
});

describe('a netmask', () => {
  it.each([
    ['255.255.255.0', 24],
    ['255.255.255.255', 32],
    ['128.0.0.0', 1],
    ['0.0.0.0', 0],
    ['255.0.255.0', undefined],
    ['0.0.0.255', undefined],
  ])('%s is /%s', (mask, prefix) => {
    expect(prefixOf(mask)).toBe(prefix);
  });
});
