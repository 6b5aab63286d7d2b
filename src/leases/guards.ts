import type { Bilingual } from '../lang.ts';
import type { JudgeLeasesOptions, Lease, LeaseVerdict } from './model.ts';
import type { Sight } from './sight.ts';
import { why } from './why.ts';

/** What a lease is judged by. */
export interface Scene {
  readonly sight: Sight;
  readonly options: JudgeLeasesOptions;
  /** An earlier look, where there was one. */
  readonly before?: Before;
  /** Those in force. */
  readonly guards: readonly Guard[];
}

export interface Before {
  /** That look alone, with the guards that are of each look. */
  readonly scene: Scene;
  readonly leases: ReadonlyMap<string, Lease>;
  /** Milliseconds between the two looks, by what counts them whatever the clock says; 0 where that was not told. */
  readonly apartMs: number;
  /** The clock was set between the two looks. */
  readonly clockSet: boolean;
}

export type Judged = Omit<LeaseVerdict, 'lease'>;

/** One thing that keeps a lease from being taken for leaked. */
export interface Guard {
  /** The name its test goes by. */
  readonly id: string;
  /** Its word holds for the earlier look as well: that look saw a holder, or could not see. */
  readonly ofEachLook?: true;
  /** What the lease is instead; undefined where this guard has nothing against giving it back. */
  objects(lease: Lease, scene: Scene): Judged | undefined;
}

/**
 * All guards, in the order in which they are asked: who holds the lease, what could not be seen, what is not certain yet.
 * Other reclaimers went without one or the other of them, and took addresses from living Pods; guards.test.ts leaves out
 * each in turn and sees the same.
 */
export const GUARDS: readonly Guard[] = [
  {
    id: 'ready-sandbox',
    ofEachLook: true,
    objects({ containerId }, { sight }) {
      const sandbox = sight.sandboxes.get(containerId);
      return sandbox?.state === 'ready' ? judged('live', why.runs(sandbox)) : undefined;
    },
  },
  {
    // A runtime that lost its metadata lists nothing of what it still runs.
    id: 'running-shim',
    ofEachLook: true,
    objects({ containerId }, { sight }) {
      const shim = sight.shims.get(containerId);
      return shim === undefined ? undefined : judged('live', why.shim(shim));
    },
  },
  {
    // calico#12257: collected because its owner's record was gone, while the address was in use.
    id: 'address-in-use',
    ofEachLook: true,
    objects({ ip }, { sight }) {
      const where = sight.used.get(ip);
      return where === undefined ? undefined : judged('live', why.used(where));
    },
  },
  {
    // An empty file is what a power cut leaves of a lease; any other text without a sandbox's id is somebody's own.
    id: 'lease-text',
    objects({ containerId, dataDir, network, size }, { sight }) {
      if (containerId !== '') return undefined;
      const unread = sight.unreadable.get(`${dataDir}/${network}`);
      if (unread !== undefined) return judged('unknown', why.unreadable(unread));
      return size > 0 ? judged('unknown', why.notALease) : undefined;
    },
  },
  {
    id: 'runtime-answers',
    ofEachLook: true,
    objects: (_lease, { sight }) => unknownFor(sight.runtimeSilent),
  },
  {
    id: 'runtime-answers-whole',
    ofEachLook: true,
    objects: (_lease, { sight }) => unknownFor(sight.runtimeAnswersLess),
  },
  {
    id: 'kernel-seen',
    ofEachLook: true,
    objects: (_lease, { sight }) => unknownFor(sight.kernelUnseen),
  },
  {
    // nvidia-k8s-ipam#280: one listing misses a Pod. whereabouts#207: one listing, read in the wrong order, misses it too.
    id: 'two-looks',
    objects(lease, { before }) {
      const then = before?.leases.get(lease.path);
      const objection = before && then && firstObjection(then, before.scene);
      return objection?.state === 'live' ? judged('grace', why.changed) : objection;
    },
  },
  {
    // whereabouts#176: the address was freed and taken anew, under the same name.
    id: 'same-file',
    objects(lease, { before }) {
      if (!before) return undefined;
      const then = before.leases.get(lease.path);
      const sameHolder = then?.containerId === lease.containerId && then.ifName === lease.ifName;
      const untouched = then?.mtime === lease.mtime && then.size === lease.size;
      return sameHolder && untouched ? undefined : judged('grace', why.changed);
    },
  },
  {
    // A file's time tells an age only where the clock that stamped it is the clock of now: batteries die, and NTP comes late.
    id: 'honest-clock',
    objects({ mtime }, { before, options: { graceMs, nowMs, clockStepped } }) {
      const honest = clockStepped !== true && before?.clockSet !== true && mtime <= nowMs;
      if (honest || (before && before.apartMs >= graceMs)) return undefined;
      return { ...judged('grace', why.ageUntold(graceMs)), ageUntold: true };
    },
  },
  {
    // whereabouts#162: freed before its Pod was written down. A runtime lists a sandbox when RunPodSandbox ends.
    id: 'grace-time',
    objects({ mtime }, { before, options: { graceMs, nowMs } }) {
      const ageMs = Math.max(before?.apartMs ?? 0, nowMs - mtime);
      return ageMs < graceMs ? judged('grace', why.young(graceMs)) : undefined;
    },
  },
  {
    // The plugin takes the lease first and gives the namespace its address afterwards.
    id: 'no-strangers',
    objects: (_lease, { sight }) => unknownFor(sight.strangers),
  },
];

/** What the first guard that has something against it says; undefined where none has. */
export function firstObjection(lease: Lease, scene: Scene): Judged | undefined {
  for (const guard of scene.guards) {
    const objection = guard.objects(lease, scene);
    if (objection) return objection;
  }
  return undefined;
}

function unknownFor(reasons: readonly Bilingual[]): Judged | undefined {
  return reasons.length > 0 ? judged('unknown', ...reasons) : undefined;
}

function judged(state: Judged['state'], ...reasons: readonly Bilingual[]): Judged {
  return { state, why: reasons };
}
