import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { sysctl } from './sysctl.ts';

const CONF = '/proc/sys/net/ipv4/conf';

describe('sysctl', () => {
  const values = parsed(sysctl, {
    files: {
      '/proc/sys/net/ipv4/ip_forward': '1\n',
      [`${CONF}/all/forwarding`]: '1\n',
      [`${CONF}/default/forwarding`]: '1\n',
      [`${CONF}/eth0.100/forwarding`]: '0\n',
      [`${CONF}/eth0.100/rp_filter`]: '2\n',
      '/proc/sys/net/ipv4/ip_local_reserved_ports': '\n',
    },
  });

  it('reads a value without its newline, with its path', () => {
    expect(values.get('net/ipv4/ip_forward')).toEqual({
      known: true,
      value: '1',
      source: '/proc/sys/net/ipv4/ip_forward',
    });
    expect(values.get('net/ipv4/conf/eth0.100/rp_filter')).toMatchObject({ value: '2' });
    expect(values.get('net/ipv4/ip_local_reserved_ports')).toMatchObject({ known: true, value: '' });
  });

  it('says absent of what was looked for and is not there, and not-collected of what nobody looked for', () => {
    expect(values.get('net/bridge/bridge-nf-call-iptables')).toMatchObject({ known: false, reason: 'absent' });
    expect(values.get('net/ipv4/conf/eth1/rp_filter')).toMatchObject({ known: false, reason: 'absent' });
    expect(values.get('net/ipv4/conf/eth0.100/tag')).toMatchObject({ known: false, reason: 'not-collected' });
    expect(unseen(sysctl).get('net/ipv4/ip_forward')).toMatchObject({ known: false, reason: 'not-collected' });
  });

  it('says why a whole group is not known', () => {
    const denied = unseen(sysctl, {
      globs: { '/proc/sys/net/ipv4/vs/*': { state: 'denied', detail: 'Permission denied' } },
    });
    expect(denied.get('net/ipv4/vs/conntrack')).toMatchObject({
      known: false,
      reason: 'denied',
      source: '/proc/sys/net/ipv4/vs/conntrack',
    });
  });

  it('lists interfaces without all and default', () => {
    expect(values.interfaces('ipv4')).toMatchObject({ value: ['eth0.100'] });
    expect(values.interfaces('ipv6')).toMatchObject({ value: [] });
    expect(unseen(sysctl).interfaces('ipv4')).toMatchObject({ known: false, reason: 'not-collected' });
  });
});
