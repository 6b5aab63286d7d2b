import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../src/hosts/host.ts';
import { quoted } from '../src/hosts/shell-text.ts';
import { exists } from './cache.ts';
import { type CommandOptions, command, must } from './command.ts';
import type { Fault } from './faults.ts';
import { downScript, upScript } from './script.ts';
import { TOPOLOGIES, TOPOLOGY_NAMES, type TopologyName } from './topologies/catalogue.ts';
import type { Probe, Topology } from './topology.ts';

/** Where each node of a laboratory keeps its journal and its own changes to /etc. */
const STATE_FOLDER = '/run/hayward-lab';

export interface UpOptions {
  /** The program `hayward` runs as; the built one of this tree when left out. */
  readonly cli?: string;
  /** Six hexadecimal digits that tell this laboratory from others; random when left out. */
  readonly token?: string;
}

/** A network of namespaces that is up. */
export interface Lab {
  /** `<topology>-<token>`, so that laboratories side by side do not collide. */
  readonly id: string;
  readonly topology: Topology;
  namespace(node: string): string;
  /** Runs a program in a node (`hayward` is the one under test, for shells there too), which has an /etc of its own (changes to it stay in the laboratory) and no systemd. */
  exec(node: string, argv: readonly string[], options?: CommandOptions): Promise<RunResult>;
  /** The command line and environment that `exec` and `hayward` run, for who wants a terminal in a node. */
  entering(node: string, argv: readonly string[]): Promise<{ argv: readonly string[]; env: NodeJS.ProcessEnv }>;
  /** Makes a fault in the first node; throws when it is for another topology. */
  break(fault: Fault): Promise<void>;
  /** Whether an echo request comes back within a second. */
  ping(from: string, to: string): Promise<boolean>;
  /** Whether a probe comes back: a ping, or a TCP answer. */
  probe(probe: Probe): Promise<boolean>;
  /** Runs hayward in a node, with its journal kept in the laboratory. */
  hayward(node: string, args: readonly string[], options?: CommandOptions): Promise<RunResult>;
  /** Removes everything, also what a failed `up` left. */
  down(): Promise<void>;
}

/** What a topology lacks here; undefined when it can be built. */
export async function lacking(topology: Topology): Promise<Topology['needs'][number] | undefined> {
  for (const need of topology.needs) if (!(await exists(need.path))) return need;
  return undefined;
}

/** Builds a topology in namespaces of its own. Needs root and iproute2; leaves nothing behind when it fails. */
export async function up(name: TopologyName, options: UpOptions = {}): Promise<Lab> {
  const lab = labNamed(name, options.token ?? randomBytes(3).toString('hex'), options);
  const missing = await lacking(lab.topology);
  if (missing) throw new Error(`${name}: ${missing.what.en}`);
  try {
    const script = upScript(lab.topology, { namespaceOf: lab.namespace, node: `'${process.execPath}'` });
    await must(['sh'], { stdin: script, detached: true });
  } catch (error) {
    await lab.down();
    throw error;
  }
  return lab;
}

/** The laboratories that are up on this machine, read from its namespaces. */
export async function labsUp(options: Pick<UpOptions, 'cli'> = {}): Promise<Lab[]> {
  const names = await readdir('/run/netns').catch(() => []);
  const found = new Map<string, Lab>();
  for (const namespace of names) {
    for (const topology of TOPOLOGY_NAMES) {
      const token = new RegExp(`^hayward-${topology}-([0-9a-f]{6})-`).exec(namespace)?.[1];
      if (token !== undefined) found.set(`${topology}-${token}`, labNamed(topology, token, options));
    }
  }
  return [...found.values()];
}

function labNamed(name: TopologyName, token: string, options: Pick<UpOptions, 'cli'>): Lab {
  const topology: Topology = TOPOLOGIES[name];
  const id = `${name}-${token}`;
  const folder = join(STATE_FOLDER, id);
  const cli = options.cli ?? fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const lab: Lab = {
    id,
    topology,
    namespace(node) {
      if (!topology.nodes.some((one) => one.name === node)) throw new TypeError(`${name} has no node ${node}`);
      return `hayward-${id}-${node}`;
    },
    async exec(node, argv, execOptions = {}) {
      const entered = await lab.entering(node, argv);
      return command(entered.argv, { ...execOptions, env: { ...entered.env, ...execOptions.env } });
    },
    async entering(node, argv) {
      const own = join(folder, node);
      for (const name of ['etc', 'work', 'bin']) await mkdir(join(own, name), { recursive: true });
      await putProgram(join(own, 'bin/hayward'), cli);
      const path = `${join(own, 'bin')}:${process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`;
      return {
        argv: ['ip', 'netns', 'exec', lab.namespace(node), 'unshare', '--uts', 'sh', '-c', SETTLE_IN, own, ...argv],
        env: { ...process.env, PATH: path, HAYWARD_STATE: join(own, 'state') },
      };
    },
    async break(fault) {
      if (fault.topology !== name) throw new TypeError(`${fault.id} is a fault of ${fault.topology}, not of ${name}`);
      const script = ['set -e', ...fault.commands].join('\n');
      await must(['ip', 'netns', 'exec', lab.namespace(topology.nodes[0].name), 'sh'], { stdin: script });
    },
    ping: (from, to) => lab.probe({ from, to }),
    async probe(probe) {
      const sent = await command(['ip', 'netns', 'exec', lab.namespace(probe.from), ...probeArgv(probe)]);
      // A probe that could not be sent says nothing about the network.
      if (sent.exitCode === null || sent.exitCode >= 125) throw new Error(`cannot probe: ${sent.stderr.trim()}`);
      return !sent.failed;
    },
    hayward: (node, args, execOptions) => lab.exec(node, ['hayward', ...args], execOptions),
    async down() {
      const namespaces = topology.nodes.map((node) => lab.namespace(node.name));
      await must(['sh'], { stdin: downScript(namespaces), detached: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
  return lab;
}

/** Puts a program that runs `cli` in place in one step: another shell in the node may be starting it right now. */
async function putProgram(path: string, cli: string): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(fresh, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(cli)} "$@"\n`, { mode: 0o755 });
  await rename(fresh, path);
}

/**
 * Gives what runs in a node the node's name, and an /etc whose changes stay in the laboratory, and hides the machine's systemd and udev: a
 * fix tried here must not persist on, or reload, the machine underneath. `ip netns exec` has already made the mount
 * namespace that keeps these mounts private.
 */
const SETTLE_IN = `set -e
echo "\${0##*/}" > /proc/sys/kernel/hostname
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work" /etc
for folder in /run/systemd /run/udev; do
  if [ -d "$folder" ]; then mount -t tmpfs tmpfs "$folder"; fi
done
exec "$@"`;

/** The command that sends a probe and succeeds when it comes back. Addresses and ports are the topology's own. */
export function probeArgv({ to, port }: Probe): string[] {
  if (port === undefined) return ['sh', '-c', PING, to];
  return ['timeout', '3', 'bash', '-c', 'exec 3<>"/dev/tcp/$0/$1" && read -r -N 1 <&3', to, String(port)];
}

/** busybox has a ping too; it is there on minimal systems that lack iputils. */
const PING = `if command -v ping >/dev/null; then exec ping -q -c 1 -W 1 "$0"; fi
exec busybox ping -q -c 1 -W 1 "$0"`;
