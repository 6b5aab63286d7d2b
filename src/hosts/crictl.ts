import type { Entry } from './capture.ts';
import type { ListedSandbox } from './cri/listing.ts';

/**
 * What a shell printed of a node's crictl (SANDBOXES in shell-asks.ts) as the answer our own client gives: `socket PATH`, the
 * JSON of `crictl pods`, a line `inspected`, and what `crictl inspectp` says of those that are ready. Anything else is
 * handed on as it is, for whoever reads it to refuse.
 */
export function crictlAnswer(entry: Entry): Entry {
  if (entry.state !== 'ok') return entry;
  const [, socket, listing = '', inspected = ''] =
    /^socket (.*)\n([\s\S]*?)\ninspected\n([\s\S]*)$/.exec(entry.text) ?? [];
  const items = itemsIn(listing);
  if (socket === undefined || !items) return entry;
  const networks = new Map(documentsIn(inspected).flatMap(networkIn));
  const known = items.map((item) => {
    const network = networks.get(String(field(item, 'id')));
    return network ? Object.assign({}, item, { network }) : item;
  });
  return { state: 'ok', text: JSON.stringify({ socket, items: known }) };
}

function itemsIn(listing: string): readonly unknown[] | undefined {
  const items = field(parsed(listing), 'items');
  return Array.isArray(items) ? items : undefined;
}

/** crictl prints one object after the other; a single list would do as well. */
function documentsIn(text: string): readonly unknown[] {
  const documents = parsed(text) ?? parsed(`[${text.replaceAll(/^\}\n(?=\{$)/gm, '},\n')}]`);
  if (Array.isArray(documents)) return documents;
  return documents === undefined ? [] : [documents];
}

function networkIn(document: unknown): readonly (readonly [string, NonNullable<ListedSandbox['network']>])[] {
  const status = field(document, 'status');
  const id = field(status, 'id');
  if (typeof id !== 'string') return [];
  const network = field(status, 'network');
  const more = field(network, 'additionalIps');
  const addresses = [field(network, 'ip'), ...(Array.isArray(more) ? more.map((one) => field(one, 'ip')) : [])];
  const ips = addresses.filter((ip): ip is string => typeof ip === 'string' && ip !== '');
  const options = field(field(field(status, 'linux'), 'namespaces'), 'options');
  return [[id, { ips, hostNetwork: field(options, 'network') === 'NODE' }]];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
