import type { Reading } from '../../hosts/reading.ts';
import type { SettingDemand } from '../demand.ts';
import type { Writer } from '../model.ts';

/** Writes of one writer to one held key since they were last asked for. */
export interface SeenWrites {
  /** In slashes, the demand's own key even where an alias was written. */
  readonly key: string;
  /** The last of them, as it was written, without its newline. */
  readonly written: string;
  readonly writer: Writer;
  readonly times: number;
  /**
   * `held`: replaced, or accepted without effect. `same`: it wrote what is wanted. `observed`: nothing was answered,
   * because only observing, the heartbeat is old, or the demand was refused. `length`, `offset`: could not be answered
   * without changing what write(2) returns.
   */
  readonly answer: 'held' | 'same' | 'observed' | 'length' | 'offset';
}

/**
 * A BPF program that answers writes to settings, attached and pinned. Only writers in the guarded network namespace are
 * answered and counted, and not this process itself. What the kernel writes of its own (a module that loads,
 * conf/all/forwarding setting every interface's) is no write to it.
 */
export interface Hold {
  /**
   * These are held from now on, by all their names, and nothing else. Those that a program cannot serve (`also`,
   * `atLeast`, too long, or where the kernel ignores it: see program.ts) are refused and must be polled; who writes them
   * is seen all the same.
   */
  set(demands: readonly SettingDemand[]): {
    readonly held: readonly string[];
    readonly refused: readonly { readonly key: string; readonly why: string }[];
  };
  mode(how: 'hold' | 'observe'): void;
  /** Says that the guard lives; without it for five minutes the program only observes. */
  beat(): void;
  /**
   * Writes since the last call, also those an earlier guard left untold; cheap when there were none. Of more than 2048
   * different writers at a time the rest are answered uncounted.
   */
  seen(): readonly SeenWrites[];
  /** Still attached? False after `releaseHold` by another, or when another guard took over. */
  standing(): boolean;
  /** False once its pin was taken away: after `releaseHold`, which detaches first. True where it was never pinned. */
  pinned(): boolean;
  /** Closes our descriptors. What is pinned stays attached, and fails open without heartbeats. */
  close(): void;
}

export interface HoldOptions {
  /** A cgroup v2 directory: its tasks and those below are answered. */
  readonly cgroup: string;
  /** A directory on a bpf file system, or undefined: nothing is pinned, and the hold ends with the process. */
  readonly pins?: string;
  /** Inode number of the guarded network namespace (/proc/self/ns/net). */
  readonly netns: number;
  readonly now: () => Date;
}

/** What `openHold` is. Takes over what is pinned. Unknown where the kernel, its BTF or its permissions do not allow it. */
export type OpenHold = (options: HoldOptions) => Reading<Hold>;
