import { closeSync, mkdirSync, rmdirSync } from 'node:fs';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { codeOf, reasonFor } from '../../hosts/system-errors.ts';
import { detachPinned } from './attach.ts';
import { type Bpf, loadBpf } from './bpf.ts';
import { mountsNow } from './cgroups.ts';
import { CONFIG, HELD, readConfig, readHeld, textOf } from './layout.ts';
import { closeMaps, linkPin, ONLY, pinnedMaps, removeIfThere, unpinMaps } from './maps.ts';
import { SILENCE_SECONDS } from './program.ts';

/**
 * Mounts a bpf file system of our own at `bpf` below a directory of this process's mount namespace, where none is
 * mounted; gives where. A service with a mount namespace of its own loses it, and so the
 * hold, when it stops.
 */
export function mountPins(run: string): Reading<string> {
  return attempt(`${run}/bpf`, (bpf) => {
    mkdirSync(`${run}/bpf`, { recursive: true, mode: 0o700 });
    bpf.mount('bpf', `${run}/bpf`);
    return `${run}/bpf`;
  });
}

/** Mounts the cgroup v2 hierarchy at `cgroup` below a directory, where a process sees it nowhere (`ip netns exec` hides it). */
export function mountCgroup(run: string): Reading<string> {
  return attempt(`${run}/cgroup`, (bpf) => {
    mkdirSync(`${run}/cgroup`, { recursive: true, mode: 0o700 });
    bpf.mount('cgroup2', `${run}/cgroup`);
    return `${run}/cgroup`;
  });
}

/** Takes back what `mountCgroup` mounted; what is attached stays so. Nothing where it mounted nothing. */
export function unmountCgroup(run: string): void {
  const mounts = mountsNow();
  const ours =
    mounts.known && mounts.value.some(({ type, directory }) => type === 'cgroup2' && directory === `${run}/cgroup`);
  if (!ours) return;
  attempt(`${run}/cgroup`, (bpf) => bpf.unmount(`${run}/cgroup`));
  removeIfThere(() => rmdirSync(`${run}/cgroup`));
}

/** Takes back what `mountPins` mounted; what is pinned there still is detached with it. */
export function unmountPins(run: string): Reading<true> {
  return attempt(`${run}/bpf`, (bpf) => {
    bpf.unmount(`${run}/bpf`);
    rmdirSync(`${run}/bpf`);
    return true;
  });
}

/**
 * Detaches what is pinned and takes the pins away, whether or not a guard runs. True: there was something attached.
 * Afterwards nothing of ours is, whatever this layout or another.
 */
export function releaseHold(pins: string): Reading<boolean> {
  return attempt(pins, (bpf) => {
    const was = detachPinned(bpf, pins);
    unpinMaps(pins, 'all');
    removeIfThere(() => rmdirSync(pins));
    return was;
  });
}

/** What is pinned now. */
export interface Held {
  /** Whether writes reach the program: false once the cgroup is gone. */
  readonly attached: boolean;
  /** `observe` also when the guard's heartbeat is too old. */
  readonly mode: 'hold' | 'observe';
  /** Since the guard's last heartbeat. */
  readonly silentMs: number;
  /** By the demands' own keys, in slashes. */
  readonly settings: readonly { readonly key: string; readonly value: string; readonly answered: boolean }[];
}

/** What a guard that runs, or ran, has pinned. `absent`: nothing; `failed`: by another version of hayward. */
export function heldBy(pins: string): Reading<Held> {
  const bpf = loadBpf();
  if (!bpf.known) return bpf;
  try {
    const link = bpf.value.pinned(linkPin(pins));
    if (link === undefined) return unknown('absent', pins, 'nothing is pinned');
    const attached = (bpf.value.linkInfo(link)?.cgroup ?? 0n) !== 0n;
    closeSync(link);
    const maps = pinnedMaps(bpf.value, pins);
    if (maps === undefined) return unknown('failed', pins, 'pinned by another version of hayward');
    try {
      const config = readConfig(bpf.value.lookup(maps.config, ONLY, CONFIG.bytes) ?? Buffer.alloc(CONFIG.bytes));
      const silentMs = Number((bpf.value.now() - config.beat) / 1_000_000n);
      const mode = config.hold && silentMs <= SILENCE_SECONDS * 1000 ? 'hold' : 'observe';
      return known({ attached, mode, silentMs, settings: settingsIn(bpf.value, maps.held) }, pins);
    } finally {
      closeMaps(maps);
    }
  } catch (error) {
    return failure(pins, error);
  }
}

function settingsIn(bpf: Bpf, map: number): Held['settings'] {
  const settings = bpf.keys(map, HELD.key, HELD.entries).flatMap((name) => {
    const bytes = bpf.lookup(map, name, HELD.bytes);
    const entry = bytes && readHeld(bytes);
    // An alias has an entry of its own.
    return entry?.own === textOf(name) ? [{ key: entry.own, value: entry.value, answered: !entry.watched }] : [];
  });
  return settings.sort((one, other) => (one.key < other.key ? -1 : 1));
}

function attempt<T>(source: string, act: (bpf: Bpf) => T): Reading<T> {
  const bpf = loadBpf();
  if (!bpf.known) return bpf;
  try {
    return known(act(bpf.value), source);
  } catch (error) {
    return failure(source, error);
  }
}

function failure(source: string, error: unknown) {
  return unknown(reasonFor(codeOf(error)), source, error instanceof Error ? error.message : String(error));
}
