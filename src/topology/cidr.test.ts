import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, twoHosts } from './cidr.ts';

describe('contains', () => {
  it.each([
    ['10.0.0.0/8', '10.52.1.0/24', true],
    ['10.52.1.0/24', '10.0.0.0/8', false],
    ['10.52.1.0/24', '10.52.2.7', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['2001:db8::/32', '2001:db8:1::5', true],
    ['nonsense', '10.0.0.1', false],
  ])('%s contains %s: %s', (outer, inner, expected) => {
    expect(contains(outer, inner)).toBe(expected);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => typeof contains(a, b) === 'boolean'));
  });
});

describe('twoHosts', () => {
  it('gives two different addresses inside the network, and none of its ends', () => {
    const network = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 30 })).map(([ip, length]) => `${ip}/${length}`);
    fc.assert(
      fc.property(network, (cidr) => {
        const pair = twoHosts(cidr);
        expect(pair).toBeDefined();
        const [a = '', b = ''] = pair ?? [];
        expect(a).not.toBe(b);
        expect(contains(cidr, a) && contains(cidr, b)).toBe(true);
      }),
    );
  });

  it('has none for a host route', () => {
    expect(twoHosts('10.0.0.1/32')).toBeUndefined();
    expect(twoHosts('10.0.0.0/31')).toBeUndefined();
  });

  it('works for IPv6', () => {
    expect(twoHosts('2001:db8::/64')).toEqual(['2001:db8::ffff:ffff:ffff:fffe', '2001:db8::ffff:ffff:ffff:fffd']);
  });
});
