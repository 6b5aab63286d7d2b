import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RunResult } from '../../src/hosts/host.ts';
import { type CommandOptions, must } from '../command.ts';
import type { LabApiServer } from '../kube/api-server.ts';
import type { NodePrograms } from '../kube/programs.ts';
import type { ServerRoom } from '../kube/server-room.ts';
import { keptCgroup } from '../runtime/cgroups.ts';
import { BRIDGE, BRIDGE_ADDRESS } from '../runtime/configuration.ts';
import { startContainerd } from '../runtime/containerd.ts';
import { bootMachine, type Machine } from '../runtime/machine.ts';
import type { RuntimePrograms } from '../runtime/programs.ts';
import { type Place, placeOf } from './addresses.ts';
import { cniConfig, kubeconfigFor, kubeletConfig, kubeProxyConfig } from './configuration.ts';
import { shield } from './shield.ts';

export type NodeProgram = 'containerd' | 'kubelet' | 'kube-proxy';

/** A machine with containerd, kubelet and kube-proxy. */
export interface LabNode extends Place {
  /** Its first process, by this machine's count. */
  readonly pid: number;
  /** Runs a program on it. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<RunResult>;
  /** What one of its programs wrote. */
  log(program: NodeProgram): Promise<string>;
  /** One of its programs that ended, where one has. */
  fallen(): NodeProgram | undefined;
  dispose(): Promise<void>;
}

export interface NodeOptions {
  readonly number: number;
  /** How many nodes the cluster has: there is a route to the Pods of each. */
  readonly of: number;
  /** Its bridge plugin sets ip_forward at each Pod (see cniConfig). */
  readonly pluginForwards: boolean;
  /** A folder that is removed after it. */
  readonly disk: string;
  readonly room: ServerRoom;
  readonly server: LabApiServer;
  readonly programs: NodePrograms & { readonly runtime: RuntimePrograms };
  /** Tars. */
  readonly images: readonly string[];
}

/** RKE2's and k3s's place. */
const SOCKET = '/run/k3s/containerd/containerd.sock';

/** Starts one, and does not wait until it is Ready. Leaves nothing but its disk where it fails. */
export async function startNode(options: NodeOptions): Promise<LabNode> {
  const { number, disk } = options;
  const place = placeOf(number);
  await mkdir(join(disk, 'etc/cni/net.d'), { recursive: true });
  await writeFile(join(disk, 'etc/cni/net.d/10-canal.conflist'), cniConfig(place, options.pluginForwards));
  const name = `/${basename(dirname(disk))}-${place.name}`;
  const cgroup = await keptCgroup(name);
  let machine: Machine | undefined;
  async function dispose(): Promise<void> {
    await machine?.cut();
    await cgroup.remove();
  }
  try {
    machine = await bootMachine(disk);
    const { pid, exec } = machine;
    await shield(machine, disk);
    await wire(machine, options);
    await startContainerd(machine, {
      disk,
      programs: options.programs.runtime,
      place: SOCKET,
      // Its folder lies on the disk itself, not on the overlay that /var/lib is.
      snapshotter: 'overlayfs',
      images: options.images,
    });
    const running: readonly (readonly [NodeProgram, ChildProcess])[] = [
      ['kubelet', await startKubelet(machine, options, name)],
      ['kube-proxy', await startKubeProxy(machine, options)],
    ];
    return {
      ...place,
      pid,
      exec,
      dispose,
      log: (program) => readFile(join(disk, `${program}.log`), 'utf8'),
      fallen: () => running.find(([, { exitCode, signalCode }]) => exitCode !== null || signalCode !== null)?.[0],
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Its name, its settings, its link to the room's bridge, a bridge for its Pods, and the way to the other nodes' Pods. */
async function wire(machine: Machine, { number, of, room }: NodeOptions): Promise<void> {
  const { name, address, interfaceAddress, pods, gatewayAddress } = placeOf(number);
  const link = [
    `link add ${name} type veth peer name eth0 netns ${machine.pid}`,
    `link set ${name} master pods up`,
    `route add ${pods} via ${address}`,
  ];
  const others = Array.from({ length: of }, (_, index) => placeOf(index + 1)).filter((one) => one.name !== name);
  const own = [
    'link set eth0 up',
    `address add ${interfaceAddress} dev eth0`,
    `link add ${BRIDGE} address ${BRIDGE_ADDRESS} type bridge`,
    `link set ${BRIDGE} up`,
    `address add ${gatewayAddress} dev ${BRIDGE}`,
    `route add default via ${room.addresses[0]}`,
    ...others.map((other) => `route add ${other.pods} via ${other.address}`),
  ];
  await must(machine.entering(['sh', '-euc', SETTINGS, name]));
  // The room knows the way to Pods only once their node has its address.
  await must(['ip', '-n', room.namespace, '-batch', '-'], { stdin: link.slice(0, 2).join('\n') });
  await must(machine.entering(['ip', '-batch', '-']), { stdin: own.join('\n') });
  await must(['ip', '-n', room.namespace, '-batch', '-'], { stdin: link.slice(2).join('\n') });
}

/** Without br_netfilter what a Pod answers to another of its node would not be translated back to the Service's address. */
const SETTINGS = `
hostname "$0"
[ -e /proc/sys/net/bridge ] || { echo "br_netfilter is not loaded" >&2; exit 1; }
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
`;

async function startKubelet(machine: Machine, options: NodeOptions, cgroup: string): Promise<ChildProcess> {
  const { number, disk, server, programs } = options;
  const place = placeOf(number);
  const kubeconfig = join(disk, 'kubelet.kubeconfig');
  const config = join(disk, 'kubelet.yaml');
  const credentials = await server.node(place.name);
  await writeFile(kubeconfig, await kubeconfigFor(credentials.kubeconfig, urlFor(options)), { mode: 0o600 });
  const serving = await server.authority.issue({
    commonName: `system:node:${place.name}`,
    organizations: ['system:nodes'],
    names: [place.name, place.address],
  });
  const authority = server.authority.certificate;
  await writeFile(config, kubeletConfig({ place, authority, serving, socket: SOCKET, cgroup }));
  const named = [`--hostname-override=${place.name}`, `--node-ip=${place.address}`];
  const argv = [programs.kubelet, `--config=${config}`, `--kubeconfig=${kubeconfig}`, ...named];
  return startOn(machine, argv, join(disk, 'kubelet.log'));
}

async function startKubeProxy(machine: Machine, options: NodeOptions): Promise<ChildProcess> {
  const { number, disk, server, programs } = options;
  const kubeconfig = join(disk, 'kube-proxy.kubeconfig');
  const config = join(disk, 'kube-proxy.yaml');
  const credentials = await server.user({ name: 'system:kube-proxy' });
  await writeFile(kubeconfig, await kubeconfigFor(credentials.kubeconfig, urlFor(options)), { mode: 0o600 });
  await writeFile(config, kubeProxyConfig(placeOf(number), kubeconfig));
  return startOn(machine, [programs.kubeProxy, `--config=${config}`], join(disk, 'kube-proxy.log'));
}

/** The API server as the room's nodes reach it. */
function urlFor({ room, server }: NodeOptions): string {
  return `https://${room.addresses[0]}:${new URL(server.url).port}`;
}

/** A program that runs until the machine is cut. */
async function startOn(machine: Machine, argv: readonly string[], log: string): Promise<ChildProcess> {
  const [program, ...rest] = machine.entering(['sh', '-euc', 'exec "$@" > "$0" 2>&1', log, ...argv]);
  const child = spawn(program ?? '', rest, { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}
