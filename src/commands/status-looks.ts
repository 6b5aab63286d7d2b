import { setTimeout as wait } from 'node:timers/promises';
import type { Look, Looker } from './status-look.ts';
import { UsageError } from './usage.ts';

/** What came of one look: an answer, or in one line why there is none (the kubeconfig is just being replaced). */
export interface Looked {
  readonly look?: Look;
  readonly trouble?: string;
  /** When it came, in ms since the epoch. */
  readonly at: number;
}

/** Between two looks, and at least as long as the last one took: a large cluster is not asked without end. */
const PAUSE_MS = 2_000;

/** Looks until the signal is aborted. The first look's UsageError is thrown, a later one's told: what was there may come back. */
export async function* looks(looker: Looker, signal: AbortSignal): AsyncGenerator<Looked> {
  let seen = false;
  while (!signal.aborted) {
    const looked: Looked = await looker.look(signal).then(
      (look) => ({ look, at: Date.parse(look.snapshot.takenAt) }),
      (error: unknown) => {
        if (!seen || !(error instanceof UsageError)) throw error;
        return { trouble: error.message, at: Date.now() };
      },
    );
    if (signal.aborted) return;
    seen = true;
    yield looked;
    await wait(Math.max(PAUSE_MS, looked.look?.durationMs ?? 0), undefined, { signal }).catch(() => undefined);
  }
}

/** How long --wait bears with an answer that stays unknown, where no --deadline is given. */
const UNKNOWN_MS = 600_000;

/**
 * Whether an answer ends --wait: it is ready, or is not. What is settling ends by the deadlines it is judged with. What is unknown
 * because it is denied stays so; otherwise it is waited for as long as the deadline, from the first such answer on, and no look at
 * all is no more than that.
 */
export function undecidedUntil(deadlineMs = UNKNOWN_MS): (looked: Looked) => boolean {
  let unknownSince: number | undefined;
  return ({ look, at }) => {
    if (look && look.verdict !== 'unknown') {
      unknownSince = undefined;
      return look.verdict !== 'settling';
    }
    unknownSince ??= at;
    return (look !== undefined && isDenied(look)) || at - unknownSince >= deadlineMs;
  };
}

function isDenied({ findings }: Look): boolean {
  const deciding = findings.filter(({ status, severity }) => status === 'unknown' && severity === 'critical');
  return deciding.every(({ unknown }) => unknown?.reason === 'denied');
}
