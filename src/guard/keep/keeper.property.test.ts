import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { isWanted, type SettingDemand } from '../demand.ts';
import type { SeenWrites } from '../hold/hold.ts';
import type { EventOf, GuardEvent } from '../model.ts';
import type { Moment } from '../moment.ts';
import { type Keeper, makeKeeper } from './keeper.ts';

/** What holds of the keeper whatever others do to the settings, held against a small world of four of them. */

type Name = 'forward' | 'redirects' | 'forwarding' | 'filter';
const NAMES: readonly Name[] = ['forward', 'redirects', 'forwarding', 'filter'];
const KEYS: Readonly<Record<Name, string>> = {
  forward: 'net.ipv4.ip_forward',
  redirects: 'net.ipv4.conf.all.accept_redirects',
  forwarding: 'net.ipv4.conf.eth1.forwarding',
  filter: 'net.ipv4.conf.eth1.rp_filter',
};

function setting(key: string, value: string, also: readonly string[] = []): SettingDemand {
  return { kind: 'setting', key, value, also, by: 'test', reason: { en: '', 'zh-CN': '' } };
}

const DEMANDS: Readonly<Record<Name, SettingDemand>> = {
  forward: setting('net/ipv4/ip_forward', '1'),
  redirects: setting('net/ipv4/conf/all/accept_redirects', '1'),
  forwarding: setting('net/ipv4/conf/eth1/forwarding', '0'),
  filter: setting('net/ipv4/conf/eth1/rp_filter', '2', ['0']),
};

function nameOf(key: string): Name {
  return NAMES.find((name) => KEYS[name] === key) ?? 'filter';
}

/** The settings themselves, with inet_forward_change of net/ipv4/devinet.c. */
interface Kernel {
  read(name: Name): Reading<string>;
  write(name: Name, value: string): void;
  set(name: Name, value: string | 'absent' | 'denied'): void;
}

function kernel(): Kernel {
  const values: Record<Name, string> = { forward: '0', redirects: '1', forwarding: '0', filter: '1' };
  const has = (name: Name) => /^\d$/.test(values[name]);
  return {
    read(name) {
      const value = values[name];
      return value === 'absent' || value === 'denied' ? unknown(value, name, '') : known(value, name);
    },
    write(name, value) {
      const changed = values[name] !== value;
      values[name] = value;
      if (name !== 'forward' || !changed) return;
      if (has('redirects')) values.redirects = value === '0' ? '1' : '0';
      if (has('forwarding')) values.forwarding = value;
    },
    set(name, value) {
      values[name] = value;
    },
  };
}

interface World extends Kernel {
  readonly keeper: Keeper;
  readonly now: Moment;
  readonly held: number;
  readonly attempts: Readonly<Record<Name, readonly number[]>>;
  /** Repairs asked for that should not have been. */
  readonly wrongly: readonly string[];
  after(ms: number): void;
  holdAnswers(times: number): void;
  pause(ms: number): void;
  round(repairsFail: boolean): void;
}

type Happening = (world: World) => void;

function world(): World {
  const settings = kernel();
  const keeper = makeKeeper({ intervalMs: 100 });
  keeper.want(Object.values(DEMANDS));
  const attempts: Record<Name, number[]> = { forward: [], redirects: [], forwarding: [], filter: [] };
  const wrongly: string[] = [];
  let [ms, held, pausedUntil] = [0, 0, -1];
  const now = (): Moment => ({ ms, at: new Date(ms) });

  function repair(name: Name, value: string, fails: boolean): void {
    const found = settings.read(name);
    attempts[name].push(ms);
    if (!found.known || isWanted(DEMANDS[name], found.value)) wrongly.push(`needless: ${name}`);
    if (ms < pausedUntil) wrongly.push(`during a pause: ${name}`);
    if (!fails) settings.write(name, value);
    keeper.repaired(KEYS[name], fails ? { ok: false, why: 'EIO' } : { ok: true }, now());
  }

  return {
    ...settings,
    keeper,
    attempts,
    wrongly,
    get now() {
      return now();
    },
    get held() {
      return held;
    },
    after(passed) {
      ms += passed;
    },
    holdAnswers(times) {
      const writer = { comm: 'sysctl', cgroup: '/', pid: 7, at: now().at.toISOString() };
      const seen: SeenWrites = { key: DEMANDS.forward.key, written: '0', writer, times, answer: 'held' };
      keeper.saw([seen], now());
      held += times;
    },
    pause(forMs) {
      keeper.pause(forMs, now());
      pausedUntil = ms + forMs;
    },
    round(repairsFail) {
      keeper.pausedUntil(now());
      for (const { key } of keeper.order()) {
        const action = keeper.look(key, settings.read(nameOf(key)), now());
        if (action.do === 'repair') repair(nameOf(key), action.value, repairsFail);
      }
    },
  };
}

const name = fc.constantFrom(...NAMES);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(name, fc.constantFrom('0', '1', '2')).map(
      ([which, value]): Happening =>
        (on) =>
          on.write(which, value),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(name, fc.constantFrom('absent', 'denied', '1')).map(
      ([which, value]): Happening =>
        (on) =>
          on.set(which, value),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 10_000 }).map(
      (times): Happening =>
        (on) =>
          on.holdAnswers(times),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(30_000).map(
      (ms): Happening =>
        (on) =>
          on.pause(ms),
    ),
  },
  { weight: 4, arbitrary: fc.constant((): void => undefined) },
);
const tick = fc.record({
  afterMs: fc.constantFrom<number>(100, 100, 100, 130, 2_000, 45_000, 400_000),
  happening,
  fails: fc.boolean(),
});
type Tick = typeof tick extends fc.Arbitrary<infer T> ? T : never;

function live(ticks: readonly Tick[]): World {
  const lived = world();
  for (const { afterMs, happening: happens, fails } of ticks) {
    lived.after(afterMs);
    happens(lived);
    lived.round(fails);
  }
  return lived;
}

const LIVES = fc.array(tick, { maxLength: 300 });
/** Five are free, one makes it a fight, then the waits double: 200 ms, 400 ms … of which eight fit into a minute. */
const MOST_PER_MINUTE = 14;

function busiestMinute(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((ms) => ms >= from && ms < from + 60_000).length));
}

function ofKey<T extends GuardEvent['type']>(
  events: readonly GuardEvent[],
  key: string,
  type: T,
): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type && 'key' in event && event.key === key);
}

describe('whatever happens', () => {
  it('no key is written more than 14 times a minute', () => {
    fc.assert(
      fc.property(LIVES, (ticks) => {
        for (const times of Object.values(live(ticks).attempts))
          expect(busiestMinute(times)).toBeLessThanOrEqual(MOST_PER_MINUTE);
      }),
    );
  });

  it('that bound is reached where somebody writes at every moment, and not passed', () => {
    const rewrite: Happening = (on) => on.write('filter', '1');
    const ticks = Array.from({ length: 7_000 }, () => ({ afterMs: 100, happening: rewrite, fails: false }));
    expect(busiestMinute(live(ticks).attempts.filter)).toBe(MOST_PER_MINUTE);
  });

  it('nothing is written that reads as wanted, that cannot be read, or during a pause', () => {
    fc.assert(
      fc.property(LIVES, (ticks) => {
        expect(live(ticks).wrongly).toEqual([]);
      }),
    );
  });

  it('events add up', () => {
    fc.assert(
      fc.property(LIVES, (ticks) => {
        const { keeper, now, held, attempts } = live(ticks);
        keeper.flush(now);
        const events = keeper.events();
        const answered = ofKey(events, KEYS.forward, 'held');
        expect(answered.reduce((sum, { times }) => sum + times, 0)).toBe(held);
        for (const which of NAMES) {
          const repaired = ofKey(events, KEYS[which], 'repaired');
          const drifts = ofKey(events, KEYS[which], 'drift').length;
          const failed = ofKey(events, KEYS[which], 'repair-failed').length;
          expect(repaired.length + failed).toBe(attempts[which].length);
          expect(repaired.filter(({ after }) => after === undefined).length).toBeLessThanOrEqual(drifts);
          expect(repaired.every(({ latencyMs }) => latencyMs >= 0)).toBe(true);
          expect(keeper.state(KEYS[which])).toMatchObject({ drifts, repairs: repaired.length });
        }
      }),
    );
  });

  it('only what was contested becomes calm', () => {
    fc.assert(
      fc.property(LIVES, (ticks) => {
        const events = live(ticks).keeper.events();
        for (const key of Object.values(KEYS)) {
          const fights = events.filter(
            (event) => 'key' in event && event.key === key && /^(contested|calm)$/.test(event.type),
          );
          expect(fights.every(({ type }, index) => type !== 'calm' || fights[index - 1]?.type === 'contested')).toBe(
            true,
          );
        }
      }),
    );
  });

  it('what is left alone is right in the end', () => {
    fc.assert(
      fc.property(LIVES, (ticks) => {
        const lived = live(ticks);
        for (let rounds = 0; rounds < 4; rounds += 1) {
          lived.after(61_000);
          lived.round(false);
        }
        for (const which of NAMES) {
          const found = lived.read(which);
          expect(!found.known || isWanted(DEMANDS[which], found.value)).toBe(true);
        }
      }),
    );
  });
});
