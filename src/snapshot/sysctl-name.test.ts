import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sysctlKey, sysctlName } from './sysctl-name.ts';

describe('sysctlName', () => {
  it.each([
    ['net/ipv4/ip_forward', 'net.ipv4.ip_forward'],
    ['net/ipv4/conf/eth0.100/rp_filter', 'net.ipv4.conf.eth0/100.rp_filter'],
    ['kernel', 'kernel'],
  ])('prints %s as sysctl(8) does', (key, name) => {
    expect(sysctlName(key)).toBe(name);
    expect(sysctlKey(name)).toBe(key);
  });
});

describe('sysctlKey', () => {
  it('leaves a name whose first separator is a slash as it is', () => {
    expect(sysctlKey('net/ipv4/conf/eth0.100/rp_filter')).toBe('net/ipv4/conf/eth0.100/rp_filter');
  });

  it('takes back every path that has a separator before any dot', () => {
    const word = fc.stringMatching(/^[a-z0-9_-]{1,8}$/);
    const later = fc.stringMatching(/^[a-z0-9_.-]{1,8}$/);
    fc.assert(
      fc.property(word, fc.array(later, { minLength: 1, maxLength: 4 }), (first, rest) => {
        const key = [first, ...rest].join('/');
        expect(sysctlKey(sysctlName(key))).toBe(key);
      }),
    );
  });
});
