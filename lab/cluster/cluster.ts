import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { apiServer, type LabApiServer } from '../kube/api-server.ts';
import { keptFolder } from '../kube/processes.ts';
import { nodePrograms } from '../kube/programs.ts';
import { serverRoom } from '../kube/server-room.ts';
import { runtimePrograms } from '../runtime/programs.ts';
import { MOST_NODES } from './addresses.ts';
import { startControlPlane } from './control-plane.ts';
import { deployDns } from './dns.ts';
import { writeCoreDnsImage, writeHaywardImage } from './images.ts';
import { type LabNode, startNode } from './node.ts';

/**
 * A real cluster: etcd, kube-apiserver, kube-controller-manager and kube-scheduler, and nodes with containerd, kubelet and
 * kube-proxy, each in namespaces of its own, with static routes between their Pods, and CoreDNS in a Pod.
 */
export interface LabCluster {
  readonly server: LabApiServer;
  readonly nodes: readonly LabNode[];
  dispose(): Promise<void>;
}

export interface ClusterOptions {
  /** Two unless said otherwise. */
  readonly nodes?: number;
  /** The numbers of nodes whose bridge plugin sets ip_forward at each Pod, as under flannel; the others keep theirs. */
  readonly pluginForwards?: readonly number[];
}

const START_LIMIT_MS = 180_000;

/**
 * Starts one and waits until its nodes are Ready and its DNS is. Needs root, apt, and hayward built; leaves nothing behind when it
 * fails, nor when this process is killed.
 */
export async function cluster(options: ClusterOptions = {}): Promise<LabCluster> {
  const { nodes: count = 2 } = options;
  if (count < 1 || count > MOST_NODES) throw new RangeError(`a cluster has 1 to ${MOST_NODES} nodes, not ${count}`);
  const programs = { ...(await nodePrograms()), runtime: await runtimePrograms() };
  const undo: (() => Promise<void>)[] = [];
  async function dispose(): Promise<void> {
    const failed: unknown[] = [];
    for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => failed.push(error));
    if (failed.length > 0) throw failed[0];
  }
  try {
    const folder = await keptFolder('hayward-cluster-');
    undo.push(folder.remove);
    const images = ['hayward.tar', 'coredns.tar'].map((name) => join(folder.path, name));
    await Promise.all([writeHaywardImage(images[0] ?? ''), writeCoreDnsImage(images[1] ?? '', programs.coredns)]);
    const room = await serverRoom();
    undo.push(room.dispose);
    const server = await apiServer({ room, nodes: true });
    undo.push(server.dispose);
    const daemons = await startControlPlane(server, programs, folder.path);
    undo.push(async () => void (await Promise.all(daemons.map((daemon) => daemon.kill()))));
    const nodes: LabNode[] = [];
    for (let number = 1; number <= count; number++) {
      const disk = join(folder.path, `disk-${number}`);
      await mkdir(disk);
      const pluginForwards = options.pluginForwards?.includes(number) ?? false;
      const node = await startNode({ number, of: count, pluginForwards, disk, room, server, programs, images });
      undo.push(node.dispose);
      nodes.push(node);
    }
    await deployDns(server);
    await untilReady(server, nodes);
    return { server, nodes, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface State {
  /** How many nodes are Ready. */
  readonly ready: number;
  readonly dns: boolean;
}

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function untilReady(server: LabApiServer, nodes: readonly LabNode[]): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const state = await stateOf(server);
    if (state.ready === nodes.length && state.dns) return;
    const late = performance.now() > deadline;
    for (const node of nodes) {
      const program = node.fallen() ?? (late ? 'kubelet' : undefined);
      if (program === undefined) continue;
      const words = (await node.log(program)).trim().slice(-2000);
      throw new Error(`the cluster is not ready: ${JSON.stringify(state)}; ${program} on ${node.name}: ${words}`);
    }
    await wait(200);
  }
}

async function stateOf({ admin }: LabApiServer): Promise<State> {
  const { items } = JSON.parse((await admin.ask('/api/v1/nodes')).text) as { items: readonly Conditioned[] };
  const dns = JSON.parse((await admin.ask('/apis/apps/v1/namespaces/kube-system/deployments/coredns')).text);
  return { ready: items.filter((node) => has(node, 'Ready')).length, dns: has(dns as Conditioned, 'Available') };
}

function has({ status }: Conditioned, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
