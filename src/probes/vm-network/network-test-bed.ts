import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { libraryPath, unpacked } from '../../../lab/packages.ts';
import { PROJECT } from '../kernel-test-bed.ts';

/**
 * A node with a bridge `br0`, an uplink `up0` to a switch outside, and stations (gateways, DHCP servers, VMs) in namespaces of
 * their own, on the switch or on the bridge itself. The node has no address.
 */
export interface NetworkTestBed {
  /** Runs a command in the node's namespace, words parted by single spaces; throws when it fails. */
  node(command: string): string;
  /** Makes a station; `on` the switch outside unless it is a VM of the node. */
  station(name: string, options: StationOptions): Station;
  /** `hayward networks probe` on the node, as a user runs it. */
  probe(args: readonly string[], options?: { readonly prefix?: readonly string[] }): Promise<ProbeRun>;
  /** The same, left running. */
  startProbe(args: readonly string[]): ChildProcess;
  /** Interfaces of probes that exist now in the node's namespace. */
  throwaways(): readonly string[];
  /** All a probe could have left in the node. */
  state(): Readonly<Record<string, string>>;
  /** A file name of the bed's own folder. */
  file(name: string): string;
  remove(): Promise<void>;
}

export interface StationOptions {
  readonly on?: 'switch' | 'bridge';
  readonly mac?: string;
  /** With its prefix. */
  readonly address?: string;
}

export interface Station {
  readonly name: string;
  run(command: string): string;
  /** Starts dnsmasq and returns once it serves. Addresses are handed out without the ICMP check, which takes seconds. */
  dnsmasq(args: readonly string[]): Promise<Server>;
  /** Starts Debian's kea-dhcp4 with this subnet and these classes, and returns once it serves. */
  kea(subnet: object, classes?: readonly object[]): Promise<Server>;
  /** Starts a program that stays, and returns once a line of its output matches. */
  serve(argv: readonly string[], ready: RegExp): Promise<Server>;
}

export interface Server {
  /** dnsmasq's leases, one a line. */
  leases(): string;
  /** All it has written so far. */
  output(): string;
  stop(): Promise<void>;
}

export interface ProbeRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output, where it is JSON. */
  readonly json: ProbeJson;
}

/** What the tests look at. */
export interface ProbeJson {
  readonly state: string;
  readonly reason: string;
  readonly side: string | null;
  readonly detail: string;
  readonly cidr: string | null;
  readonly gateway: string | null;
  readonly gatewayMacs: readonly string[];
  readonly address: { readonly ip: string; readonly leased: boolean } | null;
  readonly lossPercent: number | null;
  readonly sent: number;
  readonly answered: number;
  readonly beyond: { readonly address: string; readonly sent: number; readonly answered: number } | null;
  readonly node: string;
  readonly durationMs: number;
  readonly servers: readonly {
    readonly address: string;
    readonly mac: string;
    readonly offerMs: number;
    readonly relay: string | null;
    readonly cidr: string | null;
    readonly gateway: string | null;
  }[];
  readonly evidence: readonly { readonly source: string; readonly value: string; readonly vlan: number }[];
  readonly findings: readonly { readonly problem: string; readonly status: string; readonly severity: string }[];
}

const CLI = `${PROJECT}/dist/cli.js`;

function must(argv: readonly string[]): string {
  const [program, ...rest] = argv as [string, ...string[]];
  const done = spawnSync(program, rest, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status === 0) return done.stdout;
  throw new Error(`${argv.join(' ')}: ${done.error?.message ?? done.stderr}`);
}

function keaConfig(subnet: object, classes: readonly object[]): string {
  const server = {
    'interfaces-config': { interfaces: ['eth0'] },
    'lease-database': { type: 'memfile', persist: false },
    'client-classes': classes,
    subnet4: [subnet],
    authoritative: true,
    loggers: [{ name: 'kea-dhcp4', severity: 'INFO', output_options: [{ output: 'stdout' }] }],
  };
  return JSON.stringify({ Dhcp4: server });
}

/** The kernel's link watch may take a second to tell a port that it has carrier. */
function forwarding(run: (command: string) => string, port: string): void {
  const deadline = Date.now() + 20_000;
  while (!run(`bridge -j link show dev ${port}`).includes('"forwarding"'))
    if (Date.now() > deadline) throw new Error(`${port} does not forward`);
}

export function makeNetworkTestBed(): NetworkTestBed {
  const token = randomBytes(4).toString('hex');
  const folder = mkdtempSync(join(tmpdir(), 'hayward-networks-'));
  const spaces: string[] = [];
  const servers = new Set<Server>();
  const children = new Set<ChildProcess>();

  function space(name: string): string {
    const whole = `hwt-${token}-${name}`;
    must(['ip', 'netns', 'add', whole]);
    spaces.push(whole);
    const run = runIn(whole);
    run('sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1');
    run('ip link set lo up');
    return whole;
  }
  function runIn(name: string): (command: string) => string {
    return (command) => must(['ip', 'netns', 'exec', name, ...command.split(' ')]);
  }

  const node = space('node');
  const outside = space('outside');
  const onNode = runIn(node);
  const onSwitch = runIn(outside);
  onNode('ip link add br0 type bridge mcast_snooping 0');
  onSwitch('ip link add lan type bridge mcast_snooping 0');
  onNode(`ip link add up0 type veth peer name port0 netns ${outside}`);
  onNode('ip link set up0 master br0');
  onSwitch('ip link set port0 master lan');
  for (const link of ['br0', 'up0']) onNode(`ip link set ${link} up`);
  for (const link of ['lan', 'port0']) onSwitch(`ip link set ${link} up`);
  forwarding(onNode, 'up0');
  forwarding(onSwitch, 'port0');

  async function serve(argv: readonly string[], ready: RegExp, leaseFile: string): Promise<Server> {
    const [program, ...rest] = argv as [string, ...string[]];
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    const lines: string[] = [];
    const ended = once(child, 'exit');
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        createInterface({ input: stream }).on('line', (line) => {
          lines.push(line);
          if (ready.test(line)) resolve();
        });
      void ended.then(() => reject(new Error(`${argv.join(' ')} ended: ${lines.join('\n')}`)));
    });
    const server: Server = {
      leases: () => (existsSync(leaseFile) ? readFileSync(leaseFile, 'utf8') : ''),
      output: () => lines.join('\n'),
      async stop() {
        servers.delete(server);
        child.kill('SIGTERM');
        await ended;
        children.delete(child);
      },
    };
    servers.add(server);
    return server;
  }

  function station(name: string, { on = 'switch', mac, address }: StationOptions): Station {
    const own = space(name);
    const run = runIn(own);
    const port = `v-${name}`.slice(0, 15);
    const [home, bridge] = on === 'switch' ? [onSwitch, 'lan'] : [onNode, 'br0'];
    home(`ip link add ${port} type veth peer name eth0 netns ${own}`);
    home(`ip link set ${port} master ${bridge} up`);
    if (mac !== undefined) run(`ip link set eth0 address ${mac}`);
    run('ip link set eth0 up');
    if (address !== undefined) run(`ip addr add ${address} dev eth0`);
    forwarding(home, port);
    const inside = ['ip', 'netns', 'exec', own];
    return {
      name: own,
      run,
      serve: (argv, ready) => serve([...inside, ...argv], ready, ''),
      async kea(subnet, classes = []) {
        const unpackedTo = await unpacked('kea-dhcp4-server', { dependencies: true });
        const config = join(folder, `${name}-kea.json`);
        writeFileSync(config, keaConfig(subnet, classes));
        const environment = [
          `LD_LIBRARY_PATH=${await libraryPath(unpackedTo)}`,
          'KEA_LOCKFILE_DIR=none',
          `KEA_PIDFILE_DIR=${folder}`,
        ];
        const argv = ['env', ...environment, `${unpackedTo}/usr/sbin/kea-dhcp4`, '-c', config];
        return serve([...inside, ...argv], /DHCP4_STARTED/, '');
      },
      dnsmasq(args) {
        const leases = join(folder, `${name}-${randomBytes(3).toString('hex')}.leases`);
        const common = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--port=0', '--user=root'];
        const logs = ['--log-dhcp', '--log-facility=-', '--no-ping', `--dhcp-leasefile=${leases}`];
        return serve([...inside, 'dnsmasq', ...common, ...logs, ...args], /DHCP,? (IP range|relay)/, leases);
      },
    };
  }

  function argvOf(args: readonly string[], prefix: readonly string[] = []): readonly string[] {
    const words = ['networks', 'probe', '--bridge', 'br0', '--vlan', '0', ...args];
    return ['ip', 'netns', 'exec', node, ...prefix, process.execPath, CLI, ...words];
  }

  return {
    node: onNode,
    station,
    async probe(args, { prefix } = {}) {
      const asJson = args.includes('--lang') ? args : [...args, '--json'];
      const [program, ...rest] = argvOf(asJson, prefix) as [string, ...string[]];
      const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      const [status] = (await once(child, 'close')) as [number | null];
      const json = (stdout.startsWith('{') ? JSON.parse(stdout) : {}) as ProbeJson;
      return { status, stdout, stderr, json };
    },
    startProbe(args) {
      const [program, ...rest] = argvOf(args) as [string, ...string[]];
      const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
      children.add(child);
      return child;
    },
    throwaways: () => [...onNode('ip -o link show').matchAll(/^\d+: (hwp\w+)/gm)].map(([, link]) => link ?? ''),
    state() {
      const kinds = ['link show', 'addr show', 'route show table all', 'neigh show'];
      const commands = [...kinds.map((kind) => `ip -d -j ${kind}`), 'ip -j rule show', 'bridge -j fdb show'];
      // The bridge's own timers, and others' stations that it learned: a probe's begin with fe:ff:ff.
      const moving = /"[a-z_]*timer":[^,}]*|{"mac":"(?!fe:ff:ff)[^}]*"state":""},/g;
      return Object.fromEntries(commands.map((command) => [command, onNode(command).replaceAll(moving, '')]));
    },
    file: (name) => join(folder, name),
    async remove() {
      for (const server of servers) await server.stop();
      for (const child of children) child.kill('SIGKILL');
      for (const name of spaces.reverse()) must(['ip', 'netns', 'del', name]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
