import { Agent } from 'node:https';
import { known, type Reading, type Unknown, type UnknownReason, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import type { Certificate } from '../model/machine.ts';
import type { Answered, Unanswered } from '../model/outcome.ts';
import { certificateIn } from './certificate.ts';
import { type Answer, exchange, NoAnswer } from './exchange.ts';
import type { Access } from './kubeconfig.ts';
import { type Materials, readMaterials, tokenSource } from './materials.ts';
import { askedAgain } from './retry.ts';

export interface AskOptions {
  /** All of it: connecting, and asking again where the server is busy. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Asks one API server. Reading, never writing: what is posted is answered and kept nowhere. */
export interface KubeClient {
  readonly server: string;
  /** Of the client itself, where it is known by one. */
  readonly certificate?: Certificate;
  /** The answer's text, e.g. of `/version`. Asked again, within the limit, while the server is busy. */
  text(path: string, options?: AskOptions): Promise<Reading<string>>;
  /** The answer as JSON; asked again as `text` is. */
  json(path: string, options?: AskOptions): Promise<Reading<unknown>>;
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

const TIMEOUT_MS = 10_000;

/**
 * Opens a client for an access: reads the files it names, connects to nothing. Over node:https alone, as the node agent
 * must stay small (docs/decisions/0012). Denied or absent when a file of the access cannot be read.
 */
export async function openClient(access: Access): Promise<Reading<KubeClient>> {
  const materials = await readMaterials(access);
  if (!materials.known) return materials;
  const token = tokenSource(access.token);
  const first = await token();
  if (!first.known) return first;
  return known(clientAt({ access, materials: materials.value, token }), access.server);
}

interface Ground {
  readonly access: Access;
  readonly materials: Materials;
  readonly token: () => Promise<Reading<string | undefined>>;
}

function clientAt(ground: Ground): KubeClient {
  const { access } = ground;
  const agent = agentFor(ground);
  const others: KubeClient[] = [];
  const certificate = certificateIn(ground.materials.certificate ?? '', 'client certificate');

  /** One question within its limit, once or again and again. Failed only where our own token cannot be read. */
  async function asked(question: Question, options: AskOptions): Promise<Reading<Answer | NoAnswer>> {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
    const token = await ground.token();
    if (!token.known) return token;
    const headers = token.value === undefined ? {} : { authorization: `Bearer ${token.value}` };
    const url = new URL(access.server.replace(/\/+$/, '') + question.path);
    const once = (): Promise<Answer> => exchange({ url, agent, headers, signal, body: question.body });
    const answer = question.once ? once() : askedAgain(once, timeoutMs, signal);
    return known(await answer.catch((error: unknown) => noAnswerOf(error, limit, timeoutMs)), question.source);
  }
  async function text(path: string, options: AskOptions = {}): Promise<Reading<string>> {
    return textOf(await asked({ path, source: rawSource(path) }, options), access.server);
  }
  return {
    server: access.server,
    ...(certificate === undefined ? {} : { certificate }),
    text,
    json: async (path, options) => parsed(await text(path, options), access.server),
    outcome: async (path, options = {}) =>
      outcomeOf(await asked({ path, source: rawSource(path), once: true }, options)),
    review: async (path, body, options = {}) =>
      parsed(textOf(await asked({ path, source: `POST ${path}`, body }, options), access.server), access.server),
    at(server, serverName) {
      const { serverName: _, ...rest } = access;
      const there: Access = { ...rest, server, ...(serverName === undefined ? {} : { serverName }) };
      const other = clientAt({ ...ground, access: there, ...(access.insecure && { token: tokenSource(undefined) }) });
      others.push(other);
      return other;
    },
    close() {
      agent.destroy();
      for (const other of others.splice(0)) other.close();
    },
  };
}

interface Question {
  readonly path: string;
  readonly source: string;
  readonly body?: unknown;
  readonly once?: boolean;
}

function rawSource(path: string): string {
  return `kubectl get --raw '${path}'`;
}

function agentFor({ access, materials }: Ground): Agent {
  const { authority, certificate, key } = materials;
  return new Agent({
    keepAlive: true,
    rejectUnauthorized: !access.insecure,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
  });
}

/** Ours to make known: the limit, which Node's words for an aborted request do not tell. */
function noAnswerOf(error: unknown, limit: AbortSignal, timeoutMs: number): NoAnswer {
  if (!(error instanceof NoAnswer)) throw error;
  return limit.aborted ? new NoAnswer(error.kind, `no answer in ${timeoutMs / 1000} s`) : error;
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
function refusalOf({ status, text }: Answer, source: string): Unknown {
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
