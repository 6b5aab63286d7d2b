import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../hosts/reading.ts';
import type { Demand, SettingDemand } from '../demand.ts';
import type { SeenWrites } from '../hold/hold.ts';
import type { Moment } from '../moment.ts';
import { type Keeper, makeKeeper } from './keeper.ts';

const INTERVAL = 100;
const START = Date.parse('2026-11-21T12:00:00Z');
const FORWARD = 'net.ipv4.ip_forward';
const BRIDGE = 'net.bridge.bridge-nf-call-iptables';

function at(ms: number): Moment {
  return { ms, at: new Date(START + ms) };
}

function setting(key: string, value: string, more: Partial<SettingDemand> = {}): SettingDemand {
  return { kind: 'setting', key, value, by: 'test', reason: { en: '', 'zh-CN': '' }, ...more };
}

const forward = setting('net/ipv4/ip_forward', '1');
const bridge = setting('net/bridge/bridge-nf-call-iptables', '0');

function seen(times: number, more: Partial<SeenWrites> = {}): SeenWrites {
  const writer = { comm: 'sysctl', cgroup: '/system.slice/rke2-server.service', pid: 7, at: at(0).at.toISOString() };
  return { key: 'net/ipv4/ip_forward', written: '0', writer, times, answer: 'held', ...more };
}

function keeperOf(...demands: readonly Demand[]): Keeper {
  const keeper = makeKeeper({ intervalMs: INTERVAL });
  keeper.want(demands);
  return keeper;
}

/** The types of what happened, with what counts of each. */
function told(keeper: Keeper): readonly string[] {
  return keeper.events().map((event) => {
    if (event.type === 'repaired') return `repaired in ${event.latencyMs}${event.after ? ` after ${event.after}` : ''}`;
    if (event.type === 'unreadable') return `unreadable ${event.reason}`;
    if (event.type === 'contested') return `contested ${event.perMinute}, again in ${event.retryMs}`;
    if (event.type === 'held' || event.type === 'let-through') return `${event.type} ${event.times}`;
    return event.type;
  });
}

const says = (value: string) => known(value, '/proc/sys');

describe('one key', () => {
  it('is repaired at once, and its latency is counted from when it was last right', () => {
    const keeper = keeperOf(forward);
    expect(keeper.look(FORWARD, says('1'), at(0))).toEqual({ do: 'nothing' });
    expect(keeper.look(FORWARD, says('0'), at(100))).toEqual({ do: 'repair', value: '1' });
    keeper.repaired(FORWARD, { ok: true }, at(101));
    expect(told(keeper)).toEqual(['drift', 'repaired in 101']);
    expect(keeper.look(FORWARD, says('1'), at(200))).toEqual({ do: 'nothing' });
    expect(keeper.state(FORWARD)).toMatchObject({ drifts: 1, repairs: 1, value: '1', contested: false });
  });

  it('is not taken for rewritten where a new plan came while the repair of the old one was under way', () => {
    const keeper = keeperOf(forward);
    expect(keeper.look(FORWARD, says('0'), at(0))).toEqual({ do: 'repair', value: '1' });
    keeper.want([{ ...forward, value: '0' }]);
    keeper.repaired(FORWARD, { ok: true }, at(50));
    expect(keeper.events()).toMatchObject([{ type: 'drift' }, { type: 'repaired', from: '0', to: '1' }]);
    expect(keeper.state(FORWARD)).toMatchObject({ value: '1', drifts: 1, repairs: 1 });
    expect(keeper.look(FORWARD, says('1'), at(100))).toEqual({ do: 'repair', value: '0' });
    keeper.repaired(FORWARD, { ok: true }, at(101));
    expect(keeper.events()).toMatchObject([{ type: 'repaired', from: '1', to: '0', after: 'plan' }]);
    expect(keeper.state(FORWARD)).toMatchObject({ value: '0', drifts: 1 });
  });

  it('waits for the answer to the repair it asked for', () => {
    const keeper = keeperOf({ kind: 'module', name: 'br_netfilter', by: 'x', reason: { en: '', 'zh-CN': '' } });
    const key = 'module br_netfilter';
    expect(keeper.look(key, says('not loaded'), at(0))).toEqual({ do: 'repair', value: 'loaded' });
    expect(keeper.look(key, says('not loaded'), at(100))).toEqual({ do: 'nothing' });
    keeper.repaired(key, { ok: true }, at(150));
    expect(told(keeper)).toEqual(['drift', 'repaired in 150']);
  });

  it('counts the latency from the write where it was seen, however the clock was set meanwhile', () => {
    for (const [writtenAt, latency] of [
      [at(130), 20],
      [at(-5_000), 150],
      [at(9_000), 150],
    ] as const) {
      const keeper = keeperOf(forward);
      keeper.look(FORWARD, says('1'), at(0));
      const { writer } = seen(1);
      keeper.saw([seen(1, { answer: 'length', writer: { ...writer, at: writtenAt.at.toISOString() } })], at(150));
      keeper.look(FORWARD, says('0'), at(150));
      keeper.repaired(FORWARD, { ok: true }, at(150));
      const events = keeper.events();
      expect(events.map(({ type }) => type)).toEqual(['let-through', 'drift', 'repaired']);
      expect(events[1]).toMatchObject({ writer: { comm: 'sysctl' } });
      expect(events[2]).toMatchObject({ latencyMs: latency });
    }
  });

  it('leaves alone what is as good, and does not repair what it cannot read', () => {
    const loose = setting('net/ipv4/conf/all/rp_filter', '2', { also: ['0'] });
    const many = setting('net/netfilter/nf_conntrack_max', '1000', { atLeast: true });
    const keeper = keeperOf(loose, many);
    expect(keeper.look('net.ipv4.conf.all.rp_filter', says('0'), at(0))).toEqual({ do: 'nothing' });
    expect(keeper.look('net.netfilter.nf_conntrack_max', says('2000'), at(0))).toEqual({ do: 'nothing' });
    for (const reason of ['denied', 'denied', 'absent', 'absent', 'denied'] as const)
      expect(keeper.look('net.ipv4.conf.all.rp_filter', unknown(reason, '', ''), at(1))).toEqual({ do: 'nothing' });
    expect(told(keeper)).toEqual(['unreadable denied', 'unreadable absent', 'unreadable denied']);
  });

  it('takes what came into being wrong for a drift, but for nobody’s rewriting', () => {
    const keeper = keeperOf(bridge);
    for (let round = 0; round < 20; round += 1) {
      keeper.look(BRIDGE, unknown('absent', '', ''), at(round * 1000));
      if (keeper.look(BRIDGE, says('1'), at(round * 1000 + 200)).do === 'repair')
        keeper.repaired(BRIDGE, { ok: true }, at(round * 1000 + 200));
    }
    expect(keeper.state(BRIDGE)).toMatchObject({ drifts: 20, contested: false });
  });

  it('tries again ever more rarely when a repair fails, and at once when one succeeded', () => {
    const keeper = keeperOf(forward);
    const tried: number[] = [];
    for (let ms = 0; ms <= 7_000; ms += INTERVAL) {
      if (keeper.look(FORWARD, says('0'), at(ms)).do !== 'repair') continue;
      tried.push(ms);
      keeper.repaired(FORWARD, { ok: false, why: 'EPERM' }, at(ms));
    }
    expect(tried).toEqual([0, 200, 600, 1400, 3000, 6200]);
    expect(told(keeper).filter((type) => type === 'drift')).toHaveLength(1);
  });

  it('is put right after a new plan without being called a drift', () => {
    const keeper = keeperOf(setting('net/bridge/bridge-nf-call-iptables', '1'));
    keeper.look(BRIDGE, says('1'), at(0));
    expect(keeper.want([bridge])).toEqual({ added: [], removed: [] });
    expect(keeper.look(BRIDGE, says('1'), at(100))).toEqual({ do: 'repair', value: '0' });
    keeper.repaired(BRIDGE, { ok: true }, at(100));
    expect(told(keeper)).toEqual(['repaired in 100 after plan']);
    expect(keeper.want([forward])).toEqual({ added: [FORWARD], removed: [BRIDGE] });
    expect(keeper.look(BRIDGE, says('1'), at(200))).toEqual({ do: 'nothing' });
  });
});

describe('a fight', () => {
  /** Somebody rewrites the key at every look for so long. Returns when it was put right. */
  function fight(keeper: Keeper, fromMs: number, forMs: number): readonly number[] {
    const repairs: number[] = [];
    let value = '1';
    keeper.look(FORWARD, says(value), at(fromMs));
    for (let ms = fromMs + INTERVAL; ms <= fromMs + forMs; ms += INTERVAL) {
      value = '0';
      if (keeper.look(FORWARD, says(value), at(ms)).do !== 'repair') continue;
      keeper.repaired(FORWARD, { ok: true }, at(ms));
      repairs.push(ms);
    }
    return repairs;
  }

  it('is told at the sixth rewrite, and repairs thin out to one a minute', () => {
    const keeper = keeperOf(forward);
    const repairs = fight(keeper, 0, 300_000);
    const contested = keeper.events().filter((event) => event.type === 'contested');
    expect(contested).toMatchObject([
      { perMinute: 6, writers: ['unknown'], retryMs: 200 },
      { writers: ['unknown'], retryMs: 60_000 },
    ]);
    expect(repairs.slice(0, 8)).toEqual([100, 200, 300, 400, 500, 700, 1100, 1900]);
    expect(repairs.slice(-2).map((ms, index, all) => ms - (all[index - 1] ?? ms))).toEqual([0, 60_000]);
    expect(keeper.state(FORWARD)).toMatchObject({ contested: true, retryMs: 60_000 });
  });

  it('is over after five quiet minutes, and the next drift is repaired at once', () => {
    const keeper = keeperOf(forward);
    fight(keeper, 0, 10_000);
    keeper.events();
    for (let ms = 10_100; ms <= 310_000; ms += INTERVAL) keeper.look(FORWARD, says('1'), at(ms));
    expect(told(keeper)).toEqual(['calm']);
    expect(fight(keeper, 400_000, 300)).toEqual([400_100, 400_200, 400_300]);
  });

  it('is told with its writers where the kernel holds the key, which need not be repaired', () => {
    const keeper = keeperOf(forward);
    keeper.saw([seen(3)], at(0));
    keeper.saw([seen(2, { writer: { ...seen(1).writer, comm: 'tuned' } })], at(100));
    keeper.saw([seen(1, { answer: 'same' })], at(150));
    expect(keeper.state(FORWARD)?.contested).toBe(false);
    keeper.saw([seen(1)], at(200));
    const cgroup = '/system.slice/rke2-server.service';
    expect(keeper.events().at(-1)).toMatchObject({
      type: 'contested',
      perMinute: 6,
      writers: [`sysctl (${cgroup})`, `tuned (${cgroup})`],
      retryMs: 0,
    });
    for (let ms = 300; ms <= 300_300; ms += INTERVAL) keeper.look(FORWARD, says('1'), at(ms));
    expect(told(keeper)).toEqual(['held 1', 'calm']);
  });

  it('names only those of the last minute', () => {
    const keeper = keeperOf(forward);
    keeper.saw([seen(3)], at(0));
    keeper.saw([seen(9, { writer: { ...seen(1).writer, comm: 'tuned' } })], at(70_000));
    expect(keeper.events().at(-1)).toMatchObject({ writers: ['tuned (/system.slice/rke2-server.service)'] });
  });
});

describe('keys that reach each other', () => {
  const all = 'net.ipv4.conf.all.accept_redirects';
  const one = 'net.ipv4.conf.eth1.forwarding';
  const demands = [
    setting('net/ipv4/conf/eth1/forwarding', '0'),
    setting('net/ipv4/conf/default/forwarding', '1'),
    setting('net/ipv4/conf/all/accept_redirects', '1'),
    {
      kind: 'bridge-setting',
      bridge: 'br0',
      name: 'nf_call_iptables',
      value: '0',
      by: '',
      reason: { en: '', 'zh-CN': '' },
    },
    { kind: 'module', name: 'br_netfilter', by: '', reason: { en: '', 'zh-CN': '' } },
    forward,
  ] as const satisfies readonly Demand[];

  it('are put right from the furthest reach down', () => {
    expect(
      keeperOf(...demands)
        .order()
        .map(({ key }) => key),
    ).toEqual(['module br_netfilter', FORWARD, all, 'net.ipv4.conf.default.forwarding', one, 'br0 nf_call_iptables']);
  });

  it('do not call our own doing a drift', () => {
    const keeper = keeperOf(...demands);
    const values = new Map([
      [FORWARD, '1'],
      [all, '1'],
      [one, '0'],
    ]);
    function round(ms: number) {
      for (const { key } of keeper.order()) {
        const value = values.get(key);
        if (value === undefined) continue;
        const action = keeper.look(key, says(value), at(ms));
        if (action.do !== 'repair') continue;
        values.set(key, action.value);
        // As inet_forward_change does it.
        if (key === FORWARD) values.set(all, '0').set(one, action.value);
        keeper.repaired(key, { ok: true }, at(ms));
      }
    }
    round(0);
    expect(keeper.events()).toEqual([]);
    values.set(FORWARD, '0').set(all, '1').set(one, '0');
    round(100);
    expect(told(keeper)).toEqual([
      'drift',
      'repaired in 100',
      `repaired in 100 after ${FORWARD}`,
      `repaired in 100 after ${FORWARD}`,
    ]);
    expect([...values.values()]).toEqual(['1', '1', '0']);
    round(200);
    values.set(one, '1');
    round(300);
    expect(told(keeper)).toEqual(['drift', 'repaired in 100']);
  });
});

describe('a pause', () => {
  it('ends by itself, changes nothing meanwhile, and is not counted as slowness', () => {
    const keeper = keeperOf(forward);
    keeper.look(FORWARD, says('1'), at(0));
    keeper.pause(600_000, at(0));
    expect(keeper.pausedUntil(at(100))).toEqual(at(600_000).at);
    expect(keeper.look(FORWARD, says('0'), at(100))).toEqual({ do: 'nothing' });
    expect(keeper.pausedUntil(at(600_000))).toBeUndefined();
    expect(keeper.look(FORWARD, says('0'), at(600_010))).toEqual({ do: 'repair', value: '1' });
    keeper.repaired(FORWARD, { ok: true }, at(600_010));
    expect(told(keeper)).toEqual(['paused', 'drift', 'resumed', 'repaired in 10']);
  });

  it('leaves a guard that only observes as it is', () => {
    const keeper = keeperOf(forward);
    keeper.act(false, at(0));
    keeper.pause(1000, at(0));
    keeper.resume(at(500));
    expect(keeper.look(FORWARD, says('0'), at(600))).toEqual({ do: 'nothing' });
    keeper.act(true, at(700));
    expect(keeper.look(FORWARD, says('0'), at(700))).toEqual({ do: 'repair', value: '1' });
  });
});
