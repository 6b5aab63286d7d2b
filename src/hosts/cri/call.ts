import { connect } from 'node:net';
import type { Client, ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { Failure } from '../draft.ts';
import { codeOf, failureFor } from '../system-errors.ts';
import { CRI_SCHEMA, CRI_SERVICE, type CriMethod } from './schema.ts';

/** An answer of the runtime's, or gRPC's name for what went wrong and its words. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly words: string };

export interface Channel {
  call<T>(method: CriMethod, request: object, timeoutMs: number): Promise<Answer<T>>;
  close(): void;
}

/** gRPC's own default of 4 MB is some ten thousand sandboxes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

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

/** A gRPC channel over a unix socket. gRPC is loaded here: it costs 20 MB, and most runs of hayward ask no runtime. */
export async function openChannel(path: string, signal?: AbortSignal): Promise<Channel> {
  const [grpc, { fromJSON }] = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')]);
  const methods = fromJSON(CRI_SCHEMA as Parameters<typeof fromJSON>[0], {
    enums: String,
    longs: String,
    defaults: true,
    arrays: true,
  })[CRI_SERVICE];
  const client = new grpc.Client(`unix:${path}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
  });
  return {
    async call<T>(method: CriMethod, request: object, timeoutMs: number): Promise<Answer<T>> {
      const definition = (methods as Record<string, MethodDefinition<object, object>> | undefined)?.[method];
      if (!definition) throw new TypeError(`${CRI_SERVICE} has no ${method}`);
      const reply = await unary(client, definition, request, { timeoutMs, ...(signal && { signal }) });
      if (!('error' in reply)) return { ok: true, value: reply as T };
      const { code, details } = reply.error as ServiceError;
      return { ok: false, code: grpc.status[code] ?? 'UNKNOWN', words: details };
    },
    close: () => client.close(),
  };
}

interface Limits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

function unary(
  client: Client,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<object, object>,
  request: object,
  { timeoutMs, signal }: Limits,
): Promise<{ error: ServiceError } | object> {
  return new Promise((resolve) => {
    const deadline = Date.now() + timeoutMs;
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, done);
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    function done(error: ServiceError | null, value?: object): void {
      signal?.removeEventListener('abort', cancel);
      resolve(error ? { error } : (value ?? {}));
    }
  });
}
