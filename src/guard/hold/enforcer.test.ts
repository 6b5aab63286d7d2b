import { describe, expect, it } from 'vitest';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import type { Demand } from '../demand.ts';
import { makeEnforcer } from './enforcer.ts';
import type { Hold } from './hold.ts';

/** A hold that stands until it is told otherwise. */
function standIn() {
  const is = { standing: true, pinned: true, closed: false };
  const told: string[] = [];
  const hold: Hold = {
    set: (demands) => {
      told.push(`set ${demands.length}`);
      return { held: demands.map(({ key }) => key), refused: [] };
    },
    mode: (how) => void told.push(how),
    beat: () => undefined,
    seen: () => [],
    standing: () => is.standing,
    pinned: () => is.pinned,
    close: () => {
      is.closed = true;
    },
  };
  return { is, told, hold };
}

function enforcing(asked: Parameters<typeof makeEnforcer>[0]['asked'], readings: Reading<Hold>[]) {
  const lost: string[] = [];
  let unpinned = 0;
  const enforcer = makeEnforcer({
    asked,
    open: () => readings.shift() ?? unknown('failed', 'test', 'no more'),
    lost: (why) => void lost.push(why),
    unpin: () => {
      unpinned += 1;
      return { released: [], failed: [] };
    },
  });
  return { enforcer, lost, left: () => readings.length, unpinned: () => unpinned };
}

const WHY = { en: 'why', 'zh-CN': '原因' };
const REFUSED = unknown('denied', 'test', 'not yet');

describe('the enforcer', () => {
  it('tries each minute what could not be opened, and holds then', () => {
    const { hold, told } = standIn();
    const { enforcer, left } = enforcing('auto', [REFUSED, REFUSED, known(hold, 'test')]);
    expect(enforcer.inForce()).toEqual({ how: 'poll', why: 'not yet' });
    enforcer.tend(1_000_000);
    enforcer.tend(1_059_999);
    expect(left()).toBe(2);
    enforcer.tend(1_060_000);
    enforcer.tend(1_119_000);
    expect([left(), enforcer.inForce().how]).toEqual([1, 'poll']);
    enforcer.tend(1_120_000);
    expect(enforcer.inForce()).toEqual({ how: 'kernel', why: '' });
    expect(told).toEqual(['hold', 'set 0']);
  });

  it('opens anew after a minute what somebody detached', () => {
    const [first, second] = [standIn(), standIn()];
    const { enforcer, lost } = enforcing('kernel', [known(first.hold, 'test'), known(second.hold, 'test')]);
    first.is.standing = false;
    enforcer.tend(0);
    expect(lost).toEqual([]);
    enforcer.tend(1_000);
    expect([lost.length, first.is.closed, enforcer.inForce().how]).toEqual([1, true, 'poll']);
    enforcer.tend(61_000);
    expect([enforcer.released(), enforcer.inForce().how]).toEqual([false, 'kernel']);
  });

  it.each([0, 1])('leaves for good what was detached and unpinned, seen at look %s', (look) => {
    const { hold, is } = standIn();
    const { enforcer, left, lost } = enforcing('auto', [known(hold, 'test'), REFUSED]);
    is.standing = false;
    for (const at of [0, 1]) {
      is.pinned = at < look;
      enforcer.tend(at * 1_000);
    }
    enforcer.tend(600_000);
    expect([enforcer.released(), enforcer.inForce(), left(), lost]).toEqual([
      true,
      { how: 'off', why: 'released' },
      1,
      [],
    ]);
  });

  it.each(['off', 'poll'] as const)('lets go of what an earlier guard left, as %s', (asked) => {
    const { enforcer, unpinned, left } = enforcing(asked, [REFUSED]);
    expect([unpinned(), enforcer.inForce().how, enforcer.released()]).toEqual([1, asked, false]);
    enforcer.tend(0);
    enforcer.tend(600_000);
    expect(left()).toBe(1);
  });

  it('says that nobody holds anything while it is paused, only observes, is off, or has let go', () => {
    const held = (asked: Parameters<typeof enforcing>[0]) => enforcing(asked, [known(standIn().hold, 'test')]).enforcer;
    const setting: Demand = { kind: 'setting', key: 'vm/swappiness', value: '0', by: 'test', reason: WHY };
    const bridge: Demand = {
      kind: 'bridge-setting',
      bridge: 'br0',
      name: 'nf_call_iptables',
      value: '0',
      by: '',
      reason: WHY,
    };
    const module: Demand = { kind: 'module', name: 'br_netfilter', by: 'test', reason: WHY };
    const all = [setting, bridge, module];
    const guard = held('kernel');
    guard.hold(all);
    expect(all.map(guard.heldBy)).toEqual(['kernel', 'event', 'poll']);
    guard.pause(true);
    expect(all.map(guard.heldBy)).toEqual(['none', 'none', 'none']);
    guard.pause(false);
    expect(all.map(guard.heldBy)).toEqual(['kernel', 'event', 'poll']);
    guard.release();
    expect(all.map(guard.heldBy)).toEqual(['none', 'none', 'none']);
    for (const asked of ['observe', 'off'] as const)
      expect(all.map(held(asked).heldBy)).toEqual(['none', 'none', 'none']);
  });

  it('has what an earlier guard left only observe, as observe', () => {
    const { hold, told } = standIn();
    const { unpinned } = enforcing('observe', [known(hold, 'test')]);
    expect([told, unpinned()]).toEqual([['observe', 'set 0'], 0]);
  });
});
