import { Agent } from 'node:https';
import { known, type Reading, type Unknown, type UnknownReason, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import { type Answer, exchange } from './exchange.ts';
import type { Access } from './kubeconfig.ts';
import { type Materials, type OwnCertificate, ownCertificate, readMaterials, tokenSource } from './materials.ts';
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
  readonly certificate?: OwnCertificate;
  /** The answer's text, e.g. of `/version`. Asked again, within the limit, while the server is busy. */
  text(path: string, options?: AskOptions): Promise<Reading<string>>;
  /** The answer as JSON; asked again as `text` is. */
  json(path: string, options?: AskOptions): Promise<Reading<unknown>>;
  /** Whatever the server answers, asked once: a failing `/readyz?verbose` says in a 500 which check fails. */
  answer(path: string, options?: AskOptions): Promise<Reading<Answer>>;
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

const TIMEOUT_MS = 10_000;

/**
 * Opens a client for an access: reads the files it names, connects to nothing. Over node:https alone, as the node agent
 * must stay small (docs/decisions/0010). Denied or absent when a file of the access cannot be read.
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
  const certificate = ownCertificate(ground.materials.certificate);

  /** One question within its limit, once or again and again. Failed where no answer came. */
  async function asked(question: Question, options: AskOptions): Promise<Reading<Answer>> {
    const { source } = question;
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
    const token = await ground.token();
    if (!token.known) return token;
    const headers = token.value === undefined ? {} : { authorization: `Bearer ${token.value}` };
    try {
      const url = new URL(access.server.replace(/\/+$/, '') + question.path);
      const once = (): Promise<Answer> => exchange({ url, agent, headers, signal, body: question.body });
      return known(await (question.once ? once() : askedAgain(once, timeoutMs, signal)), source);
    } catch (error) {
      const why = limit.aborted ? `no answer in ${timeoutMs / 1000} s` : troubleOf(error);
      return unknown('failed', source, `${access.server}: ${why}`);
    }
  }
  async function text(path: string, options: AskOptions = {}): Promise<Reading<string>> {
    return textOf(await asked({ path, source: rawSource(path) }, options));
  }
  return {
    server: access.server,
    ...(certificate === undefined ? {} : { certificate }),
    text,
    json: async (path, options) => parsed(await text(path, options), access.server),
    answer: (path, options = {}) => asked({ path, source: rawSource(path), once: true }, options),
    review: async (path, body, options = {}) =>
      parsed(textOf(await asked({ path, source: `POST ${path}`, body }, options)), access.server),
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

function textOf(answer: Reading<Answer>): Reading<string> {
  if (!answer.known) return answer;
  const { status, text } = answer.value;
  return status >= 200 && status < 300 ? known(text, answer.source) : refusalOf(answer.value, answer.source);
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

function troubleOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // Where a name has several addresses, Node's error for all of them has a code and no message.
  return firstLine(message || (code ?? 'failed'));
}
