import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CriClient, connectCri } from '../../src/hosts/cri/client.ts';
import type { RunResult } from '../../src/hosts/host.ts';
import { type CommandOptions, must } from '../command.ts';
import { removeCgroups } from './cgroups.ts';
import { BRIDGE, BRIDGE_ADDRESS, cniConfig, NETWORK } from './configuration.ts';
import { startContainerd } from './containerd.ts';
import { bootMachine, type Machine } from './machine.ts';
import { runtimePrograms } from './programs.ts';

export interface RuntimeOptions {
  /** Addresses for the Pods, 10.52.0.0/28 (13 of them are handed out) unless said otherwise. */
  readonly subnet?: string;
  /** Where the socket is, as the machine sees it: RKE2's and k3s's place unless said otherwise. */
  readonly place?: string;
}

export interface LabLease {
  readonly ip: string;
  readonly containerId: string;
}

/** A real containerd with runc and host-local, on a machine of its own (see machine.ts). */
export interface LabRuntime {
  /** The socket as a program on this machine reaches it; another after every boot. */
  readonly socket: string;
  /** The socket as the machine sees it. */
  readonly place: string;
  /** Its first process, by this machine's count. */
  readonly pid: number;
  /** The control group for what runs on it, as a sandbox's `cgroupParent`: `/` and a name of its own. */
  readonly cgroup: string;
  /** Where host-local keeps the network's leases, as this machine reaches it. */
  readonly leaseDirectory: string;
  cri(): Promise<CriClient>;
  /** Starts a sandbox, as the kubelet does for a Pod of this name; its id. Throws the runtime's own words. */
  sandbox(name: string): Promise<string>;
  /** Stops a sandbox the proper way, by CNI DEL, and has the runtime forget it. */
  stop(id: string): Promise<void>;
  leases(): Promise<readonly LabLease[]>;
  /** Everything stops at once. `forget`: the runtime's own records do not survive it. Stays off until `restart`. */
  powerCut(options: { readonly forget: boolean }): Promise<void>;
  /** Kills the runtime alone, as `systemctl stop rke2-server` with KillMode=process: shims and sandboxes live on. */
  halt(): Promise<void>;
  /** Boots a machine that is off, starts a runtime that was halted. */
  restart(): Promise<void>;
  /** Runs a program on the machine. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<RunResult>;
  /** Runs the built hayward of this tree on the machine; its journal lies on the machine's disk. */
  hayward(args: readonly string[], options?: CommandOptions): Promise<RunResult>;
  /** Puts the files of all leases this many seconds into the past, as if the Pods had been started then. */
  age(seconds: number): Promise<void>;
  dispose(): Promise<void>;
}

const PLACE = '/run/k3s/containerd/containerd.sock';
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Boots a machine and starts its runtime. Needs root, apt and iproute2; leaves nothing behind when it fails. */
export async function runtime(options: RuntimeOptions = {}): Promise<LabRuntime> {
  const { subnet = '10.52.0.0/28', place = PLACE } = options;
  const programs = await runtimePrograms();
  const disk = await mkdtemp(join(tmpdir(), 'hayward-runtime-'));
  const cgroup = `/${basename(disk)}`;
  await mkdir(join(disk, 'etc/cni/net.d'), { recursive: true });
  await writeFile(join(disk, 'etc/cni/net.d/10-canal.conflist'), cniConfig(subnet));
  const leaseDirectory = join(disk, 'cni/networks', NETWORK);
  let machine: Machine | undefined;
  let client: CriClient | undefined;

  function on(): Machine {
    if (!machine) throw new TypeError('the machine is off');
    return machine;
  }
  function hangUp(): void {
    client?.close();
    client = undefined;
  }
  async function cut(): Promise<void> {
    hangUp();
    await machine?.cut();
    machine = undefined;
    await removeCgroups(cgroup);
  }
  const here: LabRuntime = {
    get socket() {
      return `/proc/${on().pid}/root${place}`;
    },
    get pid() {
      return on().pid;
    },
    place,
    cgroup,
    leaseDirectory,
    async cri() {
      if (client) return client;
      const opened = await connectCri(here.socket);
      if (!opened.known) throw new Error(opened.detail);
      client = opened.value;
      return client;
    },
    async sandbox(name) {
      const metadata = { name, uid: `uid-of-${name}`, namespace: 'default', attempt: 0 };
      return (await here.cri()).run({ metadata, hostname: name, linux: { cgroupParent: cgroup } });
    },
    async stop(id) {
      const cri = await here.cri();
      await cri.stop(id);
      await cri.remove(id);
    },
    leases: () => leasesIn(leaseDirectory),
    async powerCut({ forget }) {
      await cut();
      if (forget) await rm(join(disk, 'containerd'), { recursive: true, force: true });
    },
    async halt() {
      hangUp();
      await must(on().entering(['sh', '-euc', HALT]));
    },
    async restart() {
      if (!machine) {
        machine = await bootMachine(disk);
        await must(machine.entering(['ip', 'link', 'add', BRIDGE, 'address', BRIDGE_ADDRESS, 'type', 'bridge']));
      }
      await startContainerd(machine, { disk, programs, place, snapshotter: 'native' });
    },
    exec: (argv, execOptions) => on().exec(argv, execOptions),
    hayward(args, execOptions = {}) {
      const env = { ...process.env, HAYWARD_STATE: join(disk, 'state'), ...execOptions.env };
      return on().exec([process.execPath, CLI, ...args], { ...execOptions, env });
    },
    async age(seconds) {
      for (const { ip } of await leasesIn(leaseDirectory)) {
        const path = join(leaseDirectory, ip);
        const { mtimeMs } = await stat(path);
        const then = mtimeMs / 1000 - seconds;
        await utimes(path, then, then);
      }
    },
    async dispose() {
      await cut();
      await rm(disk, { recursive: true, force: true });
    },
  };
  try {
    await here.restart();
  } catch (error) {
    await here.dispose();
    throw error;
  }
  return here;
}

const HALT = 'read -r pid < /run/containerd.pid; kill -9 "$pid"; while [ -d "/proc/$pid" ]; do sleep 0.02; done';

/** The leases as host-local wrote them: `<id>` CR LF `<interface>` in a file named like the address. */
async function leasesIn(directory: string): Promise<readonly LabLease[]> {
  const names = await readdir(directory).catch(() => []);
  const leases: LabLease[] = [];
  for (const ip of names.filter((name) => /^[0-9a-f.:]+$/.test(name)).sort()) {
    // A lease may be given back between the listing and the reading.
    const content = await readFile(join(directory, ip), 'utf8').catch(() => undefined);
    if (content !== undefined) leases.push({ ip, containerId: content.split('\r\n')[0] ?? '' });
  }
  return leases;
}
