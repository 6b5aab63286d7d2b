import { setImmediate } from 'node:timers/promises';
import { LITTLE_ENDIAN, type Libc, type Memory } from '../hosts/libc.ts';

/**
 * Waiting for many sockets at once on a single one of libuv's four threads: a thread for each socket would let the
 * fifth wait for the first to time out.
 */

interface Waiter {
  readonly fds: readonly number[];
  readonly deadline: number;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
}

const POLLIN = 1;
const POLLFD_BYTES = 8;
const REVENTS_AT = 6;
/** EFD_NONBLOCK | EFD_CLOEXEC, the same numbers as O_NONBLOCK and O_CLOEXEC. */
const EVENTFD_FLAGS = 0x800 | 0x80000;
const LONGEST_WAIT_MS = 60_000;

const waiters = new Set<Waiter>();
let running = false;
let wakeUp: number | undefined;

/** Until one of the sockets has something to read, or `timeoutMs` have passed. They stay open meanwhile. */
export function readable(c: Libc, fds: readonly number[], timeoutMs: number): Promise<void> {
  return waiting(c, fds, timeoutMs).over;
}

/** A wait that can be ended before its time. */
export interface Waiting {
  readonly over: Promise<void>;
  end(): void;
}

/** As `readable`. */
export function waiting(c: Libc, fds: readonly number[], timeoutMs: number): Waiting {
  const { promise: over, resolve: wake, reject: fail } = deferred();
  const waiter: Waiter = { fds, deadline: performance.now() + Math.max(0, timeoutMs), wake, fail };
  waiters.add(waiter);
  if (running) interrupt(c);
  else void run(c);
  return {
    over,
    end() {
      if (!waiters.delete(waiter)) return;
      wake();
      interrupt(c);
    },
  };
}

/** Promise.withResolvers, which Node 20 does not have. */
function deferred() {
  let resolve = (): void => undefined;
  let reject = (_: unknown): void => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Makes the poll that is under way return, so that the next one looks at the new socket too. */
function interrupt(c: Libc): void {
  if (wakeUp !== undefined) c.write(wakeUp, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8);
}

async function run(c: Libc): Promise<void> {
  running = true;
  wakeUp ??= Number(c.eventfd(0, EVENTFD_FLAGS));
  try {
    while (waiters.size > 0) {
      await once(c, [...waiters]);
      // Those just woken come back for more: they are to be in the next poll, not to interrupt it.
      await setImmediate();
    }
  } catch (error) {
    for (const { fail } of waiters) fail(error);
    waiters.clear();
  } finally {
    running = false;
  }
}

async function once(c: Libc, watched: readonly Waiter[]): Promise<void> {
  const count = 1 + watched.reduce((sum, { fds }) => sum + fds.length, 0);
  const list = c.allocate(POLLFD_BYTES * count);
  try {
    enter(list, 0, wakeUp ?? -1);
    for (const [index, fd] of watched.flatMap(({ fds }) => fds).entries()) enter(list, index + 1, fd);
    const first = Math.min(...watched.map(({ deadline }) => deadline)) - performance.now();
    await polled(c, list, count, Math.min(LONGEST_WAIT_MS, Math.max(0, Math.ceil(first))));
    if (isReady(list, 0)) c.read(wakeUp, new Uint8Array(8), 8);
    wakeThose(watched, list);
  } finally {
    list.free();
  }
}

/** Whose socket is ready, or whose time is over. */
function wakeThose(watched: readonly Waiter[], list: Memory): void {
  const now = performance.now();
  let at = 1;
  for (const waiter of watched) {
    const isDue = waiter.fds.some((_, index) => isReady(list, at + index));
    at += waiter.fds.length;
    if (!isDue && waiter.deadline > now) continue;
    waiters.delete(waiter);
    waiter.wake();
  }
}

function enter(list: Memory, index: number, fd: number): void {
  list.view.setInt32(index * POLLFD_BYTES, fd, LITTLE_ENDIAN);
  list.view.setInt16(index * POLLFD_BYTES + 4, POLLIN, LITTLE_ENDIAN);
}

/** Also an error or a hang-up: reading tells which. */
function isReady(list: Memory, index: number): boolean {
  return list.view.getInt16(index * POLLFD_BYTES + REVENTS_AT, LITTLE_ENDIAN) !== 0;
}

function polled(c: Libc, list: Memory, count: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    c.poll.async(list.address, count, timeoutMs, (error: unknown) => (error ? reject(error) : resolve()));
  });
}
