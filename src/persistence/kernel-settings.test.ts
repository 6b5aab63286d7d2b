import { expect, test } from 'vitest';
import { kernelSettings, mayDecide, sameValue, storedValue } from './kernel-settings.ts';

const FORWARD = 'net/ipv4/ip_forward';
const ALL = 'net/ipv4/conf/all/forwarding';
const BRIDGE = 'net/bridge/bridge-nf-call-iptables';

function started(values: Readonly<Record<string, string>>, addressed: readonly string[] = []) {
  return kernelSettings({ values: new Map(Object.entries(values)), addressed: (device) => addressed.includes(device) });
}

test.each([
  ['1', '1'],
  [' 0x2 ', '2'],
  ['010', '8'],
  ['08', undefined],
  ['1 2', '1'],
  ['-1', '-1'],
  ['1x', undefined],
  ['+1', undefined],
  ['', undefined],
  ['2147483648', undefined],
])('%j is kept as %j', (text, value) => expect(storedValue(FORWARD, text)).toBe(value));

test("a bridge's switch is 0 or 1, and other settings are taken as written", () => {
  expect(storedValue(BRIDGE, '7')).toBe('1');
  expect(storedValue('net/ipv4/ip_local_port_range', '1 2')).toBe('1 2');
});

test('ip_forward, under either name, makes every interface follow when it changes', () => {
  const kernel = started({
    [FORWARD]: '0',
    [ALL]: '0',
    'net/ipv4/conf/eth0/forwarding': '0',
    'net/ipv4/conf/all/accept_redirects': '1',
  });
  kernel.write(ALL, '1');
  expect([FORWARD, 'net/ipv4/conf/eth0/forwarding', 'net/ipv4/conf/all/accept_redirects'].map(kernel.get)).toEqual([
    '1',
    '1',
    '0',
  ]);
  kernel.write('net/ipv4/conf/eth0/forwarding', '0');
  kernel.write(FORWARD, '1');
  expect(kernel.get('net/ipv4/conf/eth0/forwarding')).toBe('0');
});

test('conf/default reaches what nobody wrote on interfaces without an address', () => {
  const filter = (device: string) => `net/ipv4/conf/${device}/rp_filter`;
  const kernel = started(Object.fromEntries(['default', 'a', 'b', 'c'].map((device) => [filter(device), '0'])), ['c']);
  kernel.write(filter('b'), 'refused');
  kernel.write(filter('default'), '2');
  expect(['a', 'b', 'c'].map((device) => kernel.get(filter(device)))).toEqual(['2', '0', '0']);
});

test('what may decide what', () => {
  expect(mayDecide(FORWARD, ALL)).toBe(true);
  expect(mayDecide(FORWARD, 'net/ipv4/conf/eth0/forwarding')).toBe(true);
  expect(mayDecide('net/ipv4/conf/default/rp_filter', 'net/ipv4/conf/eth0/rp_filter')).toBe(true);
  expect(mayDecide('net/ipv4/conf/all/rp_filter', 'net/ipv4/conf/eth0/rp_filter')).toBe(false);
  expect(mayDecide('net/ipv6/conf/all/disable_ipv6', 'net/ipv6/conf/eth0/disable_ipv6')).toBe(true);
});

test('white space between numbers does not count', () => expect(sameValue('1 2', '1\t2\n')).toBe(true));
