import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';

/** An HTTP answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Seconds after which the server wants to be asked again, where it says so (RFC 9110, 10.2.3). */
  readonly retryAfterS?: number;
}

export interface Exchange {
  readonly url: URL;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Sent as JSON by POST; a GET without it. */
  readonly body?: unknown;
}

/** A page of 500 Pods is 3 MB; a server that sends without end is cut off. */
const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** One request and its whole answer. Rejects when there is no connection, when it ends before the answer does, or by the signal. */
export function exchange({ url, agent, headers, signal, body }: Exchange): Promise<Answer> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const method = sent === undefined ? 'GET' : 'POST';
  const type = sent === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers: { ...headers, ...type }, method, signal }, (response) =>
      collect(response, resolve, reject),
    );
    asked.on('error', reject);
    asked.end(sent);
  });
}

function collect(response: IncomingMessage, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LONGEST_ANSWER_BYTES) {
      response.destroy(new Error(`an answer of more than ${LONGEST_ANSWER_BYTES} bytes`));
    } else chunks.push(chunk);
  });
  // Also a connection that ends in the middle of an answer: its "aborted" comes here.
  response.on('error', reject);
  response.on('end', () => {
    const wait = Number(response.headers['retry-after'] ?? Number.NaN);
    resolve({
      status: response.statusCode ?? 0,
      text: Buffer.concat(chunks).toString('utf8'),
      ...(wait >= 0 ? { retryAfterS: wait } : {}),
    });
  });
}
