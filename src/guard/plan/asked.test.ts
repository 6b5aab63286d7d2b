import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedDemand } from './asked.ts';

const parsed = (text: string) => {
  const demand = askedDemand(text);
  return typeof demand === 'string' ? demand : [demand.key, demand.value, demand.by];
};

describe('--hold', () => {
  it.each([
    ['net.ipv4.ip_forward=1', 'net/ipv4/ip_forward', '1'],
    ['net/ipv4/ip_forward = 1', 'net/ipv4/ip_forward', '1'],
    ['/proc/sys/vm/swappiness=0', 'vm/swappiness', '0'],
    ['net.ipv4.conf.eth0/100.rp_filter=2', 'net/ipv4/conf/eth0.100/rp_filter', '2'],
    ['net/ipv4/conf/eth0.100/rp_filter=2', 'net/ipv4/conf/eth0.100/rp_filter', '2'],
    ['net.ipv4.ip_local_port_range=1024  65000', 'net/ipv4/ip_local_port_range', '1024  65000'],
    ['kernel.core_pattern=|/bin/core a=b', 'kernel/core_pattern', '|/bin/core a=b'],
  ])('%s', (text, key, value) => {
    expect(parsed(text)).toEqual([key, value, '--hold']);
  });

  it.each([
    'x',
    '=1',
    'vm=1',
    'net.ipv4.ip_forward',
    'net.ipv4.ip_forward=',
    'net.ipv4.ip_forward=1\n0',
    'net.ipv4.ip_forward=\u001b[2J',
    '../../etc/passwd=x',
    'net/../../etc/passwd=x',
    '/etc/passwd=x',
    'net/./ipv4/ip_forward=1',
    'net.ipv4.conf.*.rp_filter=1',
    'net ipv4=1',
    'a/b/c/d/e/f/g/h/i/j=1',
  ])('refuses %j in words', (text) => {
    expect(askedDemand(text)).toEqual(expect.any(String));
  });

  it('never leads out of /proc/sys', () => {
    const part = fc.constantFrom('..', '.', '', 'net', '*', 'a.b', '\0', 'etc');
    const separator = fc.constantFrom('.', '/');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), separator, (parts, mark) => {
        const demand = askedDemand(`${parts.join(mark)}=1`);
        if (typeof demand === 'string') return;
        for (const word of demand.key.split('/')) expect(word).toMatch(/^[\w@:+.-]*[\w@:+-][\w@:+.-]*$/);
      }),
    );
  });
});
