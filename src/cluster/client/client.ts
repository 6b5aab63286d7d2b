import { known, type Reading, type Unknown, type UnknownReason, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import type { Certificate } from '../model/machine.ts';
import type { Answered, Unanswered } from '../model/outcome.ts';
import { type Answer, NoAnswer } from './exchange.ts';
import type { Access } from './kubeconfig.ts';
import { type AskOptions, openWire, type Wire } from './wire.ts';

export type { AskOptions } from './wire.ts';

export interface JsonOptions extends AskOptions {
  /** Another form than plain JSON, e.g. Kubernetes' PartialObjectMetadataList. */
  readonly accept?: string;
}

/** Asks one API server. Reading, never writing: what is posted is answered and kept nowhere. */
export interface KubeClient {
  readonly server: string;
  /** Of the client itself, where it is known by one. */
  readonly certificate?: Certificate;
  /** The answer's text, e.g. of `/version`. Asked again, within the limit, while the server is busy. */
  text(path: string, options?: AskOptions): Promise<Reading<string>>;
  /** The answer as JSON; asked again as `text` is. */
  json(path: string, options?: JsonOptions): Promise<Reading<unknown>>;
  /**
   * What comes of it, asked once: whatever the server answers (a failing `/readyz?verbose` says in a 500 which check fails), or how
   * far it got. Denied by 401 and 403; otherwise unknown only where our own token cannot be read.
   */
  outcome(path: string, options?: AskOptions): Promise<Reading<DatedOutcome>>;
  /** A question that is posted: the kinds of authorization.k8s.io and authentication.k8s.io, whose objects are never stored. */
  review(path: string, question: unknown, options?: AskOptions): Promise<Reading<unknown>>;
  /**
   * The same credentials at another address, e.g. one of several servers, whose certificate must hold `serverName`. A token goes only
   * where the server's certificate was verified.
   */
  at(server: string, serverName?: string): KubeClient;
  /** Ends the connections that are kept open, of `at`'s clients too. */
  close(): void;
}

/** `date` is the server's clock: RFC 3339, to the second. */
export type DatedOutcome = (Answered & { readonly date?: string }) | Unanswered;

/**
 * Opens a client for an access: reads the files it names, connects to nothing. Over node:https alone, as the node agent
 * must stay small (docs/decisions/0012). Denied or absent when a file of the access cannot be read.
 */
export async function openClient(access: Access): Promise<Reading<KubeClient>> {
  const wire = await openWire(access);
  return wire.known ? known(readerOn(wire.value), wire.source) : wire;
}

/** What reads over a wire. */
export function readerOn(wire: Wire): KubeClient {
  const { server, certificate } = wire;
  return {
    server,
    ...(certificate === undefined ? {} : { certificate }),
    text: async (path, options = {}) => textOf(await wire.ask({ path, source: rawSource(path) }, options), server),
    async json(path, { accept, ...options } = {}) {
      const question = { path, source: rawSource(path), ...(accept === undefined ? {} : { accept }) };
      return parsed(textOf(await wire.ask(question, options), server), server);
    },
    outcome: async (path, options = {}) =>
      outcomeOf(await wire.ask({ path, source: rawSource(path), once: true }, options)),
    async review(path, body, options = {}) {
      const question = { path, source: `POST ${path}`, method: 'POST', body } as const;
      return parsed(textOf(await wire.ask(question, options), server), server);
    },
    at: (other, serverName) => readerOn(wire.at(other, serverName)),
    close: () => wire.close(),
  };
}

/** The command that asks the same. */
export function rawSource(path: string): string {
  return `kubectl get --raw '${path}'`;
}

function textOf(answer: Reading<Answer | NoAnswer>, server: string): Reading<string> {
  if (!answer.known) return answer;
  const { value, source } = answer;
  if (value instanceof NoAnswer) return unknown('failed', source, `${server}: ${value.message}`);
  return value.status >= 200 && value.status < 300 ? known(value.text, source) : refusalOf(value, source);
}

function outcomeOf(answer: Reading<Answer | NoAnswer>): Reading<DatedOutcome> {
  if (!answer.known) return answer;
  const { value, source } = answer;
  if (value instanceof NoAnswer) return known({ kind: value.kind, detail: value.message }, source);
  if (reasonOf(value.status) === 'denied') return refusalOf(value, source);
  const { status, text, date } = value;
  const at = new Date(date ?? Number.NaN);
  return known(
    { kind: 'answered', status, text, ...(Number.isNaN(at.getTime()) ? {} : { date: at.toISOString() }) },
    source,
  );
}

/** What an answer of another status than success means: denied, absent or failed, with the server's own words. */
export function refusalOf({ status, text }: Answer, source: string): Unknown {
  return unknown(reasonOf(status), source, `HTTP ${status}: ${wordsOf(text)}`);
}

function parsed(answer: Reading<string>, server: string): Reading<unknown> {
  if (!answer.known) return answer;
  try {
    return known(JSON.parse(answer.value) as unknown, answer.source);
  } catch {
    return unknown('failed', answer.source, `${server}: the answer is no JSON, or was cut short`);
  }
}

/** 401 is denied too: whoever is not known is not told whether the thing exists. */
function reasonOf(status: number): UnknownReason {
  if (status === 401 || status === 403) return 'denied';
  return status === 404 ? 'absent' : 'failed';
}

/** The server's own reason: the message of a Status object, or the first line of a plain text. */
function wordsOf(body: string): string {
  try {
    const status = JSON.parse(body) as { message?: unknown };
    if (typeof status?.message === 'string') return firstLine(status.message);
  } catch {
    // Plain text, as /readyz and proxies send it.
  }
  return firstLine(body);
}
