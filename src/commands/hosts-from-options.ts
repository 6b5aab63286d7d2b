import type { Command } from 'commander';
import type { Host } from '../hosts/host.ts';
import { UsageError } from './usage.ts';

export interface RawHostOptions {
  host?: string[];
  root?: string;
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

export function addHostOptions(command: Command): Command {
  return command
    .option('--host <[user@]name[:port]>', 'a node to reach by your own ssh; repeatable', collect)
    .option('--root <dir>', "a node's file tree: a host mounted in a container, or a recorded node");
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
