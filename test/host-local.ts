import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../lab/command.ts';
import { unpacked } from '../lab/packages.ts';

export interface HostLocalOptions {
  readonly network?: string;
  /** One range set for each. */
  readonly subnets?: readonly string[];
}

/** Debian's host-local itself, as CNI's plugins call it, over a data directory of the test's own. It needs no privilege. */
export interface HostLocal {
  readonly dataDir: string;
  /** The network's directory in it. */
  readonly directory: string;
  /** Hands out an address of each range set. Throws host-local's own words. */
  add(containerId: string, ifName?: string): Promise<readonly string[]>;
  del(containerId: string, ifName?: string): Promise<void>;
  /** Shell that makes these calls, one after the other. */
  script(calls: readonly (readonly [verb: 'ADD' | 'DEL', containerId: string])[]): string;
  /** Container ids by address, as the files say. */
  leases(): Promise<ReadonlyMap<string, string>>;
  dispose(): Promise<void>;
}

let plugins: Promise<string> | undefined;

export async function hostLocal(options: HostLocalOptions = {}): Promise<HostLocal> {
  const { network = 'k8s-pod-network', subnets = ['10.52.0.0/24'] } = options;
  plugins ??= unpacked('containernetworking-plugins').then((folder) => join(folder, 'usr/lib/cni'));
  const program = await plugins;
  const dataDir = await mkdtemp(join(tmpdir(), 'hayward-host-local-'));
  const directory = join(dataDir, network);
  const ranges = subnets.map((subnet) => [{ subnet }]);
  const config = { cniVersion: '0.3.1', name: network, ipam: { type: 'host-local', dataDir, ranges } };

  const environment = (verb: 'ADD' | 'DEL', containerId: string, ifName = 'eth0') => {
    const CNI = { CNI_COMMAND: verb, CNI_CONTAINERID: containerId, CNI_IFNAME: ifName, CNI_PATH: program };
    return { ...CNI, CNI_NETNS: '/dev/null' };
  };

  async function call(verb: 'ADD' | 'DEL', containerId: string, ifName: string): Promise<string> {
    const { stdout, failed } = await command([join(program, 'host-local')], {
      env: environment(verb, containerId, ifName),
      stdin: JSON.stringify(config),
    });
    if (!failed) return stdout;
    throw new Error((JSON.parse(stdout) as { msg: string }).msg);
  }
  return {
    dataDir,
    directory,
    async add(containerId, ifName = 'eth0') {
      const { ips } = JSON.parse(await call('ADD', containerId, ifName)) as { ips: { address: string }[] };
      return ips.map(({ address }) => address.replace(/\/.*/, ''));
    },
    async del(containerId, ifName = 'eth0') {
      await call('DEL', containerId, ifName);
    },
    script(calls) {
      const lines = calls.map(([verb, containerId]) => {
        const words = Object.entries(environment(verb, containerId)).map(([name, value]) => `${name}=${value}`);
        return `printf %s '${JSON.stringify(config)}' | env ${words.join(' ')} '${join(program, 'host-local')}'`;
      });
      return lines.join(' && ');
    },
    async leases() {
      const names = await readdir(directory).catch(() => []);
      const found = new Map<string, string>();
      for (const name of names.filter((one) => /^[0-9a-f.:]+$/.test(one)).sort()) {
        // A lease may be given back between the listing and the reading.
        const content = await readFile(join(directory, name), 'utf8').catch(() => undefined);
        if (content !== undefined) found.set(name, content.split('\r\n')[0] ?? '');
      }
      return found;
    },
    dispose: () => rm(dataDir, { recursive: true, force: true }),
  };
}
