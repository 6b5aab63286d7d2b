import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { command, must } from '../../../lab/command.ts';
import { type Door, openDoor } from '../../../lab/door.ts';
import type { RunResult } from '../../hosts/host.ts';

/** Nodes with a bridge `mgmt-br` whose uplinks `up0` lead to one switch, and a gateway with DHCP there: namespaces of their own. */
export interface AgentTestBed {
  /** Runs a command in a node's namespace, words parted by single spaces. */
  run(node: string, command: string): Promise<string>;
  /** Interfaces of probes that exist now in a node's namespace. */
  throwaways(node: string): Promise<readonly string[]>;
  /** Starts `hayward networks agent` on a node, which reaches the API server at the same address as this process does. */
  agent(node: string, kubeconfig: string): ChildProcess;
  /** Runs hayward on a node to its end. */
  hayward(node: string, args: readonly string[]): Promise<RunResult>;
  /** Starts the DHCP server, or stops it; both return when it is done. `tell` is handed what it logs. */
  serve(tell?: (log: string) => void): Promise<void>;
  stopServing(): Promise<void>;
  remove(): Promise<void>;
}

export const GATEWAY = '192.168.77.1';
export const CIDR = '192.168.77.0/24';
const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

export async function agentTestBed(nodes: readonly string[], apiServer: URL): Promise<AgentTestBed> {
  const token = randomBytes(4).toString('hex');
  const spaces: string[] = [];
  const doors: Door[] = [];
  const children = new Set<ChildProcess>();
  let server: ChildProcess | undefined;

  const nameOf = (space: string): string => `hwt-${token}-${space}`;
  const inside = (space: string): readonly string[] => ['ip', 'netns', 'exec', nameOf(space)];
  const run = (space: string, command: string): Promise<string> => must([...inside(space), ...command.split(' ')]);

  async function space(name: string): Promise<void> {
    await must(['ip', 'netns', 'add', nameOf(name)]);
    spaces.push(name);
    await run(name, 'sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1');
    await run(name, 'ip link set lo up');
  }
  async function connect(node: string): Promise<void> {
    await space(node);
    await run(node, 'ip link add mgmt-br type bridge mcast_snooping 0');
    await run(node, `ip link add up0 type veth peer name ${node} netns ${nameOf('switch')}`);
    await run(node, 'ip link set up0 master mgmt-br up');
    await run(node, 'ip link set mgmt-br up');
    await run('switch', `ip link set ${node} master lan up`);
    const here = { address: apiServer.hostname, port: Number(apiServer.port) };
    doors.push(await openDoor({ ...here, namespace: nameOf(node) }, here));
  }
  function start(argv: readonly string[]): ChildProcess {
    const [program, ...args] = argv as [string, ...string[]];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    return child;
  }
  async function end(child: ChildProcess): Promise<void> {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }
  async function remove(): Promise<void> {
    for (const child of children) await end(child);
    for (const door of doors) await door.close();
    for (const name of spaces.reverse()) await must(['ip', 'netns', 'del', nameOf(name)]);
  }
  try {
    await space('switch');
    await run('switch', 'ip link add lan type bridge mcast_snooping 0');
    await run('switch', `ip addr add ${GATEWAY}/24 dev lan`);
    await run('switch', 'ip link set lan up');
    for (const node of nodes) await connect(node);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    run,
    async throwaways(node) {
      const links = await run(node, 'ip -o link show');
      return [...links.matchAll(/^\d+: (hwp\w+)/gm)].map(([, link]) => link ?? '');
    },
    hayward: (node, args) => command([...inside(node), process.execPath, CLI, ...args]),
    agent: (node, kubeconfig) => {
      const argv = [process.execPath, CLI, 'networks', 'agent', '--node', node, '--kubeconfig', kubeconfig];
      return start([...inside(node), ...argv]);
    },
    async serve(tell = () => undefined) {
      const common = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--port=0', '--user=root'];
      const more = ['--no-ping', '--leasefile-ro', '--log-facility=-', '--dhcp-range=192.168.77.10,192.168.77.90,1h'];
      const child = start([...inside('switch'), 'dnsmasq', ...common, ...more]);
      server = child;
      let told = '';
      while (!told.includes('DHCP, IP range')) told += String((await once(child.stderr as never, 'data'))[0]);
      child.stderr?.on('data', (chunk) => tell(String(chunk)));
    },
    async stopServing() {
      if (server) await end(server);
    },
    remove,
  };
}
