import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Demand, isWanted, type SettingDemand } from '../demand.ts';
import { mergeDemands } from './merge.ts';

const REASON = { en: 'why', 'zh-CN': '原因' };

function setting(key: string, value: string, more: Partial<SettingDemand> = {}): SettingDemand {
  return { kind: 'setting', key, value, by: 'one', reason: REASON, ...more };
}

function bridge(value: '0' | '1', by = 'one'): Demand {
  return { kind: 'bridge-setting', bridge: 'br0', name: 'nf_call_iptables', value, by, reason: REASON };
}

describe('demands of one thing', () => {
  it('are one where they agree, with both names', () => {
    const other = setting('a/b', '1', { by: 'two', reason: { en: 'also', 'zh-CN': '同样' } });
    expect(mergeDemands([setting('a/b', '1'), other, setting('a/b', '1')])).toEqual({
      demands: [setting('a/b', '1', { by: 'one, two' })],
      conflicts: [],
    });
  });

  it('are one under either of two names', () => {
    const { demands, conflicts } = mergeDemands([
      setting('net/ipv4/conf/all/forwarding', '1'),
      setting('net/ipv4/ip_forward', '1', { by: '--hold' }),
    ]);
    expect(conflicts).toEqual([]);
    expect(demands).toMatchObject([{ key: 'net/ipv4/ip_forward', by: 'one, --hold' }]);
  });

  it('are a conflict where they contradict each other, and none is held, not even with a third', () => {
    const asked = [setting('a/b', '1'), setting('a/b', '0', { by: '--hold' }), setting('a/b', '1', { by: 'three' })];
    expect(mergeDemands([setting('c/d', '5'), ...asked])).toEqual({
      demands: [setting('c/d', '5')],
      conflicts: [{ key: 'a.b', demands: asked }],
    });
    expect(mergeDemands([bridge('0'), bridge('1', 'two')]).conflicts).toMatchObject([{ key: 'br0 nf_call_iptables' }]);
  });

  it('take along what one of them would sweep away, for that is open, too', () => {
    const own = setting('net/ipv4/conf/eth0/forwarding', '1');
    const off = setting('net/ipv4/conf/all/forwarding', '0', { by: '--hold' });
    const on = setting('net/ipv4/ip_forward', '1');
    const filter = setting('net/ipv4/conf/eth0/rp_filter', '2');
    const { demands, conflicts } = mergeDemands([on, own, filter, off]);
    expect(demands).toEqual([filter]);
    expect(conflicts.map(({ key }) => key)).toEqual(['net.ipv4.ip_forward', 'net.ipv4.conf.eth0.forwarding']);
    expect(conflicts[1]?.demands.map(({ by }) => by)).toEqual(['one', '--hold']);
    expect(mergeDemands([on, own]).demands, 'where all agree nothing is swept away').toEqual([on, own]);
  });

  it.each([
    [
      'the larger of two least values',
      { value: '5', atLeast: true },
      { value: '9', atLeast: true },
      { value: '9', atLeast: true },
    ],
    ['a value that is large enough', { value: '5', atLeast: true }, { value: '7' }, { value: '7' }],
    [
      'a value that is as good to one and wanted by the other',
      { value: '2', also: ['0'] },
      { value: '0' },
      { value: '0' },
    ],
    ['what both name', { value: '2', also: ['0', '3'] }, { value: '0', also: ['2'] }, { value: '2', also: ['0'] }],
  ] as const)('become %s', (_what, one, other, both) => {
    const demand = (more: typeof one | typeof other) => setting('a/b', more.value, more);
    expect(mergeDemands([demand(one), demand(other)]).demands).toEqual([setting('a/b', both.value, both)]);
    expect(mergeDemands([demand(other), demand(one)]).conflicts).toEqual([]);
  });

  it('accept together exactly what each accepts', () => {
    const number = fc.integer({ min: 0, max: 4 }).map(String);
    const named = fc.record({ value: number, also: fc.array(number, { maxLength: 3 }) });
    const least = number.map((value) => ({ value, atLeast: true as const }));
    const some = fc.array(fc.oneof(named, least), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(some, number, (wants, value) => {
        const demands = wants.map((want) => setting('a/b', want.value, want));
        const [one] = mergeDemands(demands).demands;
        const all = demands.every((demand) => isWanted(demand, value));
        if (one) expect(isWanted(one, value)).toBe(all);
        else expect(all).toBe(false);
      }),
    );
  });
});
