import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { Failure } from '../draft.ts';
import { codeOf, failureFor } from '../system-errors.ts';
import { decoded, encoded } from './protobuf.ts';
import { CRI_SERVICE, type CriMethod } from './schema.ts';
import { unary } from './unary.ts';

/** An answer of the runtime's, or gRPC's name for what went wrong and its words. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly words: string };

export interface Channel {
  call<T>(method: CriMethod, request: object, timeoutMs: number): Promise<Answer<T>>;
  close(): void;
}

/** Why nothing can be asked at a socket: no such file, not for us, or nobody who listens. Undefined when somebody accepts. */
export function unreachableSocket(path: string, timeoutMs: number): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: timeoutMs });
    const settle = (trouble?: Failure): void => {
      socket.destroy();
      resolve(trouble);
    };
    socket.on('connect', () => settle());
    socket.on('timeout', () => settle({ state: 'failed', detail: `${path}: accepts no connection` }));
    socket.on('error', (error) => {
      const code = codeOf(error);
      const silent = { state: 'failed', detail: `${path}: nobody listens (the runtime is not running)` } as const;
      settle(code === 'ECONNREFUSED' ? silent : failureFor(path, code));
    });
  });
}

/** A gRPC channel over a unix socket, connected at the first call, and again at the next one after it broke. */
export function openChannel(path: string, signal?: AbortSignal): Channel {
  let session: ClientHttp2Session | undefined;
  function connected(): ClientHttp2Session {
    if (session && !session.closed && !session.destroyed) return session;
    session = connectHttp2('http://localhost', { createConnection: () => connect({ path }) });
    // Its calls tell; without a listener it would end the process.
    session.on('error', () => undefined);
    return session;
  }
  return {
    async call<T>(method: CriMethod, request: object, timeoutMs: number): Promise<Answer<T>> {
      const message = encoded(`${method}Request`, request);
      const limits = { timeoutMs, ...(signal && { signal }) };
      const reply = await unary(connected(), `/${CRI_SERVICE}/${method}`, message, limits);
      return reply.ok ? answerFrom<T>(method, reply.message) : reply;
    },
    close: () => session?.destroy(),
  };
}

function answerFrom<T>(method: CriMethod, message: Buffer): Answer<T> {
  try {
    return { ok: true, value: decoded(`${method}Response`, message) as T };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { ok: false, code: 'INTERNAL', words: `the answer cannot be read: ${words}` };
  }
}
