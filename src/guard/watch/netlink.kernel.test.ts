import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as nextTick } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enterOwnNetwork } from './kernel-test-bed.ts';
import { type LinkTable, linkTable } from './links.ts';
import { type NetworkWatch, openNetworkWatch } from './netlink.ts';

const network = enterOwnNetwork();
const opened = await openNetworkWatch();
if (!opened.known) throw new Error(opened.detail);
const watch: NetworkWatch = opened.value;

afterAll(() => watch.close());
beforeEach(() => void watch.drain());
afterEach(() => {
  for (let left = others(); left[0] !== undefined; left = others()) network.run(`ip link del ${left[0]}`);
});

/** Names of all links but the loopback. */
function others(): readonly string[] {
  return links().flatMap(({ ifname }) => (ifname === 'lo' ? [] : [ifname]));
}

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly master?: string;
  readonly flags: readonly string[];
}

/** What iproute2 says of the same. */
function links(): readonly IpLink[] {
  return JSON.parse(network.run('ip -j link')) as readonly IpLink[];
}

/** The table as the guard has it at its start. */
function tableNow(): LinkTable {
  const table = linkTable();
  lookAgain(table);
  return table;
}

function lookAgain(table: LinkTable): void {
  const now = watch.linksNow();
  if (!now.known) throw new Error(now.detail);
  table.replace(now.value);
}

/** Follows events into the table as the guard does, until there are no more; true when there was an overflow. */
function follow(table: LinkTable): boolean {
  let overflowed = false;
  for (let events = watch.drain(); events.length > 0; events = watch.drain()) {
    table.apply(events);
    if (!events.some(({ type }) => type === 'overflow')) continue;
    overflowed = true;
    lookAgain(table);
  }
  return overflowed;
}

function asIp(table: LinkTable): readonly Omit<IpLink, 'flags'>[] {
  const nameOf = new Map(table.all().map(({ index, name }) => [index, name]));
  return table
    .all()
    .map(({ index, name, master }) => ({
      ifindex: index,
      ifname: name,
      ...(master === 0 ? {} : { master: nameOf.get(master) ?? '' }),
    }))
    .sort((a, b) => a.ifindex - b.ifindex);
}

function bare({ ifindex, ifname, master }: IpLink): Omit<IpLink, 'flags'> {
  return { ifindex, ifname, ...(master === undefined ? {} : { master }) };
}

function switchSeen(): readonly string[] {
  return watch
    .drain()
    .flatMap((event) => (event.type === 'link' && event.link.bridge ? [event.link.bridge.nf_call_iptables] : []));
}

describe('links', () => {
  it('come, change and go', () => {
    network.run('ip link add br0 type bridge');
    network.run('ip link add p0 master br0 type veth peer name p1');
    network.run('ip link set p0 up');
    network.run('ip link set p0 nomaster');
    const events = watch.drain();
    const bridge = events.find((event) => event.type === 'link');
    expect(bridge).toMatchObject({
      link: { name: 'br0', kind: 'bridge', bridge: { nf_call_ip6tables: '0' }, up: false },
    });
    const p0 = events.filter((event) => event.type === 'link' && event.link.name === 'p0');
    expect(p0.at(-1)).toMatchObject({ link: { kind: 'veth', master: 0, up: true } });
    expect(p0.some((event) => event.type === 'link' && event.link.master !== 0)).toBe(true);
    // A port that left its bridge is not gone.
    expect(events.some(({ type }) => type === 'link-gone')).toBe(false);
    network.run('ip link del br0');
    expect(watch.drain()).toContainEqual({ type: 'link-gone', index: expect.any(Number), name: 'br0' });
  });

  it('are asked for all at once, or by name', () => {
    network.run('ip link add br0 type bridge nf_call_iptables 1');
    expect(watch.linksNow()).toMatchObject({
      value: [
        { name: 'lo', kind: '' },
        { name: 'br0', kind: 'bridge' },
      ],
    });
    expect(watch.linkNow('br0')).toMatchObject({
      value: { bridge: { nf_call_iptables: '1', nf_call_ip6tables: '0' } },
    });
    expect(watch.linkNow('br1')).toMatchObject({
      known: false,
      reason: 'absent',
      detail: 'br1: No such device (ENODEV)',
    });
  });

  it('bring news of addresses, and of default routes once', () => {
    network.run('ip link set lo up');
    watch.drain();
    network.run('ip addr add 10.9.9.1/24 dev lo');
    network.run('ip addr add fd00:9::1/64 dev lo');
    for (let route = 0; route < 20; route += 1) network.run(`ip route add 10.8.${route}.0/24 dev lo`);
    const events = watch.drain();
    expect(events).toContainEqual({ type: 'address', index: 1, family: 4, gone: false });
    expect(events).toContainEqual({ type: 'address', index: 1, family: 6, gone: false });
    expect(events.filter(({ type }) => type === 'default-route')).toEqual([]);
    for (const gateway of ['default', '::/0']) {
      network.run(`ip route add ${gateway} dev lo table 77`);
      expect(watch.drain()).toEqual([]);
      network.run(`ip route add ${gateway} dev lo`);
      network.run(`ip route change ${gateway} dev lo mtu 1400`);
      expect(watch.drain()).toEqual([{ type: 'default-route' }]);
      network.run(`ip route del ${gateway} dev lo`);
      expect(watch.drain()).toEqual([{ type: 'default-route' }]);
    }
    network.run('ip addr del 10.9.9.1/24 dev lo');
    expect(watch.drain()).toContainEqual({ type: 'address', index: 1, family: 4, gone: true });
    network.run('ip link set lo down');
  });

  it('of another namespace are no news', () => {
    network.run('unshare -n ip link add br7 type bridge');
    expect(watch.drain()).toEqual([]);
  });
});

describe('a bridge’s own switch', () => {
  it('is news when ip or sysfs changes it', () => {
    network.run('ip link add br0 up type bridge nf_call_iptables 1');
    watch.drain();
    network.run('ip link set br0 type bridge nf_call_iptables 0');
    expect(switchSeen()).toEqual(['0']);
    network.shell('echo 1 >/sys/class/net/br0/bridge/nf_call_iptables');
    expect(switchSeen()).toEqual(['1']);
  });

  it('changes without a word while the bridge is down, and is seen by asking', () => {
    network.run('ip link add br0 type bridge');
    watch.drain();
    network.run('ip link set br0 type bridge nf_call_iptables 1');
    expect(watch.drain()).toEqual([]);
    expect(watch.linkNow('br0')).toMatchObject({ value: { bridge: { nf_call_iptables: '1' } } });
    network.run('ip link set br0 up');
    expect(switchSeen()).toContain('1');
  });

  it('is set, and nothing else with it', () => {
    const all = () => network.run('ip -d -j link show br0').replaceAll(/"[a-z_]*timer":[^,}]*/g, '');
    network.run(
      'ip link add br0 up type bridge nf_call_iptables 1 nf_call_ip6tables 1 nf_call_arptables 1 priority 99',
    );
    const before = all();
    expect(watch.setBridge('br0', 'nf_call_iptables', '0')).toEqual({ ok: true });
    expect(all().replace('"nf_call_iptables":0', '"nf_call_iptables":1')).toBe(before);
    expect(watch.setBridge('br0', 'nf_call_ip6tables', '0')).toEqual({ ok: true });
    expect(watch.linkNow('br0')).toMatchObject({
      value: { bridge: { nf_call_iptables: '0', nf_call_ip6tables: '0' } },
    });
  });

  it('that cannot be set says why, and makes nothing', () => {
    expect(watch.setBridge('br0', 'nf_call_iptables', '0')).toEqual({
      ok: false,
      why: 'nf_call_iptables of br0: No such device (ENODEV)',
    });
    expect(watch.setBridge('lo', 'nf_call_iptables', '0')).toMatchObject({ ok: false });
    expect(links().map(({ ifname }) => ifname)).toEqual(['lo']);
  });

  it('is that of the new bridge when one is made anew under the same name', () => {
    const table = tableNow();
    for (const value of ['1', '0', '1'] as const) {
      network.run(`ip link add br0 type bridge nf_call_iptables ${value}`);
      follow(table);
      expect(table.switchOf('br0', 'nf_call_iptables')).toMatchObject({ value });
      network.run('ip link del br0');
      if (value === '0') follow(table);
    }
    network.run('ip link add br0 type bridge nf_call_iptables 0');
    follow(table);
    expect(table.switchOf('br0', 'nf_call_iptables')).toMatchObject({ value: '0' });
  });
});

describe('more than the queue holds', () => {
  it('is told, and what is older than the next look undoes nothing', () => {
    network.run('ip link add br0 up type bridge');
    const table = tableNow();
    for (let round = 0; round < 30_000; round += 1)
      watch.setBridge('br0', 'nf_call_iptables', round % 2 === 0 ? '0' : '1');
    network.run('ip link add br1 type bridge');
    network.run('ip link set br0 type bridge nf_call_iptables 1');
    expect(follow(table)).toBe(true);
    expect(table.switchOf('br0', 'nf_call_iptables')).toMatchObject({ value: '1' });
    expect(table.named('br1')).toBeDefined();
    network.run('ip link set br0 type bridge nf_call_iptables 0');
    expect(follow(table)).toBe(false);
    expect(table.switchOf('br0', 'nf_call_iptables')).toMatchObject({ value: '0' });
  });

  it.each(['all the while', 'in the end'])(
    'leaves nothing out when 1,000 veths come and half of them go, followed %s',
    async (when) => {
      const table = tableNow();
      network.run('ip link add br0 type bridge');
      const pairs = Array.from(
        { length: 1_000 },
        (_, pair) => `link add a${pair} group ${1 + (pair % 2)} master br0 type veth peer name b${pair}`,
      );
      const renamed = Array.from({ length: 100 }, (_, pair) => `link set b${pair * 10} name c${pair}`);
      const batch = spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'inherit', 'inherit'] });
      batch.stdin.end([...pairs, 'link del group 2', ...renamed, ''].join('\n'));
      const ended = once(batch, 'exit');
      while (batch.exitCode === null) {
        if (when === 'all the while') follow(table);
        await Promise.race([ended, nextTick(100)]);
      }
      expect(await ended).toEqual([0, null]);
      const overflowed = follow(table);
      if (when === 'in the end') expect(overflowed).toBe(true);
      expect(asIp(table)).toEqual(links().map(bare));
      expect(table.all().length).toBe(1_002);
      network.run('ip link del group 1');
    },
  );
});
