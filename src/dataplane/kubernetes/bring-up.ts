import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type ListedObject, list } from '../../cluster/client/list.ts';
import type { KubeBody, NotWritten, Written } from '../../cluster/client/write.ts';
import { isObject } from '../../plain-object.ts';
import { turnstile } from '../../turnstile.ts';
import type { PlannedNode, PlannedService } from '../plan.ts';
import type { ClusterNode } from './nodes.ts';
import {
  daemonSetBodies,
  endpointBody,
  lifetimeBody,
  namespaceBody,
  type Owner,
  ROLE,
  type Run,
  serviceBody,
  WITNESS,
  witnessBody,
} from './objects.ts';

/** What stands, node by node, and the Pods that ask. */
export interface Standing {
  readonly nodes: readonly PlannedNode[];
  /** By node. */
  readonly agents: ReadonlyMap<string, string>;
  /** Nodes without an agent, and why. */
  readonly silent: ReadonlyMap<string, string>;
  /** What net.ipv4.ip_forward was on a node before Pods were added, where it was seen. */
  readonly forwarding: ReadonlyMap<string, string>;
  /** When the last was made, by performance.now(). */
  readonly since: number;
}

export interface BringingUp {
  readonly client: KubeConnection;
  readonly run: Run;
  readonly nodes: readonly ClusterNode[];
  readonly expires: Date;
  /** How long Pods may take. */
  readonly patienceMs: number;
  readonly onProgress: (running: number, wanted: number) => void;
  readonly signal: AbortSignal;
}

/** Refused by the API server: nothing of the run is of use. */
export class NotMade extends Error {
  override readonly name = 'NotMade';
  readonly reason: NotWritten['kind'];

  constructor(what: string, { kind, detail }: NotWritten) {
    super(`${what} cannot be made: ${detail}`);
    this.reason = kind;
  }
}

/** Whether a policy may have refused it for what it is. Otherwise it is there, or nothing can be made there. */
function isRefused(error: unknown): boolean {
  return error instanceof NotMade && (error.reason === 'denied' || error.reason === 'failed');
}

/**
 * Makes everything of a run and waits until the Pods of all ready nodes run, or as long as it may. Throws NotMade, and as `signal`
 * does; what was made by then is taken down by the caller.
 */
export async function bringUp(up: BringingUp): Promise<Standing> {
  const { client, run, nodes, signal } = up;
  const path = `/api/v1/namespaces/${run.namespace}`;
  const maySee = await makeNamespace(up);
  const owner = ownerOf(await made(up, `/apis/batch/v1/namespaces/${run.namespace}/jobs`, lifetimeBody(run)));
  const forwarding = maySee ? await forwardingBefore(up, owner) : new Map<string, string>();
  const [services] = await Promise.all([
    Promise.all(
      nodes.map(async (_, index) => serviceIn(await made(up, `${path}/services`, serviceBody(index, owner)))),
    ),
    ...daemonSetBodies(run, owner).map((body) =>
      made(up, `/apis/apps/v1/namespaces/${run.namespace}/daemonsets`, body),
    ),
  ]);
  const pods = await runningPods(up, ['echo', 'agent'], up.patienceMs);
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${run.namespace}/endpointslices`;
  await Promise.all(
    nodes.map(async ({ name }, index) => {
      const address = pods.find((pod) => pod.role === 'echo' && pod.node === name)?.address;
      if (address !== undefined) await made(up, slices, endpointBody(index, { address, node: name }, owner));
    }),
  );
  const since = performance.now();
  signal.throwIfAborted();
  const isWhole = nodes.every(({ name }) => pods.some((pod) => pod.node === name && pod.role === 'agent'));
  const refusal = isWhole ? '' : await refusedPods(client, run.namespace);
  const stands = standing(
    nodes,
    pods,
    services,
    refusal || `its Pod was not made by the controllers of ${client.server}`,
  );
  return { ...stands, forwarding, since };
}

/** Whether Pods on the nodes' own network may be in it: where such a namespace is refused, the run goes without them. */
async function makeNamespace(up: BringingUp): Promise<boolean> {
  const { run, expires } = up;
  const make = (hostNetwork: boolean) =>
    made(up, '/api/v1/namespaces', namespaceBody({ ...run, hostNetwork }, expires));
  if (run.hostNetwork) {
    try {
      await make(true);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  await make(false);
  return false;
}

/** Why a DaemonSet's Pods were not made: an admission webhook, a quota, Pod security. Empty where nobody says. */
async function refusedPods(client: KubeConnection, namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/events`;
  const events = await list(client, path, ({ message }) => String(message), { fieldSelector: 'reason=FailedCreate' });
  return (events.known && events.value[0]) || '';
}

/** It is a help and no condition: where such Pods are refused, or slow, nothing is known of it. */
const WITNESS_PATIENCE_MS = 15_000;
const LOOK_LIMIT_MS = 10_000;
/**
 * By the shell alone: an image need not have cat. It reads one octet after the other, and a setting ends after the first
 * (kernel/sysctl.c), so that `read` fails without a line's end and has the value all the same.
 */
const LOOK = ['sh', '-c', 'read -r value </proc/sys/net/ipv4/ip_forward; echo "$value"'];

async function forwardingBefore(up: BringingUp, owner: Owner): Promise<ReadonlyMap<string, string>> {
  const { client, run, patienceMs, signal } = up;
  const { namespace } = run;
  try {
    await made(up, `/apis/apps/v1/namespaces/${namespace}/daemonsets`, witnessBody(run, owner));
  } catch (error) {
    if (!isRefused(error)) throw error;
    return new Map();
  }
  const pods = await runningPods(up, [WITNESS], Math.min(patienceMs, WITNESS_PATIENCE_MS));
  const turns = turnstile(LOOKS_AT_ONCE);
  const seen = await Promise.all(
    pods
      .filter((pod) => pod.running && pod.role === WITNESS)
      .map(({ name: pod, node }) =>
        turns(async () => {
          const asked = { namespace, pod, container: WITNESS, command: LOOK, timeoutMs: LOOK_LIMIT_MS, signal };
          const ran = await client.exec(asked);
          return [node, ran.known ? ran.value.stdout.trim() : ''] as const;
        }),
      ),
  );
  return new Map(seen.filter(([, value]) => /^[01]$/.test(value)));
}

const LOOKS_AT_ONCE = 16;

async function made({ client, signal }: BringingUp, path: string, body: KubeBody): Promise<ListedObject> {
  signal.throwIfAborted();
  const written: Written = await client.create(path, body, { signal });
  signal.throwIfAborted();
  if (written.kind === 'done') return written.object;
  throw new NotMade(`${body.kind} ${String(body.metadata['name'])}`, written);
}

function ownerOf({ metadata }: ListedObject): Owner {
  const { name, uid } = isObject(metadata) ? metadata : {};
  return { name: String(name), uid: String(uid) };
}

function serviceIn({ spec }: ListedObject): PlannedService | undefined {
  const { clusterIP, ports } = isObject(spec) ? spec : {};
  const all: readonly ListedObject[] = Array.isArray(ports) ? ports.filter(isObject) : [];
  const nodePort = (name: string): number => Number(all.find((port) => port['name'] === name)?.['nodePort'] ?? 0);
  if (typeof clusterIP !== 'string') return undefined;
  return {
    address: clusterIP,
    port: Number(all[0]?.['port'] ?? 0),
    nodePorts: { tcp: nodePort('tcp'), udp: nodePort('udp') },
  };
}

interface RunPod {
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

async function runningPods(up: BringingUp, roles: readonly string[], patienceMs: number): Promise<readonly RunPod[]> {
  const { client, run, nodes, onProgress, signal } = up;
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

function standing(
  nodes: readonly ClusterNode[],
  pods: readonly RunPod[],
  services: readonly (PlannedService | undefined)[],
  unmade: string,
): Omit<Standing, 'forwarding' | 'since'> {
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
