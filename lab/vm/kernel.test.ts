import { expect, test } from 'vitest';
import { moduleFiles, moduleName } from './kernel.ts';

const INDEX = `kernel/net/bridge/bridge.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko
kernel/net/802/stp.ko: kernel/net/llc/llc.ko
kernel/net/llc/llc.ko:
kernel/net/bridge/br_netfilter.ko.xz: kernel/net/bridge/bridge.ko kernel/net/802/stp.ko kernel/net/llc/llc.ko
`;

test('what a module needs comes before it, each file once', () => {
  expect(moduleFiles(INDEX, ['bridge', 'br-netfilter'])).toEqual([
    'kernel/net/llc/llc.ko',
    'kernel/net/802/stp.ko',
    'kernel/net/bridge/bridge.ko',
    'kernel/net/bridge/br_netfilter.ko.xz',
  ]);
});

test('a module the index does not list is built in: nothing is carried', () => {
  expect(moduleFiles(INDEX, ['virtio_pci'])).toEqual([]);
});

test('dashes and underscores are one, and compression is no part of the name', () => {
  expect(moduleName('kernel/crypto/crc32c-generic.ko.zst')).toBe('crc32c_generic');
});
