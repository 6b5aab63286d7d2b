import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { counters } from './counters.ts';
import { tools } from './tools.ts';

const NETSTAT = 'TcpExt: SyncookiesSent IPReversePathFilter TW\nTcpExt: 0 17 3\nIpExt: InNoRoutes\nIpExt: 2\n';
const SNMP = 'Ip: Forwarding DefaultTTL InAddrErrors ForwDatagrams\nIp: 1 64 37 402115\nIcmp: InMsgs\nIcmp: 4\n';

describe('counters', () => {
  it('finds each by its name', () => {
    expect(parsed(counters, { files: { '/proc/net/netstat': NETSTAT, '/proc/net/snmp': SNMP } })).toMatchObject({
      reversePathFiltered: { value: 17, source: '/proc/net/netstat' },
      forwarded: { value: 402115, source: '/proc/net/snmp' },
      inAddrErrors: { value: 37 },
    });
  });

  it('says which is missing or malformed, and keeps the others', () => {
    const files = { '/proc/net/netstat': 'TcpExt: TW\nTcpExt: 3\n', '/proc/net/snmp': SNMP.replace('37', 'x') };
    expect(parsed(counters, { files })).toMatchObject({
      reversePathFiltered: { known: false, reason: 'failed', detail: 'TcpExt IPReversePathFilter: no such counter' },
      forwarded: { value: 402115 },
      inAddrErrors: { known: false, detail: 'line 2, field 4: Ip InAddrErrors is not a number' },
    });
    expect(unseen(counters).forwarded).toMatchObject({ reason: 'not-collected' });
  });
});

describe('tools', () => {
  it('tells a path, that there is none, or that nobody looked', () => {
    const found = parsed(tools, { files: {}, programs: ['ipset'] });
    expect(found.path('ipset')).toMatchObject({ known: true, value: '/usr/sbin/ipset' });
    expect(found.path('socat')).toMatchObject({ known: true, value: null });
    expect(unseen(tools).path('socat')).toMatchObject({ known: false, reason: 'not-collected' });
  });
});
