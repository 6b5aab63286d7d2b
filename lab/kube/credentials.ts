import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { CertificateAuthority, IssuedCertificate } from './certificates.ts';

/** Who may ask the API server, by a client certificate it trusts. */
export interface Credentials {
  /** Path of a kubeconfig that holds them. */
  readonly kubeconfig: string;
  /** Asks by a request of its own, independent of the product's client. Rejects when no answer comes. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
}

export interface AskOptions {
  /** PATCH is server-side apply: the object is made, or changed by those fields alone, whichever version is stored. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON, which is YAML too. */
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Identity {
  readonly name: string;
  readonly groups?: readonly string[];
  /** When the certificate expires: in a year unless said otherwise. */
  readonly notAfter?: Date;
}

export interface Server {
  readonly url: string;
  readonly authority: CertificateAuthority;
}

const HOUR_MS = 3_600_000;

/** Issues a client certificate and writes a kubeconfig with it into `folder`. */
export async function issueCredentials(folder: string, server: Server, identity: Identity): Promise<Credentials> {
  const { name, groups = [], notAfter } = identity;
  const dates = notAfter === undefined ? {} : { notBefore: new Date(notAfter.getTime() - HOUR_MS), notAfter };
  const issued = await server.authority.issue({ commonName: name, organizations: groups, ...dates });
  const kubeconfig = join(folder, `${name.replaceAll(':', '-')}.kubeconfig`);
  await writeFile(kubeconfig, await kubeconfigText(server, issued), { mode: 0o600 });
  const tls = {
    ca: await readFile(server.authority.certificate),
    cert: await readFile(issued.certificate),
    key: await readFile(issued.key),
  };
  return {
    kubeconfig,
    ask: (path, { method = 'GET', body, timeoutMs = 30_000 } = {}) =>
      new Promise((resolve, reject) => {
        const signal = AbortSignal.timeout(timeoutMs);
        const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
        const headers = { 'content-type': type, connection: 'close' };
        const asked = request(new URL(path, server.url), { ...tls, method, headers, signal }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
          });
        });
        asked.on('error', reject);
        asked.end(body === undefined ? undefined : JSON.stringify(body));
      }),
  };
}

async function kubeconfigText(server: Server, issued: IssuedCertificate): Promise<string> {
  const base64 = (path: string): Promise<string> => readFile(path, 'base64');
  const cluster = { server: server.url, 'certificate-authority-data': await base64(server.authority.certificate) };
  const user = {
    'client-certificate-data': await base64(issued.certificate),
    'client-key-data': await base64(issued.key),
  };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default', cluster }],
    users: [{ name: 'default', user }],
    contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
    'current-context': 'default',
  });
}
