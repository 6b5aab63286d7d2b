import { describe, expect, it } from 'vitest';
import { cidrText, isInside, parseCidr, someHosts } from './networks.ts';

const all = (below: number): ((n: number) => number) => {
  let next = 0;
  return (n) => next++ % Math.min(n, below);
};

describe('a network', () => {
  it.each([
    ['192.168.7.0/24', '192.168.7.0/24'],
    ['192.168.7.9/24', '192.168.7.0/24'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['10.0.0.1/32', '10.0.0.1/32'],
  ])('%s is %s', (text, cidr) => {
    expect(cidrText(parseCidr(text)!)).toBe(cidr);
  });

  it.each(['10.0.0.0', '10.0.0.0/0', '10.0.0.0/33', '10.0.0/8', '10.0.0.256/8', '::1/64', '10.0.0.0/', ''])(
    'none: %j',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  it('gives hosts that are not the network, the broadcast address, or excluded', () => {
    const hosts = someHosts(parseCidr('10.0.0.0/29')!, 9, ['10.0.0.1'], all(100));
    expect([...hosts].sort()).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(someHosts(parseCidr('10.0.0.0/31')!, 3, ['10.0.0.0'], all(100))).toEqual(['10.0.0.1']);
    expect(someHosts(parseCidr('10.0.0.1/32')!, 3, ['10.0.0.1'], all(100))).toEqual([]);
  });

  it('knows what is inside', () => {
    const network = parseCidr('240.0.0.0/4')!;
    expect([isInside(network, '239.255.255.255'), isInside(network, '255.255.255.255')]).toEqual([false, true]);
  });
});
