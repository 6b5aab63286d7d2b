import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { codeOf, failureFor } from '../../hosts/system-errors.ts';
import type { Access, Material } from './kubeconfig.ts';

/** What a client's own certificate says of itself; nothing of it is secret. */
export interface OwnCertificate {
  /** The user's name to Kubernetes, e.g. `system:node:node-1`. */
  readonly commonName: string;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
}

/** Certificates and keys as PEM. */
export interface Materials {
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** Reads the certificate and key files of an access. Denied, absent or failed where one cannot be read. */
export async function readMaterials(access: Access): Promise<Reading<Materials>> {
  const read: Partial<Record<keyof Materials, string>> = {};
  for (const name of ['authority', 'certificate', 'key'] as const) {
    const material = access[name];
    if (material === undefined) continue;
    const text = await textOf(material);
    if (!text.known) return text;
    read[name] = text.value;
  }
  return known(read, access.server);
}

/** What a PEM text's first certificate says. Nothing when there is none that can be read. */
export function ownCertificate(pem: string | undefined): OwnCertificate | undefined {
  if (pem === undefined) return undefined;
  try {
    const { subject, validFrom, validTo } = new X509Certificate(pem);
    const commonName = /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
    return { commonName, notBefore: new Date(validFrom).toISOString(), notAfter: new Date(validTo).toISOString() };
  } catch {
    return undefined;
  }
}

/** A service account's token is replaced in its file well before it expires; client-go reads it each minute (transport/token_source.go). */
const TOKEN_AGE_MS = 60_000;

/** Gives the token of an access, from its file anew each minute; undefined where the access has none. */
export function tokenSource(material: Material | undefined): () => Promise<Reading<string | undefined>> {
  let last: Reading<string> | undefined;
  let readAt = 0;
  return async () => {
    if (material === undefined) return known(undefined, '');
    if (!last?.known || performance.now() - readAt > TOKEN_AGE_MS) {
      last = await textOf(material);
      readAt = performance.now();
    }
    return last.known ? known(last.value.trim(), last.source) : last;
  };
}

async function textOf(material: Material): Promise<Reading<string>> {
  if ('text' in material) return known(material.text, 'kubeconfig');
  try {
    return known(await readFile(material.file, 'utf8'), material.file);
  } catch (error) {
    const { state, detail } = failureFor(material.file, codeOf(error));
    return unknown(state, material.file, detail);
  }
}
