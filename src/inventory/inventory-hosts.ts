import { readFileSync, statSync } from 'node:fs';
import { type Host, HostError } from '../hosts/host.ts';
import { harmless } from '../hosts/sanitise.ts';
import { sshHost } from '../hosts/ssh.ts';
import { codeOf, wordsFor } from '../hosts/system-errors.ts';
import { inventoryOf } from './inventory.ts';
import { type Inventory, InventoryError, type InventoryNode } from './model.ts';

const MAX_BYTES = 16 * 1024 * 1024;

export interface InventoryHosts {
  readonly hosts: readonly Host[];
  /** Names of nodes for which the file holds a password, a key's text or arguments for ssh: nothing of these is used. */
  readonly unused: readonly string[];
}

/**
 * The nodes of an inventory's file, each reached by the user's own ssh: with the user, port and key file the inventory names,
 * and never with a password, which ssh would have to be given. A HostError of code `usage` says what is wrong in it.
 */
export async function inventoryHosts(path: string): Promise<InventoryHosts> {
  const { nodes, unused, kind } = read(path);
  const hosts = await Promise.all(nodes.map((node) => hostOf(node, kind, path)));
  return { hosts, unused };
}

function read(path: string): Inventory {
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw new InventoryError('a directory, where a file is expected');
    if (found.size > MAX_BYTES) throw new InventoryError(`larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    return inventoryOf(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof InventoryError ? error.message : wordsFor(codeOf(error));
    if (!(error instanceof InventoryError) && !(error instanceof Error && 'syscall' in error)) throw error;
    throw new HostError(`--inventory ${harmless(path)}: ${harmless(why)}`, 'usage', { cause: error });
  }
}

async function hostOf(node: InventoryNode, kind: Inventory['kind'], path: string): Promise<Host> {
  if (node.local) return (await import('../hosts/local.ts')).localHost();
  try {
    if (kind === 'list') return sshHost(node.address);
    const name = harmless(node.name);
    return sshHost(destinationOf(node), { name, ...(node.keyFile !== undefined && { keyFile: node.keyFile }) });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new HostError(`--inventory ${harmless(path)}: ${error.message.replace(/^--host /, '')}`, 'usage', {
      cause: error,
    });
  }
}

function destinationOf({ address, user, port }: InventoryNode): string {
  const place = address.includes(':') && port !== undefined ? `[${address}]` : address;
  return `${user === undefined ? '' : `${user}@`}${place}${port === undefined ? '' : `:${port}`}`;
}
