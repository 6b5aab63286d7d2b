import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../hosts/reading.ts';
import { fieldsOf } from './fields.ts';
import { yamlOf } from './yaml-text.ts';

/** RKE2's and k3s's configuration directories. */
export const RANCHER_DIRECTORIES = { rke2: '/etc/rancher/rke2', k3s: '/etc/rancher/k3s' } as const;

export const RANCHER_CONFIG_ASKS: readonly Ask[] = Object.values(RANCHER_DIRECTORIES).flatMap((directory): Ask[] => [
  { kind: 'file', path: `${directory}/config.yaml` },
  { kind: 'files', glob: `${directory}/config.yaml.d/*.yaml` },
]);

/** The merged configuration of RKE2 or k3s, and which file each key's value comes from. */
export interface RancherConfig {
  /** A key's values as text, one for a scalar; undefined when no file sets it. */
  get(key: string): { readonly values: readonly string[]; readonly source: string } | undefined;
}

/**
 * config.yaml, then config.yaml.d/*.yaml in name order. A later file replaces a key, or with `key+` adds to it (RKE2's
 * documentation, "Configuration file"). Absent when there is no such file.
 */
export function rancherConfigOf(
  view: CaptureView,
  distribution: keyof typeof RANCHER_DIRECTORIES,
): Reading<RancherConfig> {
  const directory = RANCHER_DIRECTORIES[distribution];
  const main = `${directory}/config.yaml`;
  const dropIns = view.files(`${main}.d/*.yaml`);
  if (!dropIns.known && dropIns.reason !== 'absent') return dropIns;
  const merged = new Map<string, { values: readonly string[]; source: string }>();
  let seen = 0;
  for (const [path, text] of [[main, view.text(main)] as const, ...(dropIns.known ? dropIns.value : [])]) {
    const parsed = mapReading(text, entriesOf);
    if (parsed.known) {
      seen += 1;
      for (const [key, values] of parsed.value) put(merged, key, values, path);
    } else if (parsed.reason !== 'absent') return parsed;
  }
  if (seen === 0) return unknown('absent', main, `neither ${main} nor ${main}.d holds a file`);
  return known({ get: (key) => merged.get(key) }, main);
}

function put(
  merged: Map<string, { values: readonly string[]; source: string }>,
  key: string,
  values: readonly string[],
  source: string,
): void {
  if (!key.endsWith('+')) {
    merged.set(key, { values, source });
    return;
  }
  const name = key.slice(0, -1);
  merged.set(name, { values: [...(merged.get(name)?.values ?? []), ...values], source });
}

function entriesOf(text: string): readonly (readonly [string, readonly string[]])[] {
  const document = yamlOf(text);
  if (document === null) return [];
  return Object.entries(fieldsOf(document, 'top level').object).map(([key, value]) => [key, wordsOf(value)]);
}

function wordsOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.filter((item) => ['string', 'number', 'boolean'].includes(typeof item)).map(String);
}
