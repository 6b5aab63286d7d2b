/** A node as an inventory names it. Its passwords are not here: hayward never reads past their names. */
export interface InventoryNode {
  /** What the inventory calls it. */
  readonly name: string;
  /** Where ssh finds it: a host name, an alias of the user's ssh configuration, or an address. */
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
  /** A private key's file, for `ssh -i`. */
  readonly keyFile?: string;
  /** Reached without ssh: the machine that hayward runs on. */
  readonly local?: true;
}

export interface Inventory {
  readonly kind: 'kubekey' | 'ansible' | 'list';
  readonly nodes: readonly InventoryNode[];
  /** Names of nodes for which it holds what is not used: a password, a private key's text, arguments for ssh. */
  readonly unused: readonly string[];
}

/** What is wrong in an inventory, with the place. */
export class InventoryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InventoryError';
  }
}

export function portFrom(value: unknown, at: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InventoryError(`${at}: a port is a number from 1 to 65535`);
}

export function wordFrom(value: unknown, at: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new InventoryError(`${at}: expected a word`);
}
