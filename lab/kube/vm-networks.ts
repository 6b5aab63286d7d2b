import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { KubeConnection } from '../../src/cluster/client/connection.ts';
import { inform } from '../../src/cluster/client/informer.ts';
import type { KubeBody } from '../../src/cluster/client/write.ts';
import {
  ATTACHMENTS,
  type NetworkKey,
  NODE_PROBES,
  type NodeProbe,
  type ProbeResult,
  type WantedProbe,
} from '../../src/vm-networks/cluster/model.ts';
import { namespacedPath, nodeProbeOf } from '../../src/vm-networks/cluster/objects.ts';

const CRDS = fileURLToPath(new URL('../../deploy/networks/crds.yaml', import.meta.url));
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** Of whoever sets up a test: neither hayward's nor Harvester's. */
const SETUP = { manager: 'lab', force: true } as const;

/** Multus' definition, as far as it matters here: generation counts what the spec becomes, and there is no status. */
const ATTACHMENT_DEFINITION: KubeBody = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'network-attachment-definitions.k8s.cni.cncf.io' },
  spec: {
    group: 'k8s.cni.cncf.io',
    scope: 'Namespaced',
    names: {
      kind: 'NetworkAttachmentDefinition',
      plural: 'network-attachment-definitions',
      singular: 'network-attachment-definition',
      shortNames: ['net-attach-def'],
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { config: { type: 'string' } } } },
          },
        },
      },
    ],
  },
};

/** Makes Multus' kind, as Harvester has it. */
export async function defineAttachments(client: KubeConnection): Promise<void> {
  await define(client, ATTACHMENT_DEFINITION);
}

/** Makes hayward's own kinds, from the file users apply. */
export async function defineVmNetworks(client: KubeConnection): Promise<void> {
  for (const document of parseAllDocuments(await readFile(CRDS, 'utf8')))
    await define(client, document.toJS() as KubeBody);
}

async function define(client: KubeConnection, definition: KubeBody): Promise<void> {
  const { name } = definition.metadata as { name: string };
  await must(client.apply(`${DEFINITIONS}/${name}`, definition, SETUP));
}

/** A Namespace, or a Node with the cluster networks it has. */
export async function putNamespace(client: KubeConnection, name: string): Promise<void> {
  await must(
    client.apply(`/api/v1/namespaces/${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, SETUP),
  );
}

export async function putNode(client: KubeConnection, name: string, labels: Readonly<Record<string, string>> = {}) {
  await must(
    client.apply(`/api/v1/nodes/${name}`, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }, SETUP),
  );
}

export interface PutAttachment {
  readonly name: string;
  readonly namespace?: string;
  readonly bridge?: string;
  readonly vlan?: number;
  /** The route annotation; none where it is not given. */
  readonly route?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Who is said to write it. */
  readonly manager?: string;
}

/** A VM network as somebody applies it. */
export async function putAttachment(client: KubeConnection, network: PutAttachment): Promise<void> {
  const { name, namespace = 'default', bridge = 'mgmt-br', vlan = 100, route, annotations = {} } = network;
  const config = JSON.stringify({
    cniVersion: '0.3.1',
    name,
    type: 'bridge',
    bridge,
    promiscMode: true,
    vlan,
    ipam: {},
  });
  const body = {
    apiVersion: ATTACHMENTS.apiVersion,
    kind: ATTACHMENTS.kind,
    metadata: {
      name,
      namespace,
      annotations: { ...annotations, ...(route !== undefined && { 'network.harvesterhci.io/route': route }) },
    },
    spec: { config },
  };
  const path = namespacedPath(ATTACHMENTS, { namespace, name });
  await must(client.apply(path, body, { ...SETUP, manager: network.manager ?? SETUP.manager }));
}

/** The route annotation as another than hayward writes it: by an update, as Harvester's controller does. */
export async function writeRoute(
  client: KubeConnection,
  key: NetworkKey,
  route: string | null,
  manager = 'harvester-network-controller-manager',
) {
  const [namespace = '', name = ''] = key.split('/');
  const patch = { metadata: { annotations: { 'network.harvesterhci.io/route': route } } };
  await must(client.merge(namespacedPath(ATTACHMENTS, { namespace, name }), patch, { manager }));
}

export interface PlayedAgents {
  /** Answers again all that is asked now, as it would be found now. */
  readonly answered: ReadonlyMap<string, number>;
  readonly ended: Promise<void>;
}

/** What a network looks like from a node; undefined: nobody answers there. */
export type Look = (node: string, key: NetworkKey, probe: WantedProbe) => Omit<ProbeResult, 'ask' | 'at'> | undefined;

/** Answers what every node is asked, or one alone, as agents do: each ask once, what is answered together in one write, what is gone taken back. */
export function playAgents(client: KubeConnection, look: Look, signal: AbortSignal, node?: string): PlayedAgents {
  const answered = new Map<string, number>();
  const writing = new Set<string>();
  const again = new Set<string>();
  const probes = inform<NodeProbe>({
    client,
    path: NODE_PROBES.path,
    ...(node !== undefined && { fieldSelector: `metadata.name=${node}` }),
    read: nodeProbeOf,
    signal,
    onChange(event) {
      if (event.kind === 'set') void answer(event.key);
    },
  });
  async function answer(node: string): Promise<void> {
    if (writing.has(node)) {
      again.add(node);
      return;
    }
    const seen = probes.items.get(node);
    const results = seen ? changesFor(seen, look) : {};
    if (Object.keys(results).length === 0 || signal.aborted) return;
    writing.add(node);
    await client.merge(`${NODE_PROBES.path}/${node}/status`, { status: { results } }, { manager: 'agent', signal });
    answered.set(node, (answered.get(node) ?? 0) + Object.keys(results).length);
    writing.delete(node);
    if (again.delete(node)) await answer(node);
  }
  return { answered, ended: probes.ended };
}

function changesFor({ node, probes, results }: NodeProbe, look: Look): Record<NetworkKey, ProbeResult | null> {
  const at = new Date().toISOString();
  const found = Object.entries(probes).flatMap(([key, probe]): [NetworkKey, ProbeResult][] => {
    if (results[key]?.ask === probe.ask) return [];
    const result = look(node, key, probe);
    return result ? [[key, { ask: probe.ask, at, ...result }]] : [];
  });
  const gone = Object.keys(results).flatMap((key): [NetworkKey, null][] => (key in probes ? [] : [[key, null]]));
  return Object.fromEntries([...found, ...gone]);
}

/** A node that sees all well. */
export function connected(cidr = '172.16.0.0/24', gateway = '172.16.0.1'): ReturnType<Look> {
  return { state: 'active', reason: 'ok', message: '', cidr, gateway, lossPercent: 0 };
}

async function must(writing: ReturnType<KubeConnection['apply']>): Promise<void> {
  const written = await writing;
  if (written.kind !== 'done') throw new Error(`${written.kind}: ${written.detail}`);
}
