import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsed } from '../../test/parse.ts';
import { sourceOf } from '../hosts/ask.ts';
import { addresses } from './addresses.ts';
import { links } from './links.ts';
import { neighbours } from './neighbours.ts';
import { routes } from './routes.ts';
import { rules } from './rules.ts';
import type { Subject } from './subject.ts';

const HERE = `hw-snap-${process.pid}`;
const THERE = `${HERE}-b`;
const run = (...argv: string[]) => execFileSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8' });
const inside = (...argv: string[]) => run('ip', 'netns', 'exec', HERE, ...argv);

/** What the subject asks, answered by the kernel in the test's own namespace. */
function seen<T>(subject: Subject<T>): T {
  const commands = subject.asks.flatMap((ask) =>
    ask.kind === 'run' ? [[sourceOf(ask.argv), inside(...ask.argv)]] : [],
  );
  return parsed(subject, { files: { '/proc/net/if_inet6': '' }, commands: Object.fromEntries(commands) });
}

function told<T>(reading: { known: true; value: T } | { known: false; detail: string }): T {
  if (!reading.known) throw new Error(reading.detail);
  return reading.value;
}

describe('iproute2 of this machine', () => {
  beforeAll(() => {
    for (const name of [HERE, THERE]) run('ip', 'netns', 'add', name);
    inside('ip', 'link', 'set', 'lo', 'up');
    inside('ip', 'link', 'add', 'br0', 'type', 'bridge');
    inside('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    inside('ip', 'link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1', 'netns', THERE);
    inside('ip', 'tuntap', 'add', 'dev', 'tap0', 'mode', 'tap');
    for (const port of ['v0', 'tap0']) inside('ip', 'link', 'set', port, 'master', 'br0');
    for (const up of ['br0', 'v0', 'v1']) inside('ip', 'link', 'set', up, 'up');
    inside('ip', 'addr', 'add', '10.1.0.1/24', 'dev', 'br0');
    inside('ip', 'route', 'add', 'default', 'via', '10.1.0.254', 'metric', '100', 'proto', 'dhcp');
    inside('ip', 'route', 'add', '10.40.0.0/24', 'nexthop', 'via', '10.1.0.6', 'nexthop', 'via', '10.1.0.7');
    inside('ip', 'route', 'add', 'blackhole', '10.30.0.0/24', 'table', '100');
    inside(
      'ip',
      'rule',
      'add',
      'from',
      '10.1.0.0/24',
      'fwmark',
      '0x2000/0x2000',
      'iif',
      'br0',
      'lookup',
      '100',
      'priority',
      '99',
    );
    inside('ip', 'neigh', 'add', '10.1.0.7', 'lladdr', '02:00:00:00:00:01', 'dev', 'br0');
  });

  afterAll(() => {
    for (const name of [HERE, THERE]) run('ip', 'netns', 'del', name);
  });

  it('tells links, masters, peers elsewhere and a bridge’s own switch as it is turned', () => {
    const by = () => new Map(told(seen(links)).map((link) => [link.name, link]));
    expect(by().get('br0')).toMatchObject({ kind: 'bridge', up: true, bridge: { nfCallIptables: false } });
    expect(by().get('v0')).toMatchObject({ kind: 'veth', master: 'br0', lower: 'v1', bridgePort: { hairpin: false } });
    expect(by().get('p0')).toMatchObject({ kind: 'veth', foreignPeer: true });
    expect(by().get('tap0')).toMatchObject({ master: 'br0', tun: { type: 'tap' } });
    inside('ip', 'link', 'set', 'br0', 'type', 'bridge', 'nf_call_iptables', '1');
    expect(by().get('br0')?.bridge?.nfCallIptables).toBe(true);
  });

  it('tells addresses, routes, rules and neighbours', () => {
    expect(told(seen(addresses))).toContainEqual({
      link: 'br0',
      family: 'ipv4',
      address: '10.1.0.1',
      prefixLength: 24,
      scope: 'global',
    });
    const known = told(seen(routes));
    expect(known).toContainEqual(
      expect.objectContaining({
        destination: '0.0.0.0/0',
        protocol: 'dhcp',
        metric: 100,
        nextHops: [{ via: '10.1.0.254', link: 'br0' }],
      }),
    );
    expect(known).toContainEqual(
      expect.objectContaining({
        destination: '10.40.0.0/24',
        nextHops: [
          { via: '10.1.0.6', link: 'br0' },
          { via: '10.1.0.7', link: 'br0' },
        ],
      }),
    );
    expect(known).toContainEqual(
      expect.objectContaining({ destination: '10.30.0.0/24', type: 'blackhole', table: '100' }),
    );
    expect(known).toContainEqual(expect.objectContaining({ family: 'ipv6', destination: '::1/128', type: 'local' }));
    expect(told(seen(rules))).toContainEqual({
      family: 'ipv4',
      priority: 99,
      from: '10.1.0.0/24',
      to: 'all',
      inputLink: 'br0',
      mark: '0x2000/0x2000',
      table: '100',
    });
    expect(told(seen(neighbours))).toContainEqual({
      family: 'ipv4',
      address: '10.1.0.7',
      link: 'br0',
      mac: '02:00:00:00:00:01',
      states: ['PERMANENT'],
    });
  });
});
