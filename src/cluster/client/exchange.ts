import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { firstLine } from '../../hosts/sanitise.ts';
import type { Unanswered } from '../model/outcome.ts';

/** An HTTP answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The server's clock, as it wrote it (RFC 9110, 6.6.1). */
  readonly date?: string;
  /** Seconds after which the server wants to be asked again, where it says so (RFC 9110, 10.2.3). */
  readonly retryAfterS?: number;
}

export interface Exchange {
  readonly url: URL;
  readonly agent: Agent;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Sent as JSON by POST; a GET without it. */
  readonly body?: unknown;
}

/** No HTTP answer came: how far it got, and the system's or TLS' own words. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly kind: Unanswered['kind'];

  constructor(kind: Unanswered['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A page of 500 Pods is 3 MB; a server that sends without end is cut off. */
const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** One request and its whole answer. Rejects with NoAnswer: also when the signal is aborted. */
export function exchange({ url, agent, headers = {}, signal, body }: Exchange): Promise<Answer> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const method = sent === undefined ? 'GET' : 'POST';
  const type = sent === undefined ? {} : { 'content-type': 'application/json' };
  let connected = false;
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(new NoAnswer(kindOf(error, connected), wordsOf(error)));
    const asked = request(url, { agent, headers: { ...headers, ...type }, method, signal }, (response) =>
      collect(response, resolve, failed),
    );
    asked.on('socket', (socket) => {
      if (asked.reusedSocket) connected = true;
      else {
        socket.once('connect', () => {
          connected = true;
        });
      }
    });
    asked.on('error', failed);
    asked.end(sent);
  });
}

/** Over, but for what was still to come. Node says ECONNRESET of an answer that ends in its middle, too. */
const CUT = /^(ECONNRESET|EPIPE|HPE_|ERR_STREAM_PREMATURE_CLOSE)/;

/** Codes of OpenSSL's verification (openssl-verify(1)) and of TLS itself, as Node names them. */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_MISMATCH)/;

function kindOf(error: Error, connected: boolean): Unanswered['kind'] {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ABORT_ERR') return connected ? 'silent' : 'unreachable';
  if (TLS.test(code)) return 'tls';
  return CUT.test(code) || connected ? 'cut' : 'unreachable';
}

function wordsOf(error: Error): string {
  // Where a name has several addresses, Node's error for all of them has a code and no message.
  return firstLine(error.message || ((error as NodeJS.ErrnoException).code ?? 'failed'));
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
    const { date, 'retry-after': after } = response.headers;
    const wait = Number(after ?? Number.NaN);
    resolve({
      status: response.statusCode ?? 0,
      text: Buffer.concat(chunks).toString('utf8'),
      ...(date === undefined ? {} : { date }),
      ...(wait >= 0 ? { retryAfterS: wait } : {}),
    });
  });
}
