import { Agent } from 'node:https';
import { known, type Reading } from '../../hosts/reading.ts';
import { VERSION } from '../../version.ts';
import type { Certificate } from '../model/machine.ts';
import { certificateIn } from './certificate.ts';
import { type Answer, exchange, NoAnswer, responseTo } from './exchange.ts';
import type { Access } from './kubeconfig.ts';
import { type Limit, limitOf } from './limit.ts';
import { followLines } from './lines.ts';
import { type Materials, readMaterials, tokenSource } from './materials.ts';
import { askedAgain } from './retry.ts';

export interface AskOptions {
  /** All of it: connecting, and asking again where the server is busy. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One request: a GET that wants JSON unless said otherwise. */
export interface Question {
  readonly path: string;
  readonly source: string;
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The body's content type, where it is not application/json. */
  readonly type?: string;
  readonly accept?: string;
  /** Not asked again, whatever comes. */
  readonly once?: boolean;
  /** Asked right before each attempt is written to a connection that stands: a reason keeps it from being sent. */
  readonly unless?: () => string | undefined;
}

export interface Streaming {
  /** Once the server has begun to answer with success. */
  readonly onOpen: () => void;
  /** False ends it. */
  readonly onLine: (line: string) => boolean;
  /** Ended when nothing comes for so long, not even the beginning of an answer. */
  readonly silentMs: number;
  readonly signal: AbortSignal;
}

/** Where to, and by what one is known there. */
export interface Dialling {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
}

/** The way to one API server with one's credentials: what reads, writes and watches is built on it. */
export interface Wire {
  readonly server: string;
  /** Of the client itself, where it is known by one. */
  readonly certificate?: Certificate;
  /** One question within its limit, once or again and again. Unknown only where our own token cannot be read. */
  ask(question: Question, options: AskOptions): Promise<Reading<Answer | NoAnswer>>;
  /** Follows an answer that comes line by line, on a connection of its own. An answer is what was no success; else why it ended. */
  stream(question: Question, streaming: Streaming): Promise<Reading<Answer | NoAnswer>>;
  /** What a connection of another protocol needs. Unknown where our own token cannot be read. */
  dialling(path: string): Promise<Reading<Dialling>>;
  /** See KubeClient.at. */
  at(server: string, serverName?: string): Wire;
  /** The same over connections of its own. */
  apart(): Wire;
  /** Ends all connections, of `at`'s and `apart`'s too. */
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** After so long without data TCP asks whether the other host is still there (tcp(7)): a stream may rightly be silent for longer. */
const KEEP_ALIVE_MS = 15_000;
const USER_AGENT = `hayward/${VERSION}`;

/** Reads the files an access names, connects to nothing. Denied, absent or failed when one cannot be read. */
export async function openWire(access: Access): Promise<Reading<Wire>> {
  const materials = await readMaterials(access);
  if (!materials.known) return materials;
  const token = tokenSource(access.token);
  const first = await token();
  if (!first.known) return first;
  return known(wireOn({ access, materials: materials.value, token }), access.server);
}

interface Ground {
  readonly access: Access;
  readonly materials: Materials;
  readonly token: () => Promise<Reading<string | undefined>>;
}

function wireOn(ground: Ground): Wire {
  const { access } = ground;
  const agent = agentFor(ground);
  const streams = agentFor(ground);
  const others: Wire[] = [];
  const certificate = certificateIn(ground.materials.certificate ?? '', 'client certificate');

  /** What of a request is known before it is sent. Unknown where our own token cannot be read. */
  async function prepared({ path, method, body, type, accept, source, unless }: Question) {
    const token = await ground.token();
    if (!token.known) return token;
    const headers = {
      'user-agent': USER_AGENT,
      accept: accept ?? 'application/json, */*',
      ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
      ...(token.value === undefined ? {} : { authorization: `Bearer ${token.value}` }),
    };
    const asked = {
      url: new URL(access.server.replace(/\/+$/, '') + path),
      headers,
      ...(method === undefined ? {} : { method }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(unless === undefined ? {} : { unless }),
    };
    return known(asked, source);
  }
  function other(of: Ground): Wire {
    const wire = wireOn(of);
    others.push(wire);
    return wire;
  }
  return {
    server: access.server,
    ...(certificate === undefined ? {} : { certificate }),
    async ask(question, options) {
      const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
      const asked = await prepared(question);
      if (!asked.known) return asked;
      const limit = limitOf(timeoutMs, options.signal);
      const once = (): Promise<Answer> => exchange({ ...asked.value, agent, signal: limit.signal });
      try {
        return known(await (question.once ? once() : askedAgain(once, timeoutMs, limit.signal)), question.source);
      } catch (error) {
        return known(noAnswerOf(error, limit, timeoutMs), question.source);
      } finally {
        limit.release();
      }
    },
    async stream(question, { onOpen, onLine, silentMs, signal }) {
      const asked = await prepared(question);
      if (!asked.known) return asked;
      const silence = limitOf(silentMs, signal);
      try {
        const response = await responseTo({ ...asked.value, agent: streams, signal: silence.signal });
        response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
        return known(await followLines(response, { onOpen, onLine, onData: silence.again }), question.source);
      } catch (error) {
        return known(noAnswerOf(error, silence, silentMs), question.source);
      } finally {
        silence.release();
      }
    },
    async dialling(path) {
      const asked = await prepared({ path, source: path });
      return asked.known ? known({ ...asked.value, agent: streams }, path) : asked;
    },
    at(server, serverName) {
      const { serverName: _, ...rest } = access;
      const there: Access = { ...rest, server, ...(serverName === undefined ? {} : { serverName }) };
      return other({ ...ground, access: there, ...(access.insecure && { token: tokenSource(undefined) }) });
    },
    apart: () => other(ground),
    close() {
      agent.destroy();
      streams.destroy();
      for (const wire of others.splice(0)) wire.close();
    },
  };
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
function noAnswerOf(error: unknown, limit: Limit, limitMs: number): NoAnswer {
  if (!(error instanceof NoAnswer)) throw error;
  return limit.passed() ? new NoAnswer(error.kind, `no answer in ${limitMs / 1000} s`) : error;
}
