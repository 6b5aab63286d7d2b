import type { Bilingual } from '../lang.ts';
import { type Before, firstObjection, GUARDS, type Guard, type Scene } from './guards.ts';
import type { JudgeLeasesOptions, Lease, LeaseLook, LeaseVerdict } from './model.ts';
import { type Sight, sightOf } from './sight.ts';
import { why } from './why.ts';

/**
 * Judges every lease of a look. `live`: something holds it. `leaked`: no guard objects, so that the runtime does not list
 * its sandbox, or lists it as dead; nothing uses the address; nothing unmatched runs; and it is older than the grace
 * time. `grace`: as leaked, but too young for certainty, for a runtime lists a sandbox only when RunPodSandbox ends.
 * `unknown`: something that would decide could not be seen.
 *
 * With an earlier look, a lease is leaked only if it was there then, unchanged and without a live sandbox; the time
 * between the looks then counts as its age too, which a clock that lies cannot bend.
 *
 * `guards`: all, but in the tests of what each is there for.
 */
export function judgeLeases(
  look: LeaseLook,
  earlier: LeaseLook | undefined,
  options: JudgeLeasesOptions,
  guards: readonly Guard[] = GUARDS,
): readonly LeaseVerdict[] {
  const scene: Scene = {
    sight: sightOf(look, earlier),
    options,
    guards,
    ...(earlier && { before: beforeOf(earlier, look, options, guards) }),
  };
  return look.leases.map((lease) => {
    const verdict = firstObjection(lease, scene) ?? { state: 'leaked', why: groundsFor(lease, scene.sight, options) };
    return { lease, ...verdict };
  });
}

/**
 * The clock and the time since boot are read a moment apart, which on a node with little to spare is a second or two; a
 * clock that was set by less than this is of no consequence for a grace time.
 */
const READING_APART_MS = 30_000;

function beforeOf(earlier: LeaseLook, look: LeaseLook, options: JudgeLeasesOptions, guards: readonly Guard[]): Before {
  const byClock = look.takenAtMs - earlier.takenAtMs;
  const told = look.uptimeMs !== undefined && earlier.uptimeMs !== undefined;
  // Below zero the node booted in between: then it was up for less than what passed.
  const apartMs = told ? Math.max(0, look.uptimeMs - earlier.uptimeMs) : 0;
  return {
    scene: { sight: sightOf(earlier), options, guards: guards.filter(({ ofEachLook }) => ofEachLook) },
    leases: new Map(earlier.leases.map((lease) => [lease.path, lease])),
    apartMs,
    clockSet: told && Math.abs(byClock - apartMs) > READING_APART_MS,
  };
}

function groundsFor(lease: Lease, sight: Sight, options: JudgeLeasesOptions): readonly Bilingual[] {
  const { bootTimeMs, clockStepped } = options;
  const sandbox = sight.sandboxes.get(lease.containerId);
  const ground = lease.containerId === '' ? why.empty : sandbox ? why.dead(sandbox) : why.gone;
  const older = bootTimeMs !== undefined && clockStepped === false && lease.mtime < bootTimeMs;
  return older ? [ground, why.beforeBoot] : [ground];
}
