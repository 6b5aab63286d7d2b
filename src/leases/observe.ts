import { setTimeout as pause } from 'node:timers/promises';
import { type Capture, viewOf } from '../hosts/capture.ts';
import type { CollectOptions, Host } from '../hosts/host.ts';
import { type LeaseScope, type Leases, leaseAsks, leasesOf } from '../snapshot/leases.ts';
import type { Guard } from './guards.ts';
import { judgeLeases } from './judge.ts';
import { isUndecided, type LeaseVerdict } from './model.ts';

/** One look at a node's leases, with the answers it was made from. */
export interface Observation extends Leases {
  readonly capture: Capture;
}

/** Looks and judged: what `hayward leases` shows. */
export interface JudgedLeases extends Observation {
  readonly verdicts: readonly LeaseVerdict[];
}

export interface JudgeOptions extends CollectOptions {
  /** All, but in the tests of what each is there for. */
  readonly guards?: readonly Guard[];
}

/** A namespace of a Pod that is being made, or that fails for want of an address, is gone within a second or two. */
const SETTLE_MS = 1_500;
const MOST_LOOKS = 4;

/**
 * Looks once. Where the node's CNI configuration names data directories besides the usual one, and none were asked
 * for, it looks again with those; that is the only case of a second round trip.
 */
export async function observeLeases(host: Host, scope: LeaseScope, options?: CollectOptions): Promise<Observation> {
  const first = await lookOnce(host, scope, options);
  if (scope.dataDirs !== undefined) return first;
  const { networks } = first.look;
  const unasked = networks.some(({ readable }) => !readable.known && readable.reason === 'not-collected');
  if (!unasked || first.capture.unreachable) return first;
  return lookOnce(host, { ...scope, dataDirs: [...new Set(networks.map(({ dataDir }) => dataDir))] }, options);
}

async function lookOnce(host: Host, scope: LeaseScope, options?: CollectOptions): Promise<Observation> {
  const capture = await host.collect(leaseAsks(scope), options);
  return { capture, ...leasesOf(viewOf(capture), scope) };
}

/**
 * Looks and judges. Where nothing but a namespace that belongs to nobody stands against a judgement, it looks again a
 * few times: those of Pods that are just being made go, and what was there before them is then certain.
 */
export async function observeAndJudge(
  host: Host,
  scope: LeaseScope,
  graceMs: number,
  options?: JudgeOptions,
): Promise<JudgedLeases> {
  let seen = await observeLeases(host, scope, options);
  let verdicts = judgeLeases(seen.look, undefined, { ...seen.times, graceMs }, options?.guards);
  // What a bundle holds does not change by waiting.
  const looksAgain = host.via !== 'bundle';
  for (let looks = 1; looksAgain && looks < MOST_LOOKS && hangsOnNamespaces(seen, verdicts); looks += 1) {
    const earlier = seen.look;
    await pause(SETTLE_MS, undefined, options?.signal ? { signal: options.signal } : {});
    seen = await observeLeases(host, scope, options);
    verdicts = judgeLeases(seen.look, earlier, { ...seen.times, graceMs }, options?.guards);
  }
  return { ...seen, verdicts };
}

function hangsOnNamespaces({ look: { runtime } }: Leases, verdicts: readonly LeaseVerdict[]): boolean {
  const { sandboxes, foreignNamespaces, shims } = runtime;
  const whole = sandboxes.known && foreignNamespaces.known && shims.known;
  return whole && verdicts.some((verdict) => verdict.state === 'unknown' && isUndecided(verdict));
}
