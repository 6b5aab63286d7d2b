import { describe, expect, it } from 'vitest';
import { parsed } from '../../test/parse.ts';
import { addresses } from './addresses.ts';
import { neighbours } from './neighbours.ts';
import { routes } from './routes.ts';
import { rules } from './rules.ts';

const V4 = 'ip -j -4 route show table all';
const V6 = 'ip -j -6 route show table all';

const IPV6 = { '/proc/net/if_inet6': '' };

describe('addresses', () => {
  const SHOW = 'ip -j addr show';
  const at = (printed: string) => parsed(addresses, { files: {}, commands: { [SHOW]: printed } });

  it('tells both families and the far end of a point-to-point address', () => {
    const printed = [
      {
        ifname: 'lo',
        addr_info: [
          { family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' },
          { family: 'inet6', local: '::1', prefixlen: 128, scope: 'host' },
        ],
      },
      {
        ifname: 'tun0',
        addr_info: [{}, { family: 'inet', local: '10.9.0.1', address: '10.9.0.2', prefixlen: 32, scope: 'global' }],
      },
      { ifname: 'down0' },
    ];
    expect(at(JSON.stringify(printed))).toEqual({
      known: true,
      source: SHOW,
      value: [
        { link: 'lo', family: 'ipv4', address: '127.0.0.1', prefixLength: 8, scope: 'host' },
        { link: 'lo', family: 'ipv6', address: '::1', prefixLength: 128, scope: 'host' },
        { link: 'tun0', family: 'ipv4', address: '10.9.0.1', peer: '10.9.0.2', prefixLength: 32, scope: 'global' },
      ],
    });
  });

  it('names the place of what it does not understand', () => {
    expect(at('[{"ifname":"a","addr_info":[{"family":"inet","local":"10.0.0.1"}]}]')).toMatchObject({
      reason: 'failed',
      detail: 'entry 1, addr_info 1: prefixlen should be a number, found nothing',
    });
    expect(at('[{"ifname":"a","addr_info":7}]')).toMatchObject({
      detail: 'entry 1: addr_info should be a list, found a number',
    });
  });
});

describe('routes', () => {
  const at = (v4: unknown, v6: unknown = []) =>
    parsed(routes, { files: IPV6, commands: { [V4]: JSON.stringify(v4), [V6]: JSON.stringify(v6) } });

  it('fills in what iproute2 leaves out', () => {
    const found = at(
      [
        {
          dst: 'default',
          gateway: '10.1.0.254',
          dev: 'br0',
          protocol: 'dhcp',
          prefsrc: '10.1.0.1',
          metric: 100,
          flags: [],
        },
        { dst: 'default', gateway: '10.1.0.254', dev: 'br0', table: '100', flags: [] },
        { type: 'blackhole', dst: '10.30.0.0/24', flags: [] },
        {
          dst: '10.40.0.0/24',
          flags: [],
          nexthops: [
            { gateway: '10.1.0.6', dev: 'br0', weight: 2 },
            { gateway: '10.1.0.7', dev: 'br0', weight: 1 },
          ],
        },
        { dst: '10.50.0.0/16', via: { family: 'inet6', host: 'fd00::9' }, dev: 'br0', flags: [] },
        {
          type: 'local',
          dst: '10.1.0.1',
          dev: 'br0',
          table: 'local',
          protocol: 'kernel',
          scope: 'host',
          prefsrc: '10.1.0.1',
        },
      ],
      [
        { dst: 'default', gateway: 'fd00::2', dev: 'br0', metric: 1024, pref: 'medium' },
        { type: 'local', dst: '::1', dev: 'lo', table: 'local', metric: 0 },
      ],
    );
    expect(found.known && found.value).toEqual([
      {
        family: 'ipv4',
        destination: '0.0.0.0/0',
        type: 'unicast',
        table: 'main',
        protocol: 'dhcp',
        metric: 100,
        scope: 'global',
        source: '10.1.0.1',
        nextHops: [{ via: '10.1.0.254', link: 'br0' }],
      },
      {
        family: 'ipv4',
        destination: '0.0.0.0/0',
        type: 'unicast',
        table: '100',
        protocol: 'boot',
        metric: 0,
        scope: 'global',
        nextHops: [{ via: '10.1.0.254', link: 'br0' }],
      },
      {
        family: 'ipv4',
        destination: '10.30.0.0/24',
        type: 'blackhole',
        table: 'main',
        protocol: 'boot',
        metric: 0,
        scope: 'global',
        nextHops: [],
      },
      {
        family: 'ipv4',
        destination: '10.40.0.0/24',
        type: 'unicast',
        table: 'main',
        protocol: 'boot',
        metric: 0,
        scope: 'global',
        nextHops: [
          { via: '10.1.0.6', link: 'br0' },
          { via: '10.1.0.7', link: 'br0' },
        ],
      },
      {
        family: 'ipv4',
        destination: '10.50.0.0/16',
        type: 'unicast',
        table: 'main',
        protocol: 'boot',
        metric: 0,
        scope: 'global',
        nextHops: [{ via: 'fd00::9', link: 'br0' }],
      },
      {
        family: 'ipv4',
        destination: '10.1.0.1/32',
        type: 'local',
        table: 'local',
        protocol: 'kernel',
        metric: 0,
        scope: 'host',
        source: '10.1.0.1',
        nextHops: [{ link: 'br0' }],
      },
      {
        family: 'ipv6',
        destination: '::/0',
        type: 'unicast',
        table: 'main',
        protocol: 'boot',
        metric: 1024,
        scope: 'global',
        nextHops: [{ via: 'fd00::2', link: 'br0' }],
      },
      {
        family: 'ipv6',
        destination: '::1/128',
        type: 'local',
        table: 'local',
        protocol: 'boot',
        metric: 0,
        scope: 'global',
        nextHops: [{ link: 'lo' }],
      },
    ]);
  });

  it('takes no output for no routes, and half an answer for none', () => {
    expect(parsed(routes, { files: IPV6, commands: { [V4]: '[]', [V6]: '' } })).toMatchObject({
      known: true,
      value: [],
    });
    const refused = { state: 'failed', detail: 'RTNETLINK answers: Operation not permitted' } as const;
    const half = parsed(routes, { files: IPV6, commands: { [V4]: '[]', [V6]: refused } });
    expect(half).toMatchObject({ known: false, reason: 'failed', source: V6 });
  });

  it('does not ask a kernel without IPv6 for its routes', () => {
    expect(parsed(routes, { files: {}, commands: { [V4]: '[]', [V6]: '[]' } })).toEqual({
      known: true,
      value: [],
      source: V4,
    });
  });
});

describe('rules', () => {
  it('reads selectors, and names those it has no place for', () => {
    const printed = [
      { priority: 0, src: 'all', table: 'local' },
      { priority: 99, src: 'all', dst: '10.5.0.0', dstlen: 16, action: 'unreachable' },
      {
        priority: 100,
        not: null,
        src: '10.1.0.0',
        srclen: 24,
        fwmark: '0x2000',
        fwmask: '0x2000',
        iif: 'br0',
        table: '100',
      },
      { priority: 101, src: '10.1.0.9', ipproto: 'tcp', dport: 443, table: '101' },
    ];
    const found = parsed(rules, {
      files: {},
      commands: { 'ip -j rule show': JSON.stringify(printed), 'ip -6 -j rule show': '[]' },
    });
    expect(found.known && found.value).toEqual([
      { family: 'ipv4', priority: 0, from: 'all', to: 'all', table: 'local' },
      { family: 'ipv4', priority: 99, from: 'all', to: '10.5.0.0/16', table: 'unreachable' },
      {
        family: 'ipv4',
        priority: 100,
        from: '10.1.0.0/24',
        to: 'all',
        inputLink: 'br0',
        mark: '0x2000/0x2000',
        table: '100',
        not: true,
      },
      {
        family: 'ipv4',
        priority: 101,
        from: '10.1.0.9/32',
        to: 'all',
        table: '101',
        otherSelectors: ['ipproto', 'dport'],
      },
    ]);
  });
});

describe('neighbours', () => {
  it('tells states, and a missing hardware address by leaving it out', () => {
    const printed =
      '[{"dst":"10.1.0.7","dev":"br0","lladdr":"02:00:00:00:00:01","state":["PERMANENT"]},{"dst":"fd00::8","dev":"br0","state":["FAILED"]}]';
    const found = parsed(neighbours, { files: {}, commands: { 'ip -j neigh show': printed } });
    expect(found.known && found.value).toEqual([
      { family: 'ipv4', address: '10.1.0.7', link: 'br0', mac: '02:00:00:00:00:01', states: ['PERMANENT'] },
      { family: 'ipv6', address: 'fd00::8', link: 'br0', states: ['FAILED'] },
    ]);
  });
});
