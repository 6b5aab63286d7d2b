import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';

/**
 * One call of gRPC with one answer, over an HTTP/2 session, after gRPC's PROTOCOL-HTTP2.md: a message behind five bytes of
 * header each way, the status in the trailers. Nothing is compressed and nothing tried twice.
 */

/** The answer's message, or gRPC's name for what went wrong and its words. */
export type Reply =
  | { readonly ok: true; readonly message: Buffer }
  | { readonly ok: false; readonly code: string; readonly words: string };

export interface Limits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** More than this is no answer a node has reason for: some 200,000 sandboxes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const HEADER_BYTES = 5;
/** gRPC allows eight digits. */
const LONGEST_TIMEOUT_MS = 99_999_999;

/** In the order of their numbers (grpc's statuscodes.md). */
const CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

type Code = (typeof CODES)[number];

/** What an HTTP status that gRPC did not make stands for (grpc's http-grpc-status-mapping.md). */
const BY_HTTP_STATUS: Readonly<Record<number, Code>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/** What it means when the stream was reset (PROTOCOL-HTTP2.md, "Errors"). */
const BY_RESET: Readonly<Record<number, Code>> = {
  [constants.NGHTTP2_REFUSED_STREAM]: 'UNAVAILABLE',
  [constants.NGHTTP2_CANCEL]: 'CANCELLED',
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: 'RESOURCE_EXHAUSTED',
  [constants.NGHTTP2_INADEQUATE_SECURITY]: 'PERMISSION_DENIED',
};

/** Calls `path` (`/package.Service/Method`). Resolves always: a failure is a value. */
export function unary(session: ClientHttp2Session, path: string, message: Buffer, limits: Limits): Promise<Reply> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    'grpc-timeout': `${Math.min(Math.ceil(limits.timeoutMs), LONGEST_TIMEOUT_MS)}m`,
    'user-agent': 'hayward',
    te: 'trailers',
  });
  stream.end(framed(message));
  return replyOn(stream, limits, () => session.destroyed);
}

function framed(message: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

function replyOn(stream: ClientHttp2Stream, { timeoutMs, signal }: Limits, isBroken: () => boolean): Promise<Reply> {
  return new Promise((resolve) => {
    const end: End = { parts: [], bytes: 0 };
    const giveUp = (code: Code, words: string): void => {
      end.givenUp ??= failure(code, words);
      stream.close(constants.NGHTTP2_CANCEL);
      // A stream of a session that never came about does not close for that.
      conclude();
    };
    const cancel = (): void => giveUp('CANCELLED', 'the caller gave up');
    const timer = setTimeout(giveUp, timeoutMs, 'DEADLINE_EXCEEDED', `no answer within ${timeoutMs / 1000} s`);
    function conclude(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      // Node gives every call of a broken connection a reset of its own.
      resolve(replyFrom(end, isBroken() ? undefined : stream.rstCode));
    }
    stream.on('response', (headers) => {
      end.headers = headers;
    });
    stream.on('trailers', (trailers) => {
      end.trailers = trailers;
    });
    stream.on('data', (part: Buffer) => {
      end.parts.push(part);
      end.bytes += part.length;
      if (end.bytes > MAX_ANSWER_BYTES)
        giveUp('RESOURCE_EXHAUSTED', `an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    });
    stream.on('error', (error: Error) => {
      end.error = error;
    });
    stream.on('close', conclude);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
  });
}

/** All that came of a call, once nothing more will. */
interface End {
  readonly parts: Buffer[];
  bytes: number;
  headers?: IncomingHttpHeaders;
  trailers?: IncomingHttpHeaders;
  error?: Error;
  givenUp?: Reply;
}

function replyFrom({ parts, headers, trailers, error, givenUp }: End, reset: number | undefined): Reply {
  if (givenUp) return givenUp;
  // An answer that is a failure and nothing else has its status in the headers.
  const said = trailers?.['grpc-status'] === undefined ? headers : trailers;
  const status = said?.['grpc-status'];
  if (status === '0') return messageIn(Buffer.concat(parts));
  if (status !== undefined) return failure(CODES[Number(status)] ?? 'UNKNOWN', wordsIn(said));
  const http = Number(headers?.[':status'] ?? 200);
  if (http !== 200) return failure(BY_HTTP_STATUS[http] ?? 'UNKNOWN', `HTTP status ${http}`);
  if (reset && BY_RESET[reset]) return failure(BY_RESET[reset], 'the call was reset');
  return failure('UNAVAILABLE', error?.message ?? 'the connection ended before the answer');
}

function messageIn(bytes: Buffer): Reply {
  const length = bytes.length >= HEADER_BYTES ? bytes.readUInt32BE(1) : -1;
  // The first byte of the header says whether it is compressed, which was not offered.
  if (bytes[0] !== 0 || bytes.length !== HEADER_BYTES + length) return failure('INTERNAL', 'the answer is no message');
  return { ok: true, message: bytes.subarray(HEADER_BYTES) };
}

/** Percent-encoded, says the protocol; what is not stays as it came. */
function wordsIn(headers: IncomingHttpHeaders | undefined): string {
  const words = String(headers?.['grpc-message'] ?? '');
  try {
    return decodeURIComponent(words);
  } catch {
    return words;
  }
}

function failure(code: Code, words: string): Reply {
  return { ok: false, code, words };
}
