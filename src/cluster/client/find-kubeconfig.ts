import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { known, type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import { codeOf, failureFor } from '../../hosts/system-errors.ts';
import { type Access, type KubeconfigFile, parseKubeconfig } from './kubeconfig.ts';
import { HOME_KUBECONFIG, KUBECONFIG_PLACES, type KubeconfigOwner } from './kubeconfig-places.ts';

export interface FoundKubeconfig {
  readonly owner: KubeconfigOwner;
  readonly access: Access;
  /** Places looked at before, where something is that could not be used, and why. Where nothing is, nothing is said. */
  readonly passedOver: readonly Unknown[];
}

export interface KubeconfigSearch {
  /** From --kubeconfig: no other is looked for. */
  readonly option?: string;
  /** KUBECONFIG: where it is set no other is looked for. May name several files. */
  readonly environment?: string;
  /** The user's home directory: its .kube/config comes last, for on a node it may be another cluster's. */
  readonly home?: string;
  /** Where the node's file system is, `/` unless said otherwise. */
  readonly root?: string;
}

/**
 * Finds the kubeconfig to use and reads it. Unknown when none can be used: for the reason that the first one in the order gave,
 * or absent when there is none at all.
 */
export async function findKubeconfig(search: KubeconfigSearch): Promise<Reading<FoundKubeconfig>> {
  const passedOver: Unknown[] = [];
  const places = placesFor(search);
  for (const [owner, paths] of places) {
    const access = await readAccess(paths);
    if (access.known) return known({ owner, access: access.value, passedOver }, access.source);
    if (access.reason !== 'absent') passedOver.push(access);
  }
  const looked = places.flatMap(([, paths]) => paths).join(', ');
  return passedOver[0] ?? unknown('absent', looked, `no kubeconfig: ${looked}`);
}

function placesFor(search: KubeconfigSearch): readonly (readonly [KubeconfigOwner, readonly string[]])[] {
  const { option, environment, home, root = '/' } = search;
  if (option) return [['option', [option]]];
  const named = environment?.split(delimiter).filter(Boolean) ?? [];
  if (named.length > 0) return [['environment', named]];
  const kept = KUBECONFIG_PLACES.map(([owner, path]) => [owner, [join(root, path)]] as const);
  return home ? [...kept, ['home', [join(home, HOME_KUBECONFIG)]]] : kept;
}

/** Of several files those that do not exist are left out, as kubectl does. */
async function readAccess(paths: readonly string[]): Promise<Reading<Access>> {
  const files: KubeconfigFile[] = [];
  let missing: Unknown | undefined;
  for (const path of paths) {
    try {
      files.push({ path, text: await readFile(path, 'utf8') });
    } catch (error) {
      const { state, detail } = failureFor(path, codeOf(error));
      missing ??= unknown(state, path, detail);
      if (state !== 'absent') return unknown(state, path, detail);
    }
  }
  return files.length === 0 && missing ? missing : parseKubeconfig(files);
}
