import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { ActingHost } from '../hosts/host.ts';
import { journalDirectory, stateDirectory } from '../remedies/state-directory.ts';
import type { Say } from './help-language.ts';
import { UsageError } from './usage.ts';

export interface RawActingOptions {
  host?: string;
}

/** The option that names the one node a command acts on. */
export function addActingHostOption(command: Command, say: Say): Command {
  const what = say({
    en: 'a node to reach by your own ssh (default: this machine)',
    'zh-CN': '通过你自己的 ssh 连接的节点（默认：本机）',
  });
  const option = new Option('--host <[user@]name[:port]>', what);
  return command.addOption(
    option.argParser((value: string, previous: string | undefined) => {
      if (previous !== undefined && previous !== value) {
        throw new UsageError(`--host ${value}: one node is changed at a time, and --host ${previous} was given`);
      }
      return value;
    }),
  );
}

/** The node to act on, and the directory of its journals: on this machine, also for a node reached over ssh. */
export async function actingHost({ host }: RawActingOptions): Promise<{ host: ActingHost; directory: string }> {
  const chosen = host === undefined ? await local() : await ssh(host);
  const state = stateDirectory({
    environment: process.env,
    root: process.geteuid?.() === 0,
    harvester: existsSync('/etc/harvester-release.yaml'),
  });
  return { host: chosen, directory: journalDirectory(state, chosen) };
}

/** Only a warning: who has the capabilities may do without root. A node behind ssh speaks for itself. */
export function warnWithoutRoot(host: ActingHost, warning: string): void {
  if (host.via === 'local' && process.geteuid?.() !== 0) process.stderr.write(`hayward: ${warning}\n`);
}

async function local(): Promise<ActingHost> {
  const { localHost } = await import('../hosts/local.ts');
  return localHost();
}

async function ssh(destination: string): Promise<ActingHost> {
  const { sshHost } = await import('../hosts/ssh.ts');
  return sshHost(destination);
}
