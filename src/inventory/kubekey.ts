import { type Fields, fieldsOf } from '../snapshot/fields.ts';
import { type Inventory, InventoryError, type InventoryNode, portFrom, wordFrom } from './model.ts';

/** Who KubeKey logs in as where nothing is said (3.x `default.go`, DefaultSSHUser; 4.x the same). */
const DEFAULT_USER = 'root';

interface Read {
  readonly node: InventoryNode;
  readonly unused: boolean;
}

/**
 * KubeKey's own files: `kind: Cluster` of 2.x and 3.x (spec.hosts, a list) and `kind: Inventory` of 4.x (spec.hosts, a map with
 * `connector`). Undefined for any other document.
 */
export function kubekeyInventory(document: unknown): Inventory | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined;
  const top = fieldsOf(document, 'top level');
  const version = top.object['apiVersion'];
  if (typeof version !== 'string' || !version.includes('kubekey')) return undefined;
  if (top.object['kind'] === 'Cluster') return inventoryOf(clusterHosts(specOf(top)));
  return top.object['kind'] === 'Inventory' ? inventoryOf(inventoryHosts(specOf(top))) : undefined;
}

function inventoryOf(read: readonly Read[]): Inventory {
  return {
    kind: 'kubekey',
    nodes: read.map(({ node }) => node),
    unused: read.filter(({ unused }) => unused).map(({ node }) => node.name),
  };
}

function specOf({ object }: Fields): Fields {
  return placed(object['spec'], 'spec');
}

function placed(value: unknown, at: string): Fields {
  try {
    return fieldsOf(value, at);
  } catch (error) {
    throw new InventoryError(error instanceof Error ? error.message : String(error));
  }
}

function clusterHosts(spec: Fields): Read[] {
  const hosts = spec.object['hosts'];
  if (!Array.isArray(hosts)) throw new InventoryError('spec.hosts: expected a list');
  return hosts.map((value: unknown, index) => {
    const at = `spec.hosts ${index + 1}`;
    const { object } = placed(value, at);
    const name = wordFrom(object['name'], at);
    const address = wordFrom(object['address'] ?? object['internalAddress'], at);
    if (name === undefined || address === undefined)
      throw new InventoryError(`${at}: a name and an address are needed`);
    return {
      node: nodeOf({ name, address }, { ...object, keyFile: object['privateKeyPath'] }, at),
      unused: Boolean(object['password'] || object['privateKey']),
    };
  });
}

function inventoryHosts(spec: Fields): Read[] {
  const hosts = placed(spec.object['hosts'], 'spec.hosts').object;
  return Object.entries(hosts).map(([name, value]) => {
    const at = `spec.hosts ${name}`;
    const { object } = placed(value ?? {}, at);
    const connector = placed(object['connector'] ?? {}, `${at}, connector`).object;
    // An address may be written for both families, separated by a comma.
    const internal = wordFrom(object['internal_ipv4'], at)?.split(',')[0];
    const address = wordFrom(connector['host'], at) ?? internal ?? name;
    const local = connector['type'] === 'local' || (name === 'localhost' && connector['host'] === undefined);
    const node = nodeOf({ name, address }, { ...connector, keyFile: connector['private_key'] }, at);
    const unused = Boolean(connector['password'] || connector['private_key_content']);
    return { node: local ? { name, address, local: true } : node, unused };
  });
}

function nodeOf(
  which: Pick<InventoryNode, 'name' | 'address'>,
  said: Readonly<Record<string, unknown>>,
  at: string,
): InventoryNode {
  const port = portFrom(said['port'], at);
  const keyFile = wordFrom(said['keyFile'], at);
  return {
    ...which,
    user: wordFrom(said['user'], at) ?? DEFAULT_USER,
    ...(port !== undefined && { port }),
    ...(keyFile !== undefined && { keyFile }),
  };
}
