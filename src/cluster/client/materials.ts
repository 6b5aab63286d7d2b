import { readFile } from 'node:fs/promises';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { codeOf, failureFor } from '../../hosts/system-errors.ts';
import type { Access, Material } from './kubeconfig.ts';

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
