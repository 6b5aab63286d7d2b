import { setTimeout as wait } from 'node:timers/promises';
import type { Answer } from './exchange.ts';

/** Pauses between attempts; after the last of them the answer stands. */
const PAUSES_MS = [250, 500, 1000, 2000];

/**
 * Busy, or in trouble that may pass: too many requests (with API Priority and Fairness), etcd's time-outs, and what proxies say for
 * a server that is just being replaced. What client-go asks again for as well (rest/with_retry.go), and 502 and 504 of proxies.
 */
const PASSING = new Set([429, 500, 502, 503, 504]);

/** Lost on a connection that stood: the server was restarted, or closed what was kept open just as we wrote. */
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * Asks until the answer is no passing one, four times more at the most, longer apart each time or as long as the server says. Never
 * beyond `limitMs` from now: where the next pause would end later, the last answer stands. Rejects as `ask` does when its last attempt
 * did, and as soon as the signal is aborted.
 */
export async function askedAgain(ask: () => Promise<Answer>, limitMs: number, signal: AbortSignal): Promise<Answer> {
  const end = performance.now() + limitMs;
  for (const pause of PAUSES_MS) {
    const tried = await ask().catch((error: NodeJS.ErrnoException) => error);
    const after = pauseAfter(tried, pause);
    if (after === undefined || performance.now() + after >= end) return answerOf(tried);
    await wait(after, undefined, { signal });
  }
  return ask();
}

/** Nothing where asking again is no use. */
function pauseAfter(tried: Answer | NodeJS.ErrnoException, pause: number): number | undefined {
  if (tried instanceof Error) return LOST.has(tried.code ?? '') ? pause : undefined;
  return PASSING.has(tried.status) ? Math.max(pause, (tried.retryAfterS ?? 0) * 1000) : undefined;
}

function answerOf(tried: Answer | Error): Answer {
  if (tried instanceof Error) throw tried;
  return tried;
}
