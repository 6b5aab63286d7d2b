import ipaddr from 'ipaddr.js';
import type { Lease } from './model.ts';

/** One network's directory as listed. */
export interface NetworkListing {
  readonly name: string;
  /** Why not all of it could be read, where that is so: the directory is a link, or files may not be read. */
  readonly unreadable?: 'link' | 'denied' | 'failed';
  readonly foreignFiles: number;
}

/** A host-local data directory as read. */
export interface LeaseListing {
  readonly networks: readonly NetworkListing[];
  readonly leases: readonly Lease[];
}

/** CNI's rule for container ids (SPEC.md, CNI_CONTAINERID). */
const CONTAINER_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;
/** The kernel's rule for interface names (net/core/dev.c, dev_valid_name), of printable characters. */
const IF_NAME = /^[!-.0-9;-~]{1,15}$/;
/**
 * The old form is an id alone, and any word in a file looks like it: an operator's "reserved" is none. Runtimes' ids are
 * hexadecimal.
 */
const LEGACY_ID = /^[0-9a-f]{12,64}$/;

interface Drafts {
  readonly networks: Map<string, { unreadable?: NetworkListing['unreadable']; foreign: number }>;
  readonly files: Map<string, { readonly mtime: number; readonly size: number; readonly held: string[] }>;
}

/**
 * Reads the lines that hosts/lease-files.ts and its form in shell print of a data directory: `network NAME`,
 * `unreadable REASON NAME`, `foreign COUNT NAME`, `lease SECONDS BYTES NAME/ADDRESS`, `held NAME/ADDRESS:LINE`.
 * Lines of any other form are passed over; text that is no lease's leaves `containerId` empty.
 */
export function leaseListing(text: string, dataDir: string): LeaseListing {
  const drafts: Drafts = { networks: new Map(), files: new Map() };
  for (const line of text.split('\n')) readLine(line, drafts);
  const networks = [...drafts.networks].map(([name, { unreadable, foreign }]) => ({
    name,
    foreignFiles: foreign,
    ...(unreadable && { unreadable }),
  }));
  const leases = [...drafts.files].flatMap(([path, file]) => {
    const cut = path.indexOf('/');
    const ip = canonical(path.slice(cut + 1));
    if (ip === undefined) return [];
    const base = { network: path.slice(0, cut), dataDir, ip, path: `${dataDir}/${path}` };
    return [{ ...base, ...holderIn(file.held), mtime: file.mtime, size: file.size }];
  });
  return { networks, leases };
}

function readLine(line: string, { networks, files }: Drafts): void {
  const space = line.indexOf(' ');
  const rest = line.slice(space + 1);
  switch (line.slice(0, space)) {
    case 'held': {
      // Neither an id nor an interface's name holds a colon; an IPv6 address does.
      const cut = rest.lastIndexOf(':');
      files.get(rest.slice(0, cut))?.held.push(rest.slice(cut + 1).replace(/\r$/, ''));
      return;
    }
    case 'lease': {
      const [seconds, bytes, path = ''] = rest.split(' ');
      files.set(path, { mtime: Math.round(Number(seconds) * 1000), size: Number(bytes), held: [] });
      return;
    }
    case 'network':
      networks.set(rest, { foreign: 0 });
      return;
    case 'foreign':
    case 'unreadable':
      remark(line, networks);
  }
}

function remark(line: string, networks: Drafts['networks']): void {
  const [kind, word, name = ''] = line.split(' ');
  const network = networks.get(name);
  if (!network) return;
  if (kind === 'foreign') network.foreign += Number(word) || 0;
  else network.unreadable = word === 'link' || word === 'denied' ? word : 'failed';
}

/** The id and the interface, CR LF between; without an interface the legacy form. Empty where it is neither. */
function holderIn(held: readonly string[]): Pick<Lease, 'containerId' | 'ifName' | 'legacy'> {
  const [id = '', ifName = '', more] = held.map((line) => line.trim());
  if (ifName !== '' && (more ?? '') === '' && CONTAINER_ID.test(id) && IF_NAME.test(ifName)) {
    return { containerId: id, ifName, legacy: false };
  }
  if (ifName === '' && LEGACY_ID.test(id)) return { containerId: id, ifName: '', legacy: true };
  return { containerId: '', ifName: '', legacy: false };
}

/** An address in its one form, so that names from different places can be compared; undefined where it is none. */
export function canonical(address: string): string | undefined {
  if (!address.includes(':')) return ipaddr.IPv4.isValidFourPartDecimal(address) ? address : undefined;
  return ipaddr.IPv6.isValid(address) ? ipaddr.IPv6.parse(address).toRFC5952String() : undefined;
}
