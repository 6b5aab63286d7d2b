import { type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import { turnstile } from '../../turnstile.ts';
import type { AskOptions, KubeClient } from '../client/client.ts';

export interface Pace {
  /** Requests at once: all checks at one time are a spike for the server (node-problem-detector#412). */
  readonly bound: number;
  /** For one request; the caller's own limit wins. */
  readonly timeoutMs: number;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** After so many requests in a row without an answer in time nothing more is asked: each would cost its whole limit. */
const GIVES_UP_AFTER = 3;

/**
 * The same client, asking at a bounded pace. Once the server has stopped answering, what is still to be asked is unknown at once:
 * a look that takes as long as its requests added up would be over when nobody cares any more.
 */
export function paced(client: KubeClient, pace: Pace): KubeClient {
  const turns = turnstile(pace.bound);
  let silences = 0;

  function within<T>(source: string, work: (options: AskOptions) => Promise<Reading<T>>): Promise<Reading<T>> {
    return turns(async () => {
      if (pace.signal.aborted || silences >= GIVES_UP_AFTER) return notAsked(client.server, source);
      const answer = await work({ timeoutMs: pace.timeoutMs, signal: pace.signal });
      silences = !answer.known && /: no answer in [\d.]+ s$/.test(answer.detail) ? silences + 1 : 0;
      return answer;
    });
  }
  const raw = (path: string): string => `kubectl get --raw '${path}'`;
  return {
    ...client,
    text: (path, options) => within(raw(path), (own) => client.text(path, { ...own, ...options })),
    json: (path, options) => within(raw(path), (own) => client.json(path, { ...own, ...options })),
    outcome: (path, options) => within(raw(path), (own) => client.outcome(path, { ...own, ...options })),
    review: (path, question, options) =>
      within(`POST ${path}`, (own) => client.review(path, question, { ...own, ...options })),
    at: (server, serverName) => paced(client.at(server, serverName), pace),
  };
}

function notAsked(server: string, source: string): Unknown {
  return unknown('failed', source, `${server}: it had stopped answering, so this was not asked`);
}
