import { answerCri } from '../../hosts/cri/listing.ts';
import type { CriSandbox } from '../../hosts/cri/types.ts';
import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import { list } from '../client/list.ts';
import { type OwnPod, PARTS } from '../model/parts.ts';
import { nameOf, type Piece, pieceOf } from './objects.ts';
import { podLook } from './parts.ts';

export interface OwnPodSearch {
  readonly client: KubeClient;
  readonly node: string;
  /** This machine is the node: its kubelet and its runtime can be asked as well. */
  readonly isHere: boolean;
  readonly signal: AbortSignal;
  /** Where the kubelet serves; 10250 of this machine unless said otherwise. */
  readonly kubelet?: string;
  /** The runtime's socket; the first of the known places unless said otherwise. */
  readonly runtime?: string;
}

const KUBELET = 'https://127.0.0.1:10250';

/**
 * The Pods of `PARTS` on one node, by the first way that is open: the API server's list of that node's Pods, which every node is given
 * (KEP-4601); the node's own kubelet, which asks the API server whether one may (nodes/proxy, from 1.33 nodes/pods); the container
 * runtime, as root, which knows sandboxes alone. Unknown for the reason the API server gave.
 */
export async function collectOwnPods(search: OwnPodSearch): Promise<Reading<readonly OwnPod[]>> {
  const { client, node, isHere, signal, kubelet = KUBELET, runtime } = search;
  const byServer = await list(client, '/api/v1/pods', (object) => podOf(pieceOf(object)), {
    fieldSelector: `spec.nodeName=${node}`,
  });
  if (byServer.known || !isHere) return mapReading(byServer, ofParts);
  const byKubelet = await client.at(kubelet, node).json('/pods');
  if (byKubelet.known) {
    const source = `${kubelet}/pods`;
    return { ...mapReading(byKubelet, (answer) => ofParts(pieceOf(answer).list('items').map(podOf))), source };
  }
  const byRuntime = await answerCri(runtime, { signal, known: (ids) => ids });
  if (byRuntime.state !== 'ok') return byServer;
  return mapReading(known(byRuntime.text, 'crictl pods'), (text) => ofParts(sandboxesIn(text, node)));
}

type Found = Omit<OwnPod, 'part'>;

function podOf(pod: Piece): Found {
  return { ...nameOf(pod), ...podLook(pod) };
}

/** A Deployment's Pods are named NAME-HASH-ID, a DaemonSet's NAME-ID: the longest name of a part that fits is its. */
function ofParts(pods: readonly Found[]): readonly OwnPod[] {
  return pods.flatMap((pod) => {
    const [part] = PARTS.filter(
      ({ namespace, name }) =>
        namespace === pod.namespace &&
        pod.name.startsWith(`${name}-`) &&
        /^([a-z0-9]{1,10}-)?[a-z0-9]{1,5}$/.test(pod.name.slice(name.length + 1)),
    ).sort((a, b) => b.name.length - a.name.length);
    return part ? [{ ...pod, part: part.name }] : [];
  });
}

/** The latest sandbox of each Pod; those before it were stopped. A runtime knows nothing of readiness: up is all it says. */
function sandboxesIn(text: string, node: string): readonly Found[] {
  const { items } = JSON.parse(text) as { readonly items: readonly CriSandbox[] };
  const latest = new Map<string, CriSandbox>();
  for (const sandbox of items) {
    const key = `${sandbox.metadata?.namespace}/${sandbox.metadata?.name}`;
    const before = latest.get(key);
    if (!before || BigInt(before.createdAt) < BigInt(sandbox.createdAt)) latest.set(key, sandbox);
  }
  return [...latest.values()].flatMap((sandbox) => {
    const { metadata, state, createdAt } = sandbox;
    if (!metadata) return [];
    const { namespace, name, attempt } = metadata;
    if (state === 'SANDBOX_READY') return [{ namespace, name, restarts: attempt }];
    const since = new Date(Number(BigInt(createdAt) / 1_000_000n)).toISOString();
    const waiting = { name, node, reason: 'SandboxNotReady', message: 'its sandbox does not run', since };
    return [{ namespace, name, restarts: attempt, waiting }];
  });
}

/** Where the rollouts themselves are known, or there is no node to ask. */
export function noOwnPods(detail: string): Reading<readonly OwnPod[]> {
  return unknown('not-collected', 'kubectl get pods', detail);
}
