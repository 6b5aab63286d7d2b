import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type GateList, gateLists, gateListsOfServer } from '../../../feature-gates/gate-lists.ts';
import { known, type Reading, type Unknown, unknown } from '../../../hosts/reading.ts';
import { runHere } from '../../../hosts/run-local.ts';
import { codeOf, failureFor } from '../../../hosts/system-errors.ts';
import { type Manifest, placeInside } from '../../../manifests/manifest.ts';
import type { Argument } from '../../model/machine.ts';
import { type ReadManifests, readManifests } from './manifest-files.ts';

export interface ArgumentSearch {
  /** Where the node's file system is, `/` unless said otherwise. */
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/** RKE2 and k3s: their configuration (docs.rke2.io/install/configuration), and where their program is installed. */
const SERVERS = ['rke2', 'k3s'].map((name) => ({
  name,
  file: `etc/rancher/${name}/config.yaml`,
  folder: `etc/rancher/${name}/config.yaml.d`,
  programs: [`usr/local/bin/${name}`, `opt/${name}/bin/${name}`, `usr/bin/${name}`],
}));

/** What the kubelet starts by itself: kubeadm's, and what RKE2 wrote at its last start. */
const STATIC_PODS = [
  'etc/kubernetes/manifests/kube-apiserver.yaml',
  'var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml',
];

const VERSION_MS = 5_000;
const NAME = 'feature-gates';

/**
 * The feature gates kube-apiserver will be started with on this machine, where they are written: of every file nothing else is kept,
 * for a configuration holds tokens. `absent` where no such file exists; `denied` where one may not be read.
 */
export async function collectArguments(search: ArgumentSearch = {}): Promise<Reading<readonly Argument[]>> {
  const { root = '/' } = search;
  const servers = await Promise.all(SERVERS.map((server) => ofServer(server, search)));
  const pods = await Promise.all(STATIC_PODS.map((path) => ofPod(join(root, path))));
  const all = [...servers, ...pods].flat();
  const trouble = all.find((one): one is Unknown => 'known' in one);
  if (trouble) return trouble;
  const found = all.filter((one) => 'arguments' in one);
  const source = found.map(({ source: own }) => own).join(', ');
  if (found.length === 0)
    return unknown('absent', 'kube-apiserver', 'kube-apiserver is not configured on this machine');
  return known(withoutRepeats(found.flatMap((one) => one.arguments)), source);
}

/** Files the user names: whatever a manifest or a configuration can be, judged as one start a file. */
export async function argumentsNamed(paths: readonly string[]): Promise<Reading<readonly Argument[]>> {
  const read = await Promise.all(paths.map(readManifests));
  const source = paths.join(', ');
  const trouble = read.find((one): one is Unknown => 'known' in one);
  if (trouble) return trouble;
  const files = read.filter((one) => 'manifests' in one);
  return known(
    files.flatMap(({ path, manifests }) => argumentsOf([...gateLists(manifests)], path, undefined)),
    source,
  );
}

interface Found {
  readonly source: string;
  readonly arguments: readonly Argument[];
}

async function ofServer(
  { name, file, folder, programs }: (typeof SERVERS)[number],
  { root = '/', signal }: ArgumentSearch,
): Promise<readonly (Found | Unknown)[]> {
  const listed = await configurationsIn(join(root, folder));
  if ('known' in listed) return [listed];
  const read = await Promise.all([join(root, file), ...listed].map(readManifests));
  const trouble = read.find((one): one is Unknown => 'known' in one && one.reason !== 'absent');
  if (trouble) return [trouble];
  const files = read.filter((one): one is ReadManifests => 'manifests' in one);
  if (files.length === 0) return [];
  const lists = gateListsOfServer(files.flatMap(({ manifests }) => manifests));
  const version = lists.length === 0 ? undefined : await versionOf(programs, root, signal);
  return [{ source: files.map(({ path }) => path).join(', '), arguments: argumentsOf(lists, name, version) }];
}

/** In the order RKE2 and k3s take them: by name. */
async function configurationsIn(folder: string): Promise<readonly string[] | Unknown> {
  try {
    const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    const { state, detail } = failureFor(folder, codeOf(error));
    return state === 'absent' ? [] : unknown(state, folder, detail);
  }
}

/** `rke2 version v1.34.1+rke2r1 (…)`, of the program that is installed: the next start is its. */
async function versionOf(
  programs: readonly string[],
  root: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for (const program of programs) {
    const asked = await runHere([join(root, program), '--version'], {
      timeoutMs: VERSION_MS,
      ...(signal && { signal }),
    });
    const version = /^\w+ version (v\d\S*)/m.exec(asked.stdout)?.[1];
    if (!asked.failed && version !== undefined) return version;
  }
  return undefined;
}

async function ofPod(path: string): Promise<readonly (Found | Unknown)[]> {
  const read = await readManifests(path);
  if ('known' in read) return read.reason === 'absent' ? [] : [read];
  return [{ source: path, arguments: argumentsOf([...gateLists(read.manifests)], path, undefined) }];
}

function argumentsOf(lists: readonly GateList[], start: string, version: string | undefined): Argument[] {
  return lists.map((list) => {
    const { manifest, node, at, value } = list;
    const told = list.version ?? version;
    const { line } = placeInside(manifest, node, at);
    return { file: fileOf(manifest), line, start, name: NAME, value, ...(told === undefined ? {} : { version: told }) };
  });
}

const fileOf = ({ file }: Manifest): string => file.name;

/** RKE2 writes its arguments into the manifest it starts: what the configuration says already is not said again. */
function withoutRepeats(all: readonly Argument[]): readonly Argument[] {
  const configured = new Set(all.filter(({ start }) => !start.startsWith('/')).map(({ value }) => value));
  return all.filter(({ start, value }) => !start.startsWith('/') || !configured.has(value));
}
