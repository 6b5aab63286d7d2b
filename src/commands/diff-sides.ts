import { existsSync } from 'node:fs';
import { parseDestination } from '../hosts/destination.ts';
import type { Host } from '../hosts/host.ts';
import { UsageError } from './usage.ts';

/** The nodes one side of a comparison names: a bundle's (`FILE`, or one of them: `FILE#NODE`), a node over ssh, or `local`. */
export async function sideFrom(word: string): Promise<readonly Host[]> {
  if (word === 'local') return [(await import('../hosts/local.ts')).localHost()];
  const cut = existsSync(word) ? -1 : word.lastIndexOf('#');
  const path = cut === -1 ? word : word.slice(0, cut);
  if (existsSync(path)) {
    const hosts = await (await import('../bundle/read-bundle.ts')).bundleHosts(path);
    if (cut === -1) return hosts;
    const wanted = word.slice(cut + 1);
    const chosen = hosts.filter(({ name }) => name === wanted);
    if (chosen.length > 0) return chosen;
    throw new UsageError(`${word}: no such node in it, but ${hosts.map(({ name }) => name).join(', ')}`);
  }
  if (/[/#]|\.(tar|tgz|gz|zip|xz)$/.test(word)) throw new UsageError(`${word}: No such file or directory`);
  parseDestination(word);
  const { sshHost } = await import('../hosts/ssh.ts');
  return [sshHost(word)];
}

export interface Pairs {
  readonly pairs: readonly (readonly [Host, Host])[];
  /** Names that only one side has. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

/** One node with one node; of several, those of the same name. */
export function pairsOf(a: readonly Host[], b: readonly Host[]): Pairs {
  const [oneA, oneB] = [a[0], b[0]];
  if (a.length === 1 && b.length === 1 && oneA && oneB) return { pairs: [[oneA, oneB]], onlyA: [], onlyB: [] };
  const named = (hosts: readonly Host[], name: string) => hosts.find((host) => host.name === name);
  const pairs = a.flatMap((host) => {
    const other = named(b, host.name);
    return other ? [[host, other] as const] : [];
  });
  if (pairs.length === 0) {
    const names = [...a, ...b].map(({ name }) => name).join(', ');
    throw new UsageError(`no node is on both sides: name one of each as FILE#NODE (${names})`);
  }
  const missing = (from: readonly Host[], other: readonly Host[]) =>
    from.filter(({ name }) => !named(other, name)).map(({ name }) => name);
  return { pairs, onlyA: missing(a, b), onlyB: missing(b, a) };
}
