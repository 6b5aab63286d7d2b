import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type ListedObject, list } from '../../cluster/client/list.ts';
import { isObject } from '../../plain-object.ts';
import type { PlannedNode, PlannedService } from '../plan.ts';
import type { ClusterNode } from './nodes.ts';
import { ROLE, type Run } from './objects.ts';

/** A Pod of a run. */
export interface RunPod {
  readonly name: string;
  readonly role: string;
  readonly node: string;
  readonly address: string | undefined;
  readonly running: boolean;
  /** Why it does not run, where the kubelet says so. */
  readonly waiting: string;
}

/** A list of Pods costs the API server by their number: of few it is asked often, of two hundred every 2 s. */
export function lookEveryMs(pods: number): number {
  return Math.max(250, pods * 10);
}

/** Whose Pods are looked for. */
export interface Looking {
  readonly client: KubeConnection;
  readonly run: Run;
  readonly nodes: readonly ClusterNode[];
  readonly onProgress: (running: number, wanted: number) => void;
  readonly signal: AbortSignal;
}

/** The run's Pods, once those of these roles run on all ready nodes, or as they are when the patience is over. */
export async function runningPods(
  { client, run, nodes, onProgress, signal }: Looking,
  roles: readonly string[],
  patienceMs: number,
): Promise<readonly RunPod[]> {
  const deadline = performance.now() + patienceMs;
  const ready = new Set(nodes.filter((node) => node.ready).map(({ name }) => name));
  for (;;) {
    const listed = await list(client, `/api/v1/namespaces/${run.namespace}/pods`, podOf, {
      labelSelector: ROLE,
      signal,
    });
    signal.throwIfAborted();
    const pods = listed.known ? listed.value.filter((pod) => pod !== undefined) : [];
    const wanted = roles.length * ready.size;
    const up = pods.filter((pod) => pod.running && ready.has(pod.node) && roles.includes(pod.role)).length;
    onProgress(up, wanted);
    if (up >= wanted || performance.now() >= deadline) return pods;
    await wait(lookEveryMs(pods.length), undefined, { signal });
  }
}

function podOf({ metadata, spec, status }: ListedObject): RunPod | undefined {
  if (!isObject(metadata) || !isObject(spec) || !isObject(status)) return undefined;
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  const [container] = Array.isArray(status['containerStatuses']) ? status['containerStatuses'].filter(isObject) : [];
  const state = isObject(container?.['state']) ? container['state'] : {};
  const { podIP } = status;
  return {
    name: String(metadata['name']),
    role: String(labels[ROLE]),
    node: nodeOf(spec),
    address: typeof podIP === 'string' && podIP !== '' ? podIP : undefined,
    running: isObject(state['running']) && typeof podIP === 'string' && podIP !== '',
    waiting: whyOf(state['waiting'] ?? state['terminated']),
  };
}

/** A Pod of a DaemonSet is meant for a node before it is bound to it. */
function nodeOf({ nodeName, affinity }: ListedObject): string {
  if (typeof nodeName === 'string' && nodeName !== '') return nodeName;
  return /"metadata\.name","operator":"In","values":\["([^"]+)"\]/.exec(JSON.stringify(affinity ?? {}))?.[1] ?? '';
}

function whyOf(state: unknown): string {
  if (!isObject(state)) return '';
  const { reason, message } = state;
  return [reason, message].filter((one) => typeof one === 'string' && one !== '').join(': ');
}

/** Who can be asked, and who asks. */
export interface Manned {
  readonly nodes: readonly PlannedNode[];
  /** The Pods that ask, by node. */
  readonly agents: ReadonlyMap<string, string>;
  /** Nodes without an agent, and why. */
  readonly silent: ReadonlyMap<string, string>;
}

/** Node by node, with its Pods and its Service; `unmade` says why a Pod that is not there was not made. */
export function manned(
  nodes: readonly ClusterNode[],
  pods: readonly RunPod[],
  services: readonly (PlannedService | undefined)[],
  unmade: string,
): Manned {
  const agents = new Map<string, string>();
  const silent = new Map<string, string>();
  const planned = nodes.map(({ name, address, ready }, index): PlannedNode => {
    const [agent, echo] = ['agent', 'echo'].map((role) => pods.find((pod) => pod.node === name && pod.role === role));
    if (agent?.running) agents.set(name, agent.name);
    else silent.set(name, whyNot(agent, ready, unmade));
    return {
      name,
      address,
      echo: echo?.running ? echo.address : undefined,
      service: services[index],
      missing: echo?.running ? '' : whyNot(echo, ready, unmade),
    };
  });
  return { nodes: planned, agents, silent };
}

function whyNot(pod: RunPod | undefined, ready: boolean, unmade: string): string {
  if (!ready) return 'the node is not Ready, and its Pod does not run';
  if (!pod) return unmade;
  return `its Pod does not run${pod.waiting && `: ${pod.waiting}`}`;
}
