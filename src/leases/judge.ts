import type { Bilingual } from '../lang.ts';
import type { JudgeLeasesOptions, Lease, LeaseLook, LeaseState, LeaseVerdict } from './model.ts';
import { type Sight, sightOf } from './sight.ts';
import { why } from './why.ts';

/**
 * Judges every lease of a look. `live`: something holds it. `leaked`: the runtime does not list its sandbox, or lists it
 * as dead; nothing uses the address; nothing unmatched runs; and it is older than the grace time. `grace`: as leaked,
 * but too young for certainty, for a runtime lists a sandbox only when RunPodSandbox ends. `unknown`: something that
 * would decide could not be seen.
 *
 * With an earlier look, a lease is leaked only if it was there then, unchanged and without a live sandbox; the time
 * between the looks then counts as its age too, which a clock that lies cannot bend.
 */
export function judgeLeases(
  look: LeaseLook,
  earlier: LeaseLook | undefined,
  options: JudgeLeasesOptions,
): readonly LeaseVerdict[] {
  const context: Context = {
    sight: sightOf(look, earlier),
    unreadable: unreadableIn(look),
    options,
    ...(earlier && { before: beforeOf(earlier, look) }),
  };
  return look.leases.map((lease) => ({ lease, ...judgeOne(lease, context) }));
}

interface Before {
  readonly sight: Sight;
  readonly leases: ReadonlyMap<string, Lease>;
  /** Milliseconds between the two looks. */
  readonly apartMs: number;
}

interface Context {
  readonly sight: Sight;
  readonly unreadable: ReadonlyMap<string, string>;
  readonly options: JudgeLeasesOptions;
  readonly before?: Before;
}

type Judged = Pick<LeaseVerdict, 'state' | 'why'>;

function beforeOf(earlier: LeaseLook, look: LeaseLook): Before {
  return {
    sight: sightOf(earlier),
    leases: new Map(earlier.leases.map((lease) => [lease.path, lease])),
    apartMs: look.takenAtMs - earlier.takenAtMs,
  };
}

function unreadableIn({ networks }: LeaseLook): ReadonlyMap<string, string> {
  return new Map(
    networks.flatMap(({ name, dataDir, readable }) =>
      readable.known || readable.reason === 'absent' ? [] : [[`${dataDir}/${name}`, readable.detail] as const],
    ),
  );
}

function said(state: LeaseState, ...reasons: readonly Bilingual[]): Judged {
  return { state, why: reasons };
}

function judgeOne(lease: Lease, context: Context): Judged {
  const held = holderOf(lease, context.sight);
  if (held) return said('live', held);
  const doubts = doubtsAbout(lease, context);
  if (doubts.length > 0) return said('unknown', ...doubts);
  const young = ageOf(lease, context);
  if (young) return young;
  if (context.sight.strangers.length > 0) return said('unknown', ...context.sight.strangers);
  return said('leaked', ...groundsFor(lease, context));
}

/** What holds a lease now, if anything does: whoever says so is believed. */
function holderOf({ containerId, ip }: Lease, { sandboxes, shims, used }: Sight): Bilingual | undefined {
  const sandbox = sandboxes.get(containerId);
  if (sandbox?.state === 'ready') return why.runs(sandbox);
  const shim = shims.get(containerId);
  if (shim !== undefined) return why.shim(shim);
  const where = used.get(ip);
  return where === undefined ? undefined : why.used(where);
}

function doubtsAbout(lease: Lease, { sight, unreadable, before }: Context): readonly Bilingual[] {
  if (lease.containerId === '') {
    const detail = unreadable.get(`${lease.dataDir}/${lease.network}`);
    if (detail !== undefined) return [why.unreadable(detail)];
    if (lease.size > 0) return [why.notALease];
  }
  return sight.blind.length > 0 ? sight.blind : (before?.sight.blind ?? []);
}

/** `grace` where the lease may be too young, or was another's a moment ago; undefined where it is old enough. */
function ageOf(lease: Lease, { options, before }: Context): Judged | undefined {
  const { graceMs, nowMs, clockStepped } = options;
  if (before && !heldOn(lease, before)) return said('grace', why.changed);
  const seenFor = before?.apartMs ?? 0;
  const dated = clockStepped !== true && lease.mtime <= nowMs;
  const age = Math.max(seenFor, dated ? nowMs - lease.mtime : 0);
  if (age >= graceMs) return undefined;
  return said('grace', dated ? why.young(graceMs) : why.ageUntold(graceMs));
}

/** Was it there at the earlier look, the very same file, and already without a holder? */
function heldOn(lease: Lease, { sight, leases }: Before): boolean {
  const then = leases.get(lease.path);
  if (!then || holderOf(then, sight)) return false;
  return (['containerId', 'ifName', 'mtime', 'size'] as const).every((name) => then[name] === lease[name]);
}

function groundsFor(lease: Lease, { sight, options }: Context): readonly Bilingual[] {
  const { bootTimeMs, clockStepped } = options;
  const sandbox = sight.sandboxes.get(lease.containerId);
  const ground = lease.containerId === '' ? why.empty : sandbox ? why.dead(sandbox) : why.gone;
  const older = bootTimeMs !== undefined && clockStepped === false && lease.mtime < bootTimeMs;
  return older ? [ground, why.beforeBoot] : [ground];
}
