import type { ActingHost } from '../hosts/host.ts';
import type { Lang } from '../lang.ts';
import { VERSION } from '../version.ts';
import { afterUpgrade, carryOver } from './afterwards.ts';
import { type OwnProgram, planInChild, reclaimInChild } from './child.ts';
import type { Demand } from './demand.ts';
import type { Holding } from './holding.ts';
import { makeKeeper } from './keeper.ts';
import type { LastGood } from './last-good.ts';
import type { Notifier } from './live/notify.ts';
import { everyInterval, makeTurn, type Senses } from './loop.ts';
import type { Enforcement, GuardPlan, GuardStatus } from './model.ts';
import type { Moment } from './moment.ts';
import { journaledRepairs } from './repairs.ts';
import { makeRounds } from './rounds.ts';
import type { Sink } from './sink.ts';
import { statusOf } from './status.ts';

export interface DaemonOptions {
  readonly enforce: Enforcement;
  readonly intervalMs: number;
  readonly judgeEveryMs: number;
  /** Options of `guard plan`. */
  readonly planOptions: readonly string[];
  /** Give leaked leases back when a judgement finds some. */
  readonly reclaim: boolean;
  readonly program: OwnProgram;
  readonly host: ActingHost;
  readonly journalDirectory: string;
  readonly bootId: string;
  readonly senses: (ask: (why: string) => void) => Senses;
  /** Told which demands there are, before they are read. */
  readonly watched: (demands: readonly Demand[]) => void;
  readonly holding: Holding;
  readonly lastGood: LastGood;
  readonly sink: Sink;
  readonly notify: Notifier;
}

/** A guard at work. */
export interface Daemon {
  /** The first full round is over: what is wanted is known, held and put right once. */
  readonly ready: () => boolean;
  /** The loop turns. */
  readonly alive: () => boolean;
  readonly status: (lang: Lang) => GuardStatus;
  readonly plan: () => GuardPlan | undefined;
  /** 0 ends a pause. Returns until when. */
  pause(forMs: number): Date | undefined;
  /** Lets go of everything, for good; goes on looking. */
  release(): void;
  /** Judges the node anew. */
  reload(): void;
  /** Finishes what is in hand. Rolls nothing back. */
  stop(why: string): Promise<void>;
}

/** Between two attempts at giving leases back, in milliseconds. */
const RECLAIM_EVERY_MS = 10 * 60_000;
/** A loop that has not turned for so long hangs. */
const HANGS_MS = 10_000;

function moment(): Moment {
  return { ms: performance.now(), at: new Date() };
}

/** Starts guarding: the first round begins at once, and turns follow each other until `stop`. */
export function startDaemon(options: DaemonOptions): Daemon {
  const { enforce, intervalMs, holding, sink, notify } = options;
  const since = new Date();
  const keeper = makeKeeper({ intervalMs });
  const rounds = makeRounds({ everyMs: options.judgeEveryMs, chance: Math.random });
  const senses = options.senses((why) => rounds.ask(why, performance.now()));
  const stopping = new AbortController();
  const inHand = new Set<Promise<unknown>>();
  let plan: GuardPlan | undefined;
  let failure = '';
  let reclaimedMs = Number.NEGATIVE_INFINITY;
  let aliveToldMs = Number.NEGATIVE_INFINITY;
  let judging = false;
  let released = false;

  const repairs = journaledRepairs({
    host: options.host,
    directory: options.journalDirectory,
    bootId: options.bootId,
    tool: VERSION,
    complain: (why) => sink.complain(`repairs are not in the journal: ${why.en}`),
  });
  const turn = makeTurn({
    senses,
    keeper,
    holding,
    repairs: { ...repairs, first: (demand) => kept(repairs.first(demand)) },
    record: sink.record,
    moment,
  });
  keeper.act(enforce !== 'observe' && enforce !== 'off', moment());

  function kept<T>(work: Promise<T>): Promise<T> {
    inHand.add(work);
    void work.finally(() => inHand.delete(work));
    return work;
  }

  async function round(): Promise<void> {
    judging = true;
    rounds.begun(performance.now());
    const { program, planOptions } = options;
    const answer = await planInChild({ program, options: planOptions, signal: stopping.signal });
    judging = false;
    rounds.ended(performance.now(), 'plan' in answer ? answer.plan.phase : undefined);
    if (stopping.signal.aborted) return;
    if ('plan' in answer) adopt(answer.plan);
    else if (answer.failed !== failure) sink.record({ ...stamp(), type: 'plan-failed', why: answer.failed });
    failure = 'plan' in answer ? '' : answer.failed;
    if (plan && wantsReclaim(plan)) await reclaim();
  }

  function adopt(fresh: GuardPlan): void {
    const before = plan ?? options.lastGood.read();
    const upgraded = before && afterUpgrade(before, fresh);
    const first = plan === undefined;
    plan = plan ? carryOver(plan, fresh) : fresh;
    options.watched(plan.demands);
    const { added, removed } = keeper.want(plan.demands);
    if (!released) holding.hold(plan.demands);
    if (upgraded) sink.record(upgraded);
    if (first) sink.record({ ...stamp(), type: 'started', enforce, keys: plan.demands.length, pid: process.pid });
    else if (added.length + removed.length > 0)
      sink.record({ ...stamp(), type: 'planned', added, removed, phase: plan.phase });
    options.lastGood.keep(plan);
    turn();
    if (first) notify.ready();
    notify.status(`${plan.demands.length} settings held, profile ${plan.profile}`);
  }

  function wantsReclaim({ leases }: GuardPlan): boolean {
    const acts = options.reclaim && !released && enforce !== 'observe' && enforce !== 'off';
    const due = performance.now() - reclaimedMs >= RECLAIM_EVERY_MS;
    return acts && due && keeper.pausedUntil(moment()) === undefined && leases.some(({ leaked }) => leaked > 0);
  }

  async function reclaim(): Promise<void> {
    reclaimedMs = performance.now();
    const answer = await reclaimInChild({ program: options.program, signal: stopping.signal });
    if ('failed' in answer) sink.complain(`leaked leases could not be given back: ${answer.failed}`);
    else if (answer.addresses.length > 0) {
      sink.record({ ...stamp(), type: 'leases-reclaimed', addresses: answer.addresses });
    }
  }

  function tellAlive(nowMs: number): void {
    if (notify.watchdogMs === undefined || nowMs - aliveToldMs < notify.watchdogMs / 2) return;
    aliveToldMs = nowMs;
    notify.alive();
  }

  const beat = everyInterval(intervalMs, () => {
    turn();
    const nowMs = performance.now();
    tellAlive(nowMs);
    if (!judging && nowMs >= rounds.dueAt()) void kept(round());
  });

  return {
    ready: () => plan !== undefined,
    alive: () => performance.now() - beat.lastMs() < HANGS_MS + intervalMs,
    plan: () => plan,
    status: (lang) =>
      statusOf(
        {
          pid: process.pid,
          since: since.toISOString(),
          asked: enforce,
          holding,
          plan,
          stateOf: keeper.state,
          pausedUntil: keeper.pausedUntil(moment()),
          recent: sink.ledger.recent(),
        },
        lang,
      ),
    pause(forMs) {
      if (forMs > 0) keeper.pause(forMs, moment());
      else keeper.resume(moment());
      turn();
      return keeper.pausedUntil(moment());
    },
    release() {
      released = true;
      holding.release();
      keeper.act(false, moment());
    },
    reload: () => rounds.ask('asked to', performance.now()),
    async stop(why) {
      notify.stopping(why);
      beat.stop();
      stopping.abort();
      await Promise.allSettled([...inHand]);
      keeper.flush(moment());
      for (const event of keeper.events()) sink.record(event);
      sink.record({ ...stamp(), type: 'stopped', why });
      holding.close();
    },
  };
}

function stamp(): { readonly at: string } {
  return { at: new Date().toISOString() };
}
