import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { harmlessJson } from './hosts/sanitise.ts';

/** What a path answers. */
export interface Answer {
  readonly status: number;
  readonly type: 'text/plain; version=0.0.4; charset=utf-8' | 'text/plain; charset=utf-8' | 'application/json';
  readonly body: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Answered without a token: the kubelet's probes carry none, and they tell nothing. */
  readonly open?: true;
  answer(query: URLSearchParams): Answer;
}

const PLAIN = 'text/plain; charset=utf-8';

export function plainText(body: string, status = 200): Answer {
  return { status, type: PLAIN, body: `${body}\n` };
}

/** Writers choose their own names, and findings quote files: nothing in it is for a terminal to act on. */
export function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: `${harmlessJson(JSON.stringify(value))}\n` };
}

/** Everything is answered from memory, at once: a client that dawdles is let go. */
const PATIENCE_MS = 5_000;
const MOST_CONNECTIONS = 64;

/** An HTTP server over the routes; not listening yet. With a token, all but the open routes want it as a bearer. */
export function serverOf(routes: readonly Route[], token?: string): Server {
  const server = createServer((request, response) => {
    const answer = answerTo(request, routes, token);
    // A request's body is never read: nothing here takes one.
    request.resume();
    send(response, answer, request.method === 'HEAD');
  });
  server.requestTimeout = PATIENCE_MS;
  server.headersTimeout = PATIENCE_MS;
  server.keepAliveTimeout = PATIENCE_MS;
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

function answerTo(request: IncomingMessage, routes: readonly Route[], token: string | undefined): Answer {
  const url = URL.canParse(request.url ?? '', 'http://localhost')
    ? new URL(request.url ?? '', 'http://localhost')
    : undefined;
  const there = routes.filter(({ path }) => path === url?.pathname);
  if (!url || there.length === 0) {
    const asked = routes.filter(({ method }) => method === 'GET').map(({ path }) => path);
    return plainText(`there is nothing here; see ${asked.join(', ')}`, 404);
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = there.find((one) => one.method === method);
  if (!route) return plainText(`only ${there.map((one) => one.method).join(', ')}`, 405);
  if (token !== undefined && !route.open && !carries(request, token)) return plainText('a bearer token is needed', 401);
  return route.answer(url.searchParams);
}

/** In constant time, so that the token cannot be guessed by its length of agreement. */
function carries({ headers }: IncomingMessage, token: string): boolean {
  const wanted = Buffer.from(`Bearer ${token}`);
  const given = Buffer.from(headers.authorization ?? '');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function send(response: ServerResponse, { status, type, body }: Answer, headOnly: boolean): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  });
  response.end(headOnly ? undefined : body);
}

/** Listens on a TCP address or a unix socket's path; rejects with the system's own error. */
export function listening(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
