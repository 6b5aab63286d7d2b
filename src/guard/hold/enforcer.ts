import type { Reading } from '../../hosts/reading.ts';
import type { Demand, SettingDemand } from '../demand.ts';
import type { Enforcement, HeldBy } from '../model.ts';
import type { Hold, SeenWrites } from './hold.ts';
import type { Released } from './on-node.ts';

export interface Enforcer {
  /** What is done now, and why not what was asked for. */
  readonly inForce: () => { readonly how: Exclude<Enforcement, 'auto'>; readonly why: string };
  hold(demands: readonly Demand[]): void;
  heldBy(demand: Demand): HeldBy;
  /** While paused writers are still seen. */
  pause(paused: boolean): void;
  seen(): readonly SeenWrites[];
  /**
   * Once a second or so: says that the guard lives, and sees whether the program is still attached. One that could not be
   * opened, or was lost, is tried again each minute; one that `guard release` took away is not.
   */
  tend(nowMs: number): void;
  /** Lets go, for good: nothing is opened again. */
  release(): Released;
  /** Whether somebody let go, through this guard or past it. */
  readonly released: () => boolean;
  close(): void;
}

export interface EnforcerOptions {
  readonly asked: Enforcement;
  /** Opens the BPF hold. Called again where it was lost. */
  readonly open: () => Reading<Hold>;
  readonly lost: (why: string) => void;
  /** Takes away what is pinned, by whichever guard, once the hold is closed. */
  readonly unpin: () => Released;
}

/** Where there is no hold it is tried again, in case what kept or took it away was passing. */
const RETRY_MS = 60_000;

/**
 * Puts the BPF hold behind the one question the loop has: who holds this key. What an earlier guard left holding is taken
 * over; where writes are not to be answered, it is let go of (`off`, `poll`) or made to observe, before anything is planned.
 */
export function makeEnforcer({ asked, open, lost, unpin }: EnforcerOptions): Enforcer {
  const wantsKernel = asked === 'auto' || asked === 'kernel' || asked === 'observe';
  let settings: readonly SettingDemand[] = [];
  let held: ReadonlySet<string> = new Set();
  let paused = false;
  let why = '';
  let released = false;
  let doubted = false;
  let retryMs: number | undefined;
  let hold: Hold | undefined;
  if (wantsKernel) hold = opened();
  else why = unpin().failed.join('; ');
  if (asked === 'observe') arm();

  function opened(): Hold | undefined {
    const reading = open();
    if (reading.known) {
      why = '';
      return reading.value;
    }
    why = reading.detail;
    return undefined;
  }

  function arm(): void {
    if (!hold) return;
    hold.mode(paused || asked === 'observe' ? 'observe' : 'hold');
    held = new Set(hold.set(settings).held);
    hold.beat();
  }

  function drop(reason: string, nowMs: number): void {
    hold?.close();
    hold = undefined;
    held = new Set();
    why = reason;
    retryMs = nowMs + RETRY_MS;
    lost(reason);
  }

  function letGo(): void {
    released = true;
    held = new Set();
    hold?.close();
    hold = undefined;
  }

  /** Who lets go detaches and then unpins: which of the two it was is told at the second look. */
  function see(detached: Hold, nowMs: number): void {
    if (!detached.pinned()) letGo();
    else if (doubted) drop('the program was detached by somebody else', nowMs);
    doubted = hold !== undefined;
  }

  function retry(nowMs: number): void {
    retryMs ??= nowMs + RETRY_MS;
    if (nowMs < retryMs) return;
    retryMs = nowMs + RETRY_MS;
    hold = opened();
    arm();
  }

  return {
    inForce() {
      if (released) return { how: 'off', why: 'released' };
      if (asked === 'off' || asked === 'observe') return { how: asked, why };
      return { how: hold ? 'kernel' : 'poll', why };
    },
    hold(demands) {
      settings = demands.filter((demand) => demand.kind === 'setting');
      arm();
    },
    heldBy(demand) {
      if (released || paused || asked === 'observe' || asked === 'off') return 'none';
      if (demand.kind === 'bridge-setting') return 'event';
      return demand.kind === 'setting' && held.has(demand.key) ? 'kernel' : 'poll';
    },
    pause(on) {
      paused = on;
      hold?.mode(paused || asked === 'observe' ? 'observe' : 'hold');
    },
    seen: () => hold?.seen() ?? [],
    tend(nowMs) {
      if (hold && !hold.standing()) see(hold, nowMs);
      else doubted = false;
      if (!hold && wantsKernel && !released) retry(nowMs);
      hold?.beat();
    },
    release() {
      letGo();
      return unpin();
    },
    released: () => released,
    close: () => hold?.close(),
  };
}
