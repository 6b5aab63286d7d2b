import type { Written } from '../../cluster/client/write.ts';
import type { AgentStatus, NetworkKey, ProbeResult } from '../cluster/model.ts';

type Nullable<T> = { readonly [K in keyof T]: T[K] | null };

/** A merge patch of the status: null takes a key back. */
export interface StatusPatch {
  readonly agent: AgentStatus;
  readonly results?: Readonly<Record<NetworkKey, Nullable<ProbeResult> | null>>;
}

/** A merge patch leaves what it does not name: what the answer before this one said, and this one does not, has to go. */
const UNSAID: Nullable<Omit<Required<ProbeResult>, 'ask' | 'state' | 'reason' | 'message' | 'at'>> = {
  side: null,
  cidr: null,
  gateway: null,
  gatewayMacs: null,
  lossPercent: null,
  servers: null,
};

function patchOf(agent: AgentStatus, results: Readonly<Record<NetworkKey, ProbeResult | null>>): StatusPatch {
  const entries = Object.entries(results).map(([key, result]) => [key, result && { ...UNSAID, ...result }] as const);
  return { agent, ...(entries.length > 0 && { results: Object.fromEntries(entries) }) };
}

export interface AnswersOptions {
  readonly version: string;
  readonly write: (patch: StatusPatch) => Promise<Written>;
  /** Told once for each row of failures. */
  readonly refused: (detail: string) => void;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Writes answers: all that came up since the last write in one, and a sign of life where there is nothing else to say. */
export interface Answers {
  answer(key: NetworkKey, result: ProbeResult): void;
  /** The network is no longer asked for. */
  takeBack(key: NetworkKey): void;
  /** The object is there: it may be written to, and signs of life begin. */
  open(): void;
  /** The object is gone, and with it all that was to be written. */
  drop(): void;
  readonly ended: Promise<void>;
}

/** Between the beginnings of two writes: many probes end at about the same time. */
const BETWEEN_MS = 100;
const SEEN_EVERY_MS = 60_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

export function answersTo(options: AnswersOptions): Answers {
  const { signal } = options;
  const startedAt = options.now().toISOString();
  const waiting = new Map<NetworkKey, ProbeResult | null>();
  let isOpen = false;
  let seenAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake());

  /** Milliseconds until there is something to write; 0 where there is. */
  function idleMs(): number {
    if (!isOpen) return Number.POSITIVE_INFINITY;
    return waiting.size > 0 ? 0 : Math.max(0, seenAt + SEEN_EVERY_MS - performance.now());
  }
  async function something(): Promise<void> {
    for (let ms = idleMs(); ms > 0 && !signal.aborted; ms = idleMs()) {
      const woken = new AbortController();
      wake = () => woken.abort();
      await pause(Math.min(ms, SEEN_EVERY_MS), woken.signal);
    }
  }
  /** What came up meanwhile is newer. */
  function keep(results: Readonly<Record<NetworkKey, ProbeResult | null>>): void {
    for (const [key, result] of Object.entries(results)) if (!waiting.has(key)) waiting.set(key, result);
  }
  async function write(): Promise<void> {
    const results = Object.fromEntries(waiting);
    waiting.clear();
    const agent: AgentStatus = { version: options.version, startedAt, seenAt: options.now().toISOString() };
    seenAt = performance.now();
    const written = await options.write(patchOf(agent, results));
    // `gone`: the watch tells as well; what is asked in a new object is asked anew.
    if (written.kind === 'done' || written.kind === 'gone') {
      failures = 0;
      return;
    }
    if (isOpen) keep(results);
    if (failures === 0 && !signal.aborted) options.refused(written.detail);
    seenAt = Number.NEGATIVE_INFINITY;
    failures += 1;
  }
  async function run(): Promise<void> {
    for (;;) {
      await something();
      if (signal.aborted) return;
      const begun = performance.now();
      await write();
      const retryMs = failures === 0 ? 0 : Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
      await pause(Math.max(retryMs, begun + BETWEEN_MS - performance.now()), signal);
    }
  }
  return {
    answer(key, result) {
      waiting.set(key, result);
      wake();
    },
    takeBack(key) {
      waiting.set(key, null);
      wake();
    },
    open() {
      if (isOpen) return;
      isOpen = true;
      seenAt = Number.NEGATIVE_INFINITY;
      wake();
    },
    drop() {
      isOpen = false;
      waiting.clear();
    },
    ended: run(),
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    function over(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    }
    const timer = setTimeout(over, Math.max(0, ms));
    signal.addEventListener('abort', over);
    if (signal.aborted) over();
  });
}
