import { statSync } from 'node:fs';
import { join } from 'node:path';
import { known, type Reading } from '../hosts/reading.ts';
import { findCgroup } from './hold/cgroups.ts';
import type { Hold } from './hold/hold.ts';
import { openHold } from './hold/open.ts';
import {
  findPins,
  type Held,
  heldBy,
  mountCgroup,
  mountPins,
  releaseHold,
  unmountCgroup,
  unmountPins,
} from './hold/pins.ts';

/** Inode number of this process's network namespace, by which a hold knows whose writes it answers. */
export function ownNetns(): number {
  return statSync('/proc/self/ns/net').ino;
}

/** Guards of several network namespaces may share one bpf file system. */
function pinsOf(directory: string): string {
  return `${directory}-${ownNetns()}`;
}

/** Where pins are, without making a place for them. */
function pinsThere(): Reading<string> {
  const found = findPins();
  return found.known ? known(pinsOf(found.value), found.source) : found;
}

/**
 * Opens the hold for this process's network namespace, pinned so that the next guard takes it over; on a bpf file system of
 * our own below `run` where the system has none mounted.
 */
export function openOwnHold(run: string, cgroup: string | undefined): Reading<Hold> {
  const where = cgroup === undefined ? cgroupRoot(run) : known(cgroup, '--cgroup');
  if (!where.known) return where;
  const found = findPins();
  const pins = found.known ? found : found.reason === 'absent' ? mountPins(run) : found;
  // Unpinned it still holds, until the process ends.
  const place = pins.known ? { pins: pinsOf(pins.value) } : {};
  return openHold({ cgroup: where.value, netns: ownNetns(), now: () => new Date(), ...place });
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
  const pins = pinsThere();
  unmountCgroup(run);
  if (!pins.known) return { released: [], failed: pins.reason === 'absent' ? [] : [pins.detail] };
  const outcome = releaseHold(pins.value);
  const released = outcome.known && outcome.value ? [pins.value] : [];
  const failed = outcome.known ? [] : [outcome.detail];
  if (pins.value.startsWith(join(run, 'bpf'))) {
    const unmounted = unmountPins(run);
    if (!unmounted.known) failed.push(unmounted.detail);
  }
  return { released, failed };
}

/** What is pinned for this network namespace, whoever runs. */
export function heldHere(): Reading<Held> {
  const pins = pinsThere();
  return pins.known ? heldBy(pins.value) : pins;
}
