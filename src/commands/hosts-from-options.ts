import type { Command } from 'commander';
import type { Host } from '../hosts/host.ts';
import { harmless } from '../hosts/sanitise.ts';
import { langFrom } from '../lang.ts';
import type { Say } from './help-language.ts';
import { UsageError } from './usage.ts';

export interface RawHostOptions {
  host?: string[];
  root?: string;
  bundle?: string[];
  inventory?: string[];
  lang?: string;
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

export function addHostOptions(command: Command, say: Say): Command {
  return command
    .option(
      '--host <[user@]name[:port]>',
      say({ en: 'a node to reach by your own ssh; repeatable', 'zh-CN': '通过你自己的 ssh 连接的节点，可重复' }),
      collect,
    )
    .option(
      '--inventory <file>',
      say({
        en: "nodes to reach by your own ssh: KubeKey's configuration, Ansible's inventory, or one a line; passwords in it are not used",
        'zh-CN': '通过你自己的 ssh 连接的节点清单：KubeKey 配置、Ansible inventory，或每行一个；其中的密码不会被使用',
      }),
      collect,
    )
    .option(
      '--root <dir>',
      say({
        en: "a node's file tree: a host mounted in a container, or a recorded node",
        'zh-CN': '节点的文件树：容器中挂载的主机根目录，或录制的节点',
      }),
    )
    .option(
      '--bundle <file>',
      say({
        en: 'nodes as they were: a file of hayward capture, a Harvester support bundle, an sosreport, a cluster-info dump; repeatable',
        'zh-CN':
          '节点当时的状况：hayward capture 的文件、Harvester support bundle、sosreport、cluster-info dump；可重复',
      }),
      collect,
    );
}

/** Whether the nodes are looked at through this machine's own eyes: nothing says otherwise. */
export function isLocal({ host, root, bundle, inventory }: RawHostOptions): boolean {
  return host === undefined && root === undefined && bundle === undefined && inventory === undefined;
}

/** The hosts a command line names; this machine when it names none. */
export async function hostsFrom(options: RawHostOptions): Promise<readonly Host[]> {
  refuseMixture(options);
  if (options.bundle) {
    const { bundleHosts } = await import('../bundle/read-bundle.ts');
    const hosts: Host[] = [];
    for (const path of new Set(options.bundle)) hosts.push(...(await bundleHosts(path)));
    return hosts;
  }
  if (options.host || options.inventory) return sshHosts(options);
  if (options.root !== undefined) {
    const { rootHost } = await import('../hosts/root.ts');
    return [rootHost(options.root)];
  }
  const { localHost } = await import('../hosts/local.ts');
  return [localHost()];
}

/** A node is reached in one way. What is named by `--host` and what by `--inventory` are reached in the same. */
function refuseMixture({ host, inventory, root, bundle }: RawHostOptions): void {
  const ways = [
    [host ? '--host' : '--inventory', host ?? inventory],
    ['--root', root],
    ['--bundle', bundle],
  ] as const;
  const [first, second] = ways.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (first !== undefined && second !== undefined) throw new UsageError(`${first} and ${second} exclude each other`);
}

/** Each node once, however often it is named. */
async function sshHosts({ host = [], inventory = [], lang }: RawHostOptions): Promise<readonly Host[]> {
  const { sshHost } = await import('../hosts/ssh.ts');
  const hosts: Host[] = [...new Set(host)].map((destination) => sshHost(destination));
  for (const path of new Set(inventory)) {
    const { inventoryHosts } = await import('../inventory/inventory-hosts.ts');
    const found = await inventoryHosts(path);
    hosts.push(...found.hosts);
    if (found.unused.length > 0) process.stderr.write(`hayward: ${unusedNotice(path, found.unused, lang)}\n`);
  }
  return hosts;
}

function unusedNotice(path: string, nodes: readonly string[], lang: string | undefined): string {
  const shown = harmless(`${path}: ${nodes.slice(0, 3).join(', ')}${nodes.length > 3 ? ', …' : ''}`);
  return (lang ?? langFrom(process.env)) === 'zh-CN'
    ? `${shown}：清单中的密码、密钥内容和 ssh 参数不会被使用；请用 ssh-copy-id 配置密钥，其余写入 ~/.ssh/config`
    : `${shown}: passwords, keys' texts and ssh arguments of the inventory are not used; let ssh have a key (ssh-copy-id), and the rest in ~/.ssh/config`;
}
