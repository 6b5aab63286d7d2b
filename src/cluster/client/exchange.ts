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
  /** GET unless said otherwise. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** As it is sent. */
  readonly body?: string;
  /** Asked on the connection that stands, in the same turn in which it is written to: a reason keeps the request from being sent. */
  readonly unless?: () => string | undefined;
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

/** A page of 500 Pods is 3 MB; a server that sends without end is cut off. Of a stream it holds for each line. */
export const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** One request and its whole answer. Rejects with NoAnswer: also when the signal is aborted. */
export async function exchange(asked: Exchange): Promise<Answer> {
  return collect(await responseTo(asked));
}

/** One request, and its answer as it begins to come. Rejects with NoAnswer as `exchange` does. */
export function responseTo(question: Exchange): Promise<IncomingMessage> {
  const { url, agent, method = 'GET', headers = {}, signal, body, unless } = question;
  let connected = false;
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers, method, signal }, resolve);
    asked.on('error', (error) => reject(noAnswerFor(error, connected)));
    /** Nothing is on its way before this. */
    function send(): void {
      const why = unless?.();
      if (why === undefined) asked.end(body);
      else {
        reject(new NoAnswer('unreachable', why));
        asked.destroy();
      }
    }
    asked.on('socket', (socket) => {
      if (asked.reusedSocket) {
        connected = true;
        send();
      } else {
        socket.once('connect', () => {
          connected = true;
        });
        socket.once('secureConnect', send);
      }
    });
  });
}

/** Over, but for what was still to come. Node says ECONNRESET of an answer that ends in its middle, too. */
const CUT = /^(ECONNRESET|EPIPE|HPE_|ERR_STREAM_PREMATURE_CLOSE)/;

/** Codes of OpenSSL's verification (openssl-verify(1)) and of TLS itself, as Node names them. */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_MISMATCH)/;

export function noAnswerFor(error: Error, connected: boolean): NoAnswer {
  return new NoAnswer(kindOf(error, connected), wordsOf(error));
}

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

/** The whole of an answer that has begun to come. Rejects with NoAnswer. */
export async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LONGEST_ANSWER_BYTES) throw new Error(`an answer of more than ${LONGEST_ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    // Also a connection that ends in the middle of an answer: "aborted".
    throw noAnswerFor(error as Error, true);
  }
  const { date, 'retry-after': after } = response.headers;
  const wait = Number(after ?? Number.NaN);
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString('utf8'),
    ...(date === undefined ? {} : { date }),
    ...(wait >= 0 ? { retryAfterS: wait } : {}),
  };
}
