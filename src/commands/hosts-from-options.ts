import type { Command } from 'commander';
import type { Host } from '../hosts/host.ts';
import type { Say } from './help-language.ts';
import { UsageError } from './usage.ts';

export interface RawHostOptions {
  host?: string[];
  root?: string;
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
      '--root <dir>',
      say({
        en: "a node's file tree: a host mounted in a container, or a recorded node",
        'zh-CN': '节点的文件树：容器中挂载的主机根目录，或录制的节点',
      }),
    );
}

/** The hosts a command line names; this machine when it names none. */
export async function hostsFrom(options: RawHostOptions): Promise<readonly Host[]> {
  if (options.host && options.root !== undefined) throw new UsageError('--host and --root exclude each other');
  if (options.host) {
    const { sshHost } = await import('../hosts/ssh.ts');
    return [...new Set(options.host)].map((destination) => sshHost(destination));
  }
  if (options.root !== undefined) {
    const { rootHost } = await import('../hosts/root.ts');
    return [rootHost(options.root)];
  }
  const { localHost } = await import('../hosts/local.ts');
  return [localHost()];
}
