import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, NoAnswer } from './exchange.ts';

/** Pauses between attempts; after the last of them the answer stands. */
const PAUSES_MS = [250, 500, 1000, 2000];

/**
 * Busy, or in trouble that may pass: too many requests (with API Priority and Fairness), etcd's time-outs, and what proxies say for
 * a server that is just being replaced. What client-go asks again for as well (rest/with_retry.go), and 502 and 504 of proxies.
 */
const PASSING = new Set([429, 500, 502, 503, 504]);

/**
 * Asks until the answer is no passing one, four times more at the most, longer apart each time or as long as the server says. Never
 * beyond `limitMs` from now: where the next pause would end later, the last answer stands. Also asked again: what was lost on a
 * connection that stood, for the server was restarted, or closed what was kept open just as we wrote. Rejects as `ask` does when its
 * last attempt did, and as soon as the signal is aborted.
 */
export async function askedAgain(ask: () => Promise<Answer>, limitMs: number, signal: AbortSignal): Promise<Answer> {
  const end = performance.now() + limitMs;
  for (const pause of PAUSES_MS) {
    const tried = await ask().catch((error: Error) => error);
    const after = pauseAfter(tried, pause);
    if (after === undefined || performance.now() + after >= end) return answerOf(tried);
    await paused(after, signal);
  }
  return ask();
}

async function paused(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: Error) => {
    throw new NoAnswer('silent', error.message);
  });
}

/** Nothing where asking again is no use. */
function pauseAfter(tried: Answer | Error, pause: number): number | undefined {
  if (tried instanceof Error) return tried instanceof NoAnswer && tried.kind === 'cut' ? pause : undefined;
  return PASSING.has(tried.status) ? Math.max(pause, (tried.retryAfterS ?? 0) * 1000) : undefined;
}

function answerOf(tried: Answer | Error): Answer {
  if (tried instanceof Error) throw tried;
  return tried;
}
