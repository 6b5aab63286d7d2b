import { expect, it } from 'vitest';
import { listenAddress, listenAddressText } from './listen-address.ts';

const EXPECTED = 'ADDRESS:PORT, such as 127.0.0.1:9470';

it.each([
  ['127.0.0.1:9470', '127.0.0.1', 9470],
  ['[::1]:9470', '::1', 9470],
  ['[::ffff:10.0.0.1]:1', '::ffff:10.0.0.1', 1],
  ['node-1.example.org:65535', 'node-1.example.org', 65_535],
  [':9471', '', 9471],
  ['127.0.0.1:0', '127.0.0.1', 0],
])('%s is read, and written as it was typed', (text, host, port) => {
  expect(listenAddress(text, EXPECTED)).toEqual({ host, port });
  expect(listenAddressText({ host, port })).toBe(text);
});

it.each(['9470', ':x', '127.0.0.1:', '127.0.0.1:65536', '127.0.0.1:123456', '::1:9470', '[::1]', 'a b:1', 'off', ''])(
  '%j is wrong usage, with what is expected',
  (text) => {
    expect(() => listenAddress(text, EXPECTED)).toThrow(`--listen ${text}: expected ${EXPECTED}`);
  },
);
