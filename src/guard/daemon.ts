import type { NodeJudgement } from '../fleet/node-report.ts';
import type { Lang } from '../lang.ts';
import { VERSION } from '../version.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { Released } from './hold/on-node.ts';
import { planInChild } from './judge/child.ts';
import { makeRounds } from './judge/rounds.ts';
import { makeKeeper } from './keep/keeper.ts';
import { everyInterval, makeTurn } from './loop.ts';
import type { GuardPlan, GuardStatus } from './model.ts';
import type { Moment } from './moment.ts';
import { makeCourse, type Progress } from './plan/stages.ts';
import { afterUpgrade, carryOver } from './plan/upgrade.ts';
import { makeReclaiming } from './repair/reclaiming.ts';
import { journaledRepairs } from './repair/repairs.ts';
import { withContested } from './tell/contested.ts';
import { judgementOf } from './tell/report.ts';
import { statusOf } from './tell/status.ts';

/** A guard at work. */
export interface Daemon {
  /** The first full round is over: what is wanted is known, held and put right once. */
  readonly ready: () => boolean;
  /** The loop turns. */
  readonly alive: () => boolean;
  readonly status: (lang: Lang) => GuardStatus;
  /** The last judgement, with the contests seen since among its findings. */
  readonly plan: () => GuardPlan | undefined;
  /** 0 ends a pause. Returns until when. */
  pause(forMs: number): Date | undefined;
  /** Lets go of everything, for good; goes on looking. */
  release(): Released;
  /** Judges the node anew. */
  reload(): void;
  /** Finishes what is in hand. Rolls nothing back. */
  stop(why: string): Promise<void>;
}

/** A loop that has not turned for so long hangs. */
const HANGS_MS = 10_000;

/** Below the unit's TimeoutStartSec. `/readyz` waits for the first full round all the same. */
const READY_AT_LATEST_MS = 45_000;

/** A judgement that fails so often says no longer what the node is like. */
const UNJUDGED_ROUNDS = 3;

function moment(): Moment {
  return { ms: performance.now(), at: new Date() };
}

/** Starts guarding: the first round begins at once, and turns follow each other until `stop`. */
export function startDaemon(options: DaemonOptions): Daemon {
  const { enforce, intervalMs, holding, sink, notify } = options;
  const since = new Date();
  const startedMs = performance.now();
  const keeper = makeKeeper({ intervalMs });
  const rounds = makeRounds({ everyMs: options.judgeEveryMs, chance: Math.random });
  const senses = options.senses({ ask, started: (unit) => comeTo(unit, 'launching') });
  const services = options.services({ ready: isReady });
  const course = makeCourse();
  const stopping = new AbortController();
  const inHand = new Set<Promise<void>>();
  let plan: GuardPlan | undefined;
  let ready = false;
  let failure = '';
  let conflicts = '';
  let round = Promise.resolve();
  let aliveToldMs = Number.NEGATIVE_INFINITY;
  let judging = false;
  let judgedMs = startedMs;
  let letGo = false;
  let readyTold = false;

  const findings = (of: GuardPlan) => withContested(of, keeper.state, options.lang);

  function ask(why: string): void {
    rounds.ask(why, performance.now());
  }

  /** What is under way is finished before the guard ends. An error in it is a bug, and ends the process. */
  function underWay(work: Promise<void>): void {
    inHand.add(work);
    void work.finally(() => inHand.delete(work));
  }

  const turn = makeTurn({
    senses,
    keeper,
    holding,
    repairs: journaledRepairs({
      host: options.host,
      directory: options.journalDirectory,
      bootId: options.bootId,
      tool: VERSION,
      complain: (why) => sink.complain(why.en),
      signal: stopping.signal,
    }),
    record: sink.record,
    moment,
    underWay,
  });
  const mayAct = enforce !== 'observe' && enforce !== 'off';
  keeper.act(mayAct, moment());
  const reclaim = makeReclaiming({
    program: options.program,
    sink,
    may: () => options.reclaim && mayAct && !holding.released() && keeper.pausedUntil(moment()) === undefined,
    signal: stopping.signal,
  });

  /** RKE2 and the others wait for it (Before= in the unit), but not for a judgement that fails or takes for ever. */
  function tellReady(): void {
    if (!readyTold) notify.ready();
    readyTold = true;
  }

  async function judge(): Promise<void> {
    judging = true;
    const because = rounds.begun(performance.now());
    const { program, planOptions } = options;
    const answer = await planInChild({ program, options: planOptions, signal: stopping.signal });
    judging = false;
    rounds.ended(performance.now(), 'plan' in answer ? answer.plan.phase : 'failed');
    if (stopping.signal.aborted) return;
    if ('failed' in answer) {
      if (answer.failed !== failure) sink.record({ ...stamp(), type: 'plan-failed', why: answer.failed });
      failure = answer.failed;
      tellReady();
      return;
    }
    failure = '';
    judgedMs = performance.now();
    adopt(course.advanced(answer.plan), because);
    if (!ready) await Promise.allSettled([...inHand]);
    ready = true;
    tellReady();
    underWay(reclaim(answer.plan));
  }

  function adopt(fresh: GuardPlan, because: readonly string[]): void {
    const before = plan ?? options.lastGood.read();
    const upgraded = before && afterUpgrade(before, fresh);
    const next = plan ? carryOver(plan, fresh) : fresh;
    if (upgraded) sink.record(upgraded);
    pursue(next, because);
    options.lastGood.keep(next);
    turn();
  }

  /** What is wanted from now on: watched, kept, and held in the kernel where it can be. */
  function pursue(next: GuardPlan, because: readonly string[]): void {
    const first = plan === undefined;
    plan = next;
    services.await(next.ahead?.services ?? []);
    options.watched(next.demands);
    const { added, removed } = keeper.want(next.demands);
    if (!holding.released()) holding.hold(next.demands);
    if (first) sink.record({ ...stamp(), type: 'started', enforce, keys: next.demands.length, pid: process.pid });
    else if (added.length + removed.length > 0)
      sink.record({ ...stamp(), type: 'planned', added, removed, phase: next.phase, because });
    tellConflicts(next);
    notify.status(`${next.demands.length} settings held, profile ${next.profile}`);
  }

  /** What the start of a service leads to is wanted at once; the judgement, which takes seconds, comes after. */
  function comeTo(unit: string, progress: Progress): void {
    if (!course.reached(unit, progress) || plan === undefined) return;
    const next = course.advanced(plan);
    if (next !== plan) pursue(next, [`${unit} is ${progress}`]);
  }

  function isReady(unit: string): void {
    ask(`${unit} is ready`);
    comeTo(unit, 'launched');
    turn();
  }

  function tellConflicts({ conflicts: found }: GuardPlan): void {
    const words = found
      .map(({ key, demands }) => `${key} (${demands.map(({ by }) => by).join(' against ')})`)
      .join(', ');
    if (words !== '' && words !== conflicts) sink.complain(`left alone, for it is wanted differently: ${words}`);
    conflicts = words;
  }

  function tellAlive(nowMs: number): void {
    if (notify.watchdogMs === undefined || nowMs - aliveToldMs < notify.watchdogMs / 2) return;
    aliveToldMs = nowMs;
    notify.alive();
  }

  /** `guard release` may not have reached this guard, but its hold: it looks on from then on, all the same. */
  function followRelease(): void {
    if (letGo || !holding.released()) return;
    letGo = true;
    keeper.act(false, moment());
    sink.complain('let go of by hayward guard release: this guard only looks on until it is started again');
  }

  function statusNow(lang: Lang): GuardStatus {
    return statusOf(
      {
        pid: process.pid,
        since: since.toISOString(),
        asked: enforce,
        holding,
        plan,
        stateOf: keeper.state,
        pausedUntil: keeper.pausedUntil(moment()),
        recent: sink.ledger.recent(),
        report: reporting?.standing(),
      },
      lang,
    );
  }

  /** What there is to report; nothing before the first full round, when what is wanted was not read yet. */
  function judgementNow(node: string): NodeJudgement | undefined {
    if (!ready || plan === undefined) return undefined;
    const unjudgedMs = performance.now() - judgedMs;
    return judgementOf({
      node,
      plan: { ...plan, findings: findings(plan) },
      status: statusNow(options.lang),
      unjudged: unjudgedMs > UNJUDGED_ROUNDS * options.judgeEveryMs ? failure : '',
    });
  }

  const reporting = options.report?.({
    judgement: judgementNow,
    record: (event) => sink.record({ ...stamp(), ...event }),
    signal: stopping.signal,
  });

  const beat = everyInterval(intervalMs, () => {
    turn();
    followRelease();
    const nowMs = performance.now();
    tellAlive(nowMs);
    if (nowMs - startedMs > READY_AT_LATEST_MS) tellReady();
    if (!judging && nowMs >= rounds.dueAt()) round = judge();
  });

  return {
    ready: () => ready,
    alive: () => performance.now() - beat.lastMs() < HANGS_MS + intervalMs,
    plan: () => plan && { ...plan, findings: findings(plan) },
    status: statusNow,
    pause(forMs) {
      if (forMs > 0) keeper.pause(forMs, moment());
      else keeper.resume(moment());
      turn();
      return keeper.pausedUntil(moment());
    },
    release() {
      const what = holding.release();
      followRelease();
      return what;
    },
    reload: rounds.demand,
    async stop(why) {
      notify.stopping(why);
      beat.stop();
      services.await([]);
      stopping.abort();
      await Promise.allSettled([round, reporting?.ended, ...inHand]);
      keeper.flush(moment());
      for (const event of keeper.events()) sink.record(event);
      const held = plan?.demands.filter((demand) => holding.heldBy(demand) === 'kernel').length ?? 0;
      sink.record({ ...stamp(), type: 'stopped', why, held });
      holding.close();
    },
  };
}

function stamp(): { readonly at: string } {
  return { at: new Date().toISOString() };
}
