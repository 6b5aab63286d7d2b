import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type Informer, inform } from '../../cluster/client/informer.ts';
import { isLater } from '../../cluster/object-fields.ts';
import type { Unknown } from '../../hosts/reading.ts';
import { type Attachment, attachmentOf } from '../cluster/attachment.ts';
import {
  ATTACHMENTS,
  KIND_MISSING,
  type NetworkKey,
  NODE_PROBES,
  type NodeProbe,
  VM_NETWORKS,
  type VmNetworkReport,
} from '../cluster/model.ts';
import { type ClusterNode, clusterNodeOf } from '../cluster/node.ts';
import { nodeProbeOf, vmNetworkReportOf } from '../cluster/objects.ts';
import type { Tell } from './events.ts';

/** What changed, in the words of what has to be looked at again. */
export interface Changes {
  readonly network: (key: NetworkKey) => void;
  /** A node came, went, or has other cluster networks. */
  readonly nodes: () => void;
  /** A node's agent answered about a network. */
  readonly answered: (key: NetworkKey) => void;
  /** Somebody removed what is ours. */
  readonly reportRemoved: (key: NetworkKey) => void;
  readonly nodeProbeRemoved: (node: string) => void;
}

/** What is seen of the cluster: four lists, each watched. */
export interface Sight {
  readonly attachments: ReadonlyMap<NetworkKey, Attachment>;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  readonly nodeProbes: ReadonlyMap<string, NodeProbe>;
  readonly reports: ReadonlyMap<NetworkKey, VmNetworkReport>;
  /** A NetworkAttachmentDefinition as a write of ours left it: it counts until the watch has brought it, or a later one. */
  wrote(attachment: Attachment): void;
  /** True once all that is there was seen; false when it was ended before. */
  readonly synced: Promise<boolean>;
  readonly ended: Promise<unknown>;
}

/** Watches until the signal ends it. */
export function watchCluster(client: KubeConnection, changes: Changes, tell: Tell, signal: AbortSignal): Sight {
  const attachments = new Map<NetworkKey, Attachment>();
  const trouble = (what: string, ours: boolean) => (why: Unknown | undefined) =>
    tell({ type: 'sight', what, detail: ours && why?.reason === 'absent' ? KIND_MISSING : (why?.detail ?? '') });
  const networks = inform({
    client,
    path: ATTACHMENTS.path,
    read: attachmentOf,
    onTrouble: trouble('NetworkAttachmentDefinitions', false),
    signal,
    onChange(event) {
      if (event.kind === 'removed') attachments.delete(event.key);
      else {
        const held = attachments.get(event.key);
        const isOld = held?.uid === event.value.uid && isLater(held.resourceVersion, event.value.resourceVersion);
        if (!isOld) attachments.set(event.key, event.value);
      }
      changes.network(event.key);
    },
  });
  const nodes = inform({
    client,
    path: '/api/v1/nodes',
    metadataOnly: true,
    read: clusterNodeOf,
    onTrouble: trouble('Nodes', false),
    signal,
    onChange(event) {
      const isSame = event.kind === 'set' && event.before !== undefined && sameNode(event.before, event.value);
      if (!isSame) changes.nodes();
    },
  });
  const nodeProbes = inform({
    client,
    path: NODE_PROBES.path,
    read: nodeProbeOf,
    onTrouble: trouble('NodeNetworkProbes', true),
    signal,
    onChange(event) {
      if (event.kind === 'removed') changes.nodeProbeRemoved(event.key);
      const after = event.kind === 'set' ? event.value.results : {};
      for (const key of changedAnswers(event.before?.results ?? {}, after)) changes.answered(key);
    },
  });
  const reports = inform({
    client,
    path: VM_NETWORKS.path,
    read: vmNetworkReportOf,
    onTrouble: trouble('VMNetworks', true),
    signal,
    onChange(event) {
      if (event.kind === 'removed') changes.reportRemoved(event.key);
    },
  });
  const all: readonly Pick<Informer<unknown>, 'synced' | 'ended'>[] = [networks, nodes, nodeProbes, reports];
  return {
    attachments,
    nodes: nodes.items,
    nodeProbes: nodeProbes.items,
    reports: reports.items,
    wrote(attachment) {
      const held = attachments.get(attachment.key);
      if (held && isLater(attachment.resourceVersion, held.resourceVersion))
        attachments.set(attachment.key, attachment);
    },
    synced: Promise.all(all.map(({ synced }) => synced)).then((each) => each.every(Boolean)),
    ended: Promise.all(all.map(({ ended }) => ended)),
  };
}

function sameNode(a: ClusterNode, b: ClusterNode): boolean {
  return a.uid === b.uid && a.isWitness === b.isWitness && a.clusterNetworks.join() === b.clusterNetworks.join();
}

type Results = NodeProbe['results'];

/** Whether an answer is another one its ask and its time tell: an agent that began anew may count as it did before. */
function changedAnswers(before: Results, after: Results): readonly NetworkKey[] {
  const isSame = (key: NetworkKey): boolean =>
    before[key]?.ask === after[key]?.ask && before[key]?.at === after[key]?.at;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !isSame(key));
}
