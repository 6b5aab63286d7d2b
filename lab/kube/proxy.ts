import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { LabApiServer } from './api-server.ts';
import { type Credentials, type Identity, issueCredentials } from './credentials.ts';

/** What becomes of a request instead of being passed on as it is. */
export type Mishap =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly retryAfterS?: number }
  /** The connection is lost in the middle of the answer. */
  | { readonly kind: 'cut' }
  /** The answer ends in its middle as if it were whole. */
  | { readonly kind: 'truncate' }
  /** The answer's text is another. */
  | { readonly kind: 'rewrite'; readonly rewrite: (text: string) => string }
  | { readonly kind: 'silence' };

export interface LabProxy {
  readonly url: string;
  /** Asked for each request with its path and how many there were before it; nothing: it is passed on. */
  mishap: (path: string, before: number) => Mishap | undefined;
  /** Paths that were asked for, in their order. */
  readonly seen: readonly string[];
  /** Ends the watches that are under way, each in the middle of whatever it is sending, and says how many there were. */
  cutWatches(): number;
  /** A kubeconfig that leads through the proxy. */
  user(identity: Identity): Promise<Credentials>;
  stop(): Promise<void>;
}

/**
 * A proxy before a lab's API server that authenticates as Kubernetes' own aggregation and Rancher's proxies do: it takes the client's
 * certificate and passes its names on in the headers X-Remote-User and X-Remote-Group.
 */
export async function startProxy(server: LabApiServer): Promise<LabProxy> {
  const { authority } = server;
  const own = await authority.issue({ commonName: 'proxy', names: ['127.0.0.1', 'kubernetes'] });
  const upstream = await authority.issue({ commonName: 'system:auth-proxy' });
  const ca = await readFile(authority.certificate);
  const read = async (issued: typeof own): Promise<{ cert: Buffer; key: Buffer }> => ({
    cert: await readFile(issued.certificate),
    key: await readFile(issued.key),
  });
  const agent = new Agent({ ca, ...(await read(upstream)) });
  const seen: string[] = [];
  const watches = new Set<() => void>();
  const listening = createServer({ ...(await read(own)), ca, requestCert: true }, (from, to) => {
    const path = from.url ?? '/';
    const mishap = proxy.mishap(path, seen.length);
    seen.push(path);
    if (mishap?.kind === 'silence') return;
    if (mishap?.kind === 'answer') {
      const { status, text, retryAfterS } = mishap;
      const after = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
      to.writeHead(status, { 'content-type': 'text/plain', ...after }).end(text);
    } else passOn({ server, agent, from, to, watches, ...(mishap && { mishap }) });
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const url = `https://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const proxy: LabProxy = {
    url,
    mishap: () => undefined,
    seen,
    cutWatches() {
      const open = [...watches];
      for (const cut of open) cut();
      return open.length;
    },
    async user(identity) {
      const folder = await mkdtemp(join(dirname(server.admin.kubeconfig), 'proxied-'));
      return issueCredentials(folder, { url, authority }, identity);
    },
    async stop() {
      agent.destroy();
      listening.closeAllConnections();
      listening.close();
      await once(listening, 'close');
    },
  };
  return proxy;
}

interface Passing {
  readonly server: LabApiServer;
  readonly agent: Agent;
  readonly from: IncomingMessage;
  readonly to: ServerResponse;
  /** Of those that are under way: what cuts one. */
  readonly watches: Set<() => void>;
  readonly mishap?: Exclude<Mishap, { kind: 'answer' | 'silence' }>;
}

function passOn({ server, agent, from, to, watches, mishap }: Passing): void {
  const { subject } = (from.socket as TLSSocket).getPeerCertificate();
  const groups = [subject?.O ?? []].flat();
  const type = from.headers['content-type'];
  const { accept } = from.headers;
  const headers = {
    'x-remote-user': String(subject?.CN ?? ''),
    'x-remote-group': groups,
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(accept === undefined ? {} : { accept }),
  };
  const { method = 'GET' } = from;
  const asked = request(new URL(from.url ?? '/', server.url), { agent, method, headers }, (answer) => {
    if (answer.statusCode === 200 && /[?&]watch=/.test(from.url ?? '')) return stream(answer, to, watches);
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('error', () => to.destroy());
    answer.on('end', () => send(to, answer, Buffer.concat(chunks), mishap));
  });
  asked.on('error', () => to.destroy());
  from.pipe(asked);
}

/** A watch is passed on as it comes, for it need not end. */
function stream(answer: IncomingMessage, to: ServerResponse, watches: Set<() => void>): void {
  to.writeHead(200, { 'content-type': answer.headers['content-type'] ?? 'application/json' });
  to.flushHeaders();
  function cut(): void {
    watches.delete(cut);
    answer.unpipe(to);
    to.write('{"type":"MODIFIED","object":{"metadata":{"name":', () => to.destroy());
  }
  watches.add(cut);
  to.on('close', () => {
    watches.delete(cut);
    answer.destroy();
  });
  answer.on('error', () => to.destroy());
  answer.pipe(to);
}

function send(to: ServerResponse, answer: IncomingMessage, whole: Buffer, mishap: Passing['mishap']): void {
  const type = answer.headers['content-type'] ?? 'application/json';
  const text = mishap?.kind === 'rewrite' ? Buffer.from(mishap.rewrite(whole.toString('utf8'))) : whole;
  const half = text.subarray(0, text.length >> 1);
  const sent = mishap?.kind === 'truncate' ? half : text;
  to.writeHead(answer.statusCode ?? 502, { 'content-type': type, 'content-length': sent.length });
  if (mishap?.kind === 'cut') to.write(half, () => to.destroy());
  else to.end(sent);
}
