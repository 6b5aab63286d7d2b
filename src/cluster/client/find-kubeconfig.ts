import { access, constants, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { delimiter, join } from 'node:path';
import { known, mapReading, type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import { harmless } from '../../hosts/sanitise.ts';
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
  /** What a Pod finds in its environment (KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT): its service account comes last of all. */
  readonly service?: {
    readonly host: string;
    readonly port: string;
    /** Where its token and ca.crt are instead: then no other place is looked at, such as the node's own that the Pod sees. */
    readonly account?: string;
  };
  /** Where the node's file system is, `/` unless said otherwise. */
  readonly root?: string;
}

/**
 * Finds the kubeconfig to use and reads it. Unknown when none can be used: for the reason that the first one in the order gave,
 * or absent when there is none at all.
 */
export async function findKubeconfig(search: KubeconfigSearch): Promise<Reading<FoundKubeconfig>> {
  const passedOver: Unknown[] = [];
  if (search.service?.account !== undefined) {
    const named = await serviceAccount(search);
    if (named) return mapReading(named, (access) => ({ owner: 'service-account', access, passedOver }));
  }
  const places = placesFor(search);
  for (const [owner, paths] of places) {
    const access = await readAccess(paths);
    if (access.known) return known({ owner, access: access.value, passedOver }, access.source);
    if (access.reason !== 'absent') passedOver.push(access);
  }
  const own = await serviceAccount(search);
  if (own?.known) return known({ owner: 'service-account', access: own.value, passedOver }, own.source);
  if (own && own.reason !== 'absent') passedOver.push(own);
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

/** Where the kubelet puts a service account's token and the cluster's CA (client-go rest/config.go, InClusterConfig). */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A Pod's own access; nothing where this is no Pod, or where another access was named. */
async function serviceAccount({ option, environment, service, root = '/' }: KubeconfigSearch) {
  if (option || environment || service === undefined) return undefined;
  const { host, port, account = ACCOUNT } = service;
  const [token, authority] = ['token', 'ca.crt'].map((name) => join(root, account, name)) as [string, string];
  try {
    await Promise.all([access(token, constants.R_OK), access(authority, constants.R_OK)]);
  } catch (error) {
    const { state, detail } = failureFor(token, codeOf(error));
    return unknown(state, token, detail);
  }
  const address = isIP(host) === 6 ? `[${host}]` : host;
  const server = `https://${address}:${port}`;
  if (!URL.canParse(server)) return unknown('failed', 'KUBERNETES_SERVICE_HOST', `no address: ${harmless(server)}`);
  return known<Access>(
    {
      context: 'in-cluster',
      user: 'service-account',
      server,
      insecure: false,
      authority: { file: authority },
      token: { file: token },
    },
    token,
  );
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
