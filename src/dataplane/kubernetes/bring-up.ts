import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type ListedObject, list } from '../../cluster/client/list.ts';
import type { KubeBody, NotWritten, Written } from '../../cluster/client/write.ts';
import { isObject } from '../../plain-object.ts';
import { turnstile } from '../../turnstile.ts';
import type { PlannedService } from '../plan.ts';
import { clusterNodes } from './nodes.ts';
import {
  daemonSetBodies,
  endpointBody,
  lifetimeBody,
  namespaceBody,
  type Owner,
  serviceBody,
  serviceName,
  WITNESS,
  witnessBody,
} from './objects.ts';
import { type Looking, type Manned, manned, type RunPod, runningPods } from './pods.ts';

/** What stands of a run. */
export interface Standing extends Manned {
  readonly owner: Owner;
  readonly services: readonly (PlannedService | undefined)[];
  /** Addresses of the Pods behind the nodes' Services, by node. */
  readonly behind: ReadonlyMap<string, string>;
  /** What net.ipv4.ip_forward was on a node before Pods were added, where it was seen. */
  readonly forwarding: ReadonlyMap<string, string>;
  /** When a Service was last given a Pod, by performance.now(). */
  readonly since: number;
}

export interface BringingUp extends Looking {
  readonly expires: Date;
  /** How long Pods may take. */
  readonly patienceMs: number;
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
  const { run, nodes, signal } = up;
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
  const behind = await putBehind(up, owner, pods, new Map());
  const since = performance.now();
  signal.throwIfAborted();
  const people = manned(nodes, pods, services, await whyUnmade(up, pods));
  return { ...people, owner, services, behind, forwarding, since };
}

/**
 * What stands by now: a node that was rebooted has Pods of other addresses, which are put behind its Service, and one that was not
 * Ready may be. Rejects as `signal` does.
 */
export async function standingNow(up: BringingUp, before: Standing): Promise<Standing> {
  const { client, signal } = up;
  const listed = await clusterNodes(client, signal);
  signal.throwIfAborted();
  const nodes = listed.known
    ? up.nodes.map((node) => listed.value.find(({ name }) => name === node.name) ?? { ...node, ready: false })
    : up.nodes;
  const pods = await runningPods({ ...up, nodes }, ['echo', 'agent'], 0);
  // The API server does not answer: nothing is known of what changed.
  if (pods.length === 0) return before;
  const behind = await putBehind({ ...up, nodes }, before.owner, pods, before.behind).catch((error: unknown) => {
    if (!(error instanceof NotMade)) throw error;
    return before.behind;
  });
  const since = behind === before.behind ? before.since : performance.now();
  return { ...before, ...manned(nodes, pods, before.services, await whyUnmade(up, pods)), behind, since };
}

/** Puts each node's echo behind the node's Service where it is not yet; the same map again where nothing was to be done. */
async function putBehind(
  up: BringingUp,
  owner: Owner,
  pods: readonly RunPod[],
  before: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${up.run.namespace}/endpointslices`;
  const put = await Promise.all(
    up.nodes.map(async ({ name: node }, index) => {
      const address = pods.find((pod) => pod.role === 'echo' && pod.node === node)?.address;
      if (address === undefined || address === before.get(node)) return [];
      const body = endpointBody(index, { address, node }, owner);
      if (before.has(node)) await changed(up, `${slices}/${serviceName(index)}`, body);
      else await made(up, slices, body);
      return [[node, address] as const];
    }),
  );
  const fresh = put.flat();
  return fresh.length === 0 ? before : new Map([...before, ...fresh]);
}

/** Why a Pod that is not there is not. */
async function whyUnmade({ client, run, nodes }: BringingUp, pods: readonly RunPod[]): Promise<string> {
  const isWhole = nodes.every(({ name }) => pods.some((pod) => pod.node === name && pod.role === 'agent'));
  const refusal = isWhole ? '' : await refusedPods(client, run.namespace);
  return refusal || `its Pod was not made by the controllers of ${client.server}`;
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

async function changed({ client, signal }: BringingUp, path: string, { endpoints }: KubeBody): Promise<void> {
  const written = await client.merge(path, { endpoints }, { signal });
  signal.throwIfAborted();
  if (written.kind !== 'done') throw new NotMade(path, written);
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
