import { NETWORK_KIND, type VmNetwork, vmNetworkOf } from '../harvester/vm-network.ts';
import type { UnknownReason } from '../hosts/reading.ts';
import { decode } from '../manifests/decode.ts';
import { documentsIn } from '../manifests/documents.ts';
import type { Fault } from '../manifests/fault.ts';
import { type Manifest, type ManifestFile, manifestFile, manifestsIn, textAt, textsAt } from '../manifests/manifest.ts';
import type { Place } from '../manifests/places.ts';

/** Bytes as they were read, or why they were not. */
export type Input = Read | Unread;

export interface Read {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Unread {
  readonly name: string;
  readonly unread: { readonly reason: UnknownReason; readonly detail: string };
}

/** A document, or a whole file, that could not be read. */
export interface Unreadable {
  readonly file: string;
  readonly place: Place;
  readonly fault: Fault;
}

/** A NetworkAttachmentDefinition that is a VM network of Harvester's, and where it stands. */
export interface NetworkManifest {
  readonly manifest: Manifest;
  readonly network: VmNetwork;
}

/** All that was read of all files: what rules look at. */
export interface Sight {
  /** Everything that was given, in order. */
  readonly names: readonly string[];
  /** Files that could not be looked into at all. */
  readonly unread: readonly Unread[];
  readonly unreadable: readonly Unreadable[];
  readonly files: readonly ManifestFile[];
  /** Every object and configuration file, in order. */
  readonly manifests: readonly Manifest[];
  readonly networks: readonly NetworkManifest[];
  ofKind(kind: string): readonly Manifest[];
}

const GROUP_OF: Readonly<Record<string, RegExp>> = {
  [NETWORK_KIND]: /^k8s\.cni\.cncf\.io\//,
  ClusterNetwork: /^network\.harvesterhci\.io\//,
  VlanConfig: /^network\.harvesterhci\.io\//,
  HostNetworkConfig: /^network\.harvesterhci\.io\//,
};

/** Reads files, in order, keeping what can be read of each. */
export function sightOf(inputs: Iterable<Input>): Sight {
  const names: string[] = [];
  const unread: Unread[] = [];
  const unreadable: Unreadable[] = [];
  const files: ManifestFile[] = [];
  const manifests: Manifest[] = [];
  for (const input of inputs) {
    names.push(input.name);
    if ('unread' in input) unread.push(input);
    else readFile(input, { unreadable, files, manifests });
  }
  const byKind = new Map<string, Manifest[]>();
  for (const manifest of manifests) {
    const { kind, apiVersion } = manifest;
    if (GROUP_OF[kind] && !GROUP_OF[kind].test(apiVersion)) continue;
    const same = byKind.get(kind);
    if (same) same.push(manifest);
    else byKind.set(kind, [manifest]);
  }
  const networks = (byKind.get(NETWORK_KIND) ?? []).flatMap((manifest) => {
    const network = vmNetworkOf(networkObjectOf(manifest));
    return network ? [{ manifest, network }] : [];
  });
  return { names, unread, unreadable, files, manifests, networks, ofKind: (kind) => byKind.get(kind) ?? [] };
}

interface Gathered {
  readonly unreadable: Unreadable[];
  readonly files: ManifestFile[];
  readonly manifests: Manifest[];
}

function readFile({ name, bytes }: Read, gathered: Gathered): void {
  const decoded = decode(bytes);
  if (decoded.kind === 'fault') {
    const { line, column, fault } = decoded;
    gathered.unreadable.push({ file: name, place: { line, column }, fault: { kind: fault } });
    return;
  }
  const file = manifestFile(name, decoded.text);
  gathered.files.push(file);
  for (const part of documentsIn(decoded.text)) {
    if (part.kind === 'document') {
      gathered.manifests.push(...manifestsIn(file, part.document));
      continue;
    }
    gathered.unreadable.push({ file: name, place: file.placeOf(part.offset), fault: part.fault });
    // A template is one from end to end; each of its documents would say so again.
    if (part.fault.kind === 'template') return;
  }
}

function networkObjectOf(manifest: Manifest) {
  return {
    name: manifest.name,
    namespace: manifest.namespace,
    labels: textsAt(manifest, ['metadata', 'labels']),
    annotations: textsAt(manifest, ['metadata', 'annotations']),
    config: textAt(manifest, ['spec', 'config']),
  };
}

/** An object as a person would name it: `namespace/name`, or its name alone. */
export function subjectOf({ name, namespace, kind }: Manifest): string {
  const own = name === '' ? kind : name;
  return namespace === '' ? own : `${namespace}/${own}`;
}
