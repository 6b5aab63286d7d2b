import type { Ask } from './ask.ts';
import type { Capture, Via } from './capture.ts';
import type { Reading } from './reading.ts';

export interface CollectOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole round trip. */
  readonly timeoutMs?: number;
}

/** A way to see a node. */
export interface Host {
  readonly name: string;
  readonly via: Via;
  /** Answers every ask, in one round trip. Never throws for what the node says or refuses: that is in the capture. */
  collect(asks: readonly Ask[], options?: CollectOptions): Promise<Capture>;
}

/** What a command did: one flat result on success and failure alike. */
export interface RunResult {
  readonly failed: boolean;
  readonly timedOut: boolean;
  /** null when it was never started or died by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A file as it stands: what a journal keeps before it is changed. */
export type FileState =
  | { readonly type: 'absent' }
  | {
      readonly type: 'file';
      readonly contentBase64: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'other'; readonly detail: string };

export interface WriteOptions {
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A file that another program guards by flock(2) on a lock file, and how long to wait for that lock, in milliseconds. */
export interface LockToTake {
  readonly lock: string;
  readonly waitMs: number;
}

export interface RemoveLocked extends LockToTake {
  /** What the file must still hold, byte for byte. */
  readonly expected: Uint8Array;
}

export interface CreateLocked extends LockToTake, Required<WriteOptions> {
  readonly content: Uint8Array;
}

/** `changed`: something else has the name by now, and was left alone. `absent`: nothing has, not even a directory. */
export type Locked = 'done' | 'changed' | 'absent';

/** A way to see a node and to change it. Errors of the acting half are thrown as `HostError` with one clear line. */
export interface ActingHost extends Host {
  /** The state of one path, links not followed. */
  stat(path: string): Promise<Reading<FileState>>;
  /** A one-line setting below /proc/sys or /sys, trimmed of its newline. */
  readSetting(path: string): Promise<Reading<string>>;
  /** Writes a setting in place (one write(2), newline added). */
  writeSetting(path: string, value: string): Promise<void>;
  /** Atomic: a temporary name in the same directory, fsync, rename, fsync of the directory. Makes missing parents (0755). */
  writeFile(path: string, content: Uint8Array, options: WriteOptions): Promise<void>;
  makeLink(path: string, target: string): Promise<void>;
  /** Removes a file or link; absent is success. */
  removeFile(path: string): Promise<void>;
  /** Removes a file while its lock is held and only while it still is what was expected; synced to the disk. */
  removeLocked(path: string, removal: RemoveLocked): Promise<Locked>;
  /** Makes a file while its lock is held, never over another; synced to the disk. */
  createLocked(path: string, creation: CreateLocked): Promise<Locked>;
  /**
   * Has the container runtime stop a sandbox, by which it gives the address back (CNI DEL). Without a socket, the runtime
   * that a `cri` ask without one would ask. A sandbox it does not know is success.
   */
  stopSandbox(socket: string, id: string): Promise<void>;
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** What stopped an action on a host, in one line: the operation, the path, the system's own word for it. */
export class HostError extends Error {
  readonly code: string;
  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HostError';
    this.code = code;
  }
}
