import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { known, type Reading, type UnknownReason, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import { codeOf, failureFor } from '../../hosts/system-errors.ts';
import type { Access, Material } from './kubeconfig.ts';

export interface AskOptions {
  /** The whole request, connecting included. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Asks one API server. Reading, never writing. */
export interface KubeClient {
  readonly server: string;
  /** The answer's text, e.g. of `/readyz?verbose`. */
  text(path: string, options?: AskOptions): Promise<Reading<string>>;
  /** The answer as JSON. */
  json(path: string, options?: AskOptions): Promise<Reading<unknown>>;
  /** Ends the connections that are kept open. */
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 10_000;

/** A page of 500 Pods is 3 MB; a server that sends without end is cut off. */
const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Opens a client for an access: reads the files it names, connects to nothing. Over node:https alone, as the node agent
 * must stay small (docs/decisions/0010). Denied or absent when a file of the access cannot be read.
 */
export async function openClient(access: Access): Promise<Reading<KubeClient>> {
  const read = await readMaterials(access);
  if (!read.known) return read;
  const { authority, certificate, key, token } = read.value;
  const agent = new Agent({
    keepAlive: true,
    rejectUnauthorized: !access.insecure,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
  });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token.trim()}` };

  async function text(path: string, options: AskOptions = {}): Promise<Reading<string>> {
    const source = `kubectl get --raw '${path}'`;
    const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
    try {
      const url = new URL(access.server.replace(/\/+$/, '') + path);
      const answer = await new Promise<Answer>((resolve, reject) => {
        const asked = request(url, { agent, headers, signal }, (response) => collect(response, resolve, reject));
        asked.on('error', reject);
        asked.end();
      });
      if (answer.status === 200) return known(answer.text, source);
      return unknown(reasonOf(answer.status), source, `HTTP ${answer.status}: ${wordsOf(answer.text)}`);
    } catch (error) {
      const why = limit.aborted ? `no answer in ${(options.timeoutMs ?? TIMEOUT_MS) / 1000} s` : troubleOf(error);
      return unknown('failed', source, `${access.server}: ${why}`);
    }
  }
  return known(
    {
      server: access.server,
      text,
      async json(path, options) {
        const answer = await text(path, options);
        if (!answer.known) return answer;
        try {
          return known(JSON.parse(answer.value) as unknown, answer.source);
        } catch {
          return unknown('failed', answer.source, `${access.server}: the answer is no JSON, or was cut short`);
        }
      },
      close: () => agent.destroy(),
    },
    access.server,
  );
}

type Materials = Partial<Record<'authority' | 'certificate' | 'key' | 'token', string>>;

async function readMaterials(access: Access): Promise<Reading<Materials>> {
  const read: Materials = {};
  for (const name of ['authority', 'certificate', 'key', 'token'] as const) {
    const material: Material | undefined = access[name];
    if (material === undefined) continue;
    if ('text' in material) read[name] = material.text;
    else {
      try {
        read[name] = await readFile(material.file, 'utf8');
      } catch (error) {
        const { state, detail } = failureFor(material.file, codeOf(error));
        return unknown(state, material.file, detail);
      }
    }
  }
  return known(read, access.server);
}

function collect(response: IncomingMessage, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LONGEST_ANSWER_BYTES) {
      response.destroy(new Error(`an answer of more than ${LONGEST_ANSWER_BYTES} bytes`));
    } else chunks.push(chunk);
  });
  // Also a connection that ends in the middle of an answer: its "aborted" comes here.
  response.on('error', reject);
  response.on('end', () => {
    resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
  });
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
