import { statSync } from 'node:fs';
import { join } from 'node:path';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { findCgroup, mountsNow } from './cgroups.ts';
import type { Hold } from './hold.ts';
import { openHold } from './open.ts';
import { type Held, heldBy, mountCgroup, mountPins, releaseHold, unmountCgroup, unmountPins } from './pins.ts';

/** Inode number of this process's network namespace, by which a hold knows whose writes it answers. */
export function ownNetns(): number {
  return statSync('/proc/self/ns/net').ino;
}

/** Where systemd mounts a bpf file system at every boot (src/shared/mount-setup.c, since 238). */
const USUAL = '/sys/fs/bpf';

/** Guards of several network namespaces may share one bpf file system. */
function pinsOn(mount: string): string {
  return join(mount, `hayward-${ownNetns()}`);
}

/** The bpf file systems on which we pin: ours below `run`, which came first if it is there, and the system's. No stranger's. */
function pinMounts(run: string): Reading<readonly string[]> {
  const mounts = mountsNow();
  if (!mounts.known) return mounts;
  const mounted = mounts.value.filter(({ type }) => type === 'bpf').map(({ directory }) => directory);
  return known(
    [join(run, 'bpf'), USUAL].filter((directory) => mounted.includes(directory)),
    mounts.source,
  );
}

/** Where pins are; on a file system of our own where the system has none. Undefined: they cannot be kept. */
function placeForPins(run: string): string | undefined {
  const found = pinMounts(run);
  if (!found.known) return undefined;
  const [first] = found.value;
  if (first !== undefined) return pinsOn(first);
  const mounted = mountPins(run);
  return mounted.known ? pinsOn(mounted.value) : undefined;
}

/**
 * Opens the hold for this process's network namespace, pinned so that the next guard takes it over; on a bpf file system of
 * our own below `run` where the system has none mounted.
 */
export function openOwnHold(run: string, cgroup: string | undefined): Reading<Hold> {
  const where = cgroup === undefined ? cgroupRoot(run) : known(cgroup, '--cgroup');
  if (!where.known) return where;
  const pins = placeForPins(run);
  // Unpinned it still holds, until the process ends.
  return openHold({ cgroup: where.value, netns: ownNetns(), now: () => new Date(), ...(pins && { pins }) });
}

/** The root of the cgroup v2 hierarchy: where it is mounted, else (old systems, `ip netns exec`) mounted below `run`. */
function cgroupRoot(run: string): Reading<string> {
  const found = findCgroup();
  if (found.known || found.reason !== 'absent') return found;
  const mounted = mountCgroup(run);
  return mounted.known ? findCgroup() : found;
}

export interface Released {
  /** Where something was attached. */
  readonly released: readonly string[];
  readonly failed: readonly string[];
}

/** Detaches what any guard of this network namespace left, and unmounts what was mounted for it below `run`. */
export function releaseEverything(run: string): Released {
  unmountCgroup(run);
  const mounts = pinMounts(run);
  if (!mounts.known) return { released: [], failed: [mounts.detail] };
  const released: string[] = [];
  const failed: string[] = [];
  for (const mount of mounts.value) {
    const pins = pinsOn(mount);
    const outcome = releaseHold(pins);
    if (!outcome.known) failed.push(outcome.detail);
    else if (outcome.value) released.push(pins);
    const unmounted = mount === USUAL ? undefined : unmountPins(run);
    if (unmounted?.known === false) failed.push(unmounted.detail);
  }
  return { released, failed };
}

/** What is pinned for this network namespace, whoever runs. */
export function heldHere(run: string): Reading<Held> {
  const mounts = pinMounts(run);
  if (!mounts.known) return mounts;
  const [first] = mounts.value;
  return first === undefined
    ? unknown('absent', mounts.source, 'no bpf file system of ours is mounted')
    : heldBy(pinsOn(first));
}
