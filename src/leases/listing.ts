import ipaddr from 'ipaddr.js';
import { ipv4Number } from '../trace/address.ts';
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

/** A lease while it is read. */
type Draft = { -readonly [Name in keyof Lease]: Lease[Name] };

/** Finds the range set that an address of a network lies in. */
type Finder = (ip: string) => string | undefined;

interface Drafts {
  readonly networks: Map<string, { unreadable?: NetworkListing['unreadable']; foreign: number }>;
  readonly leases: Lease[];
  /** Leases whose text comes in lines of its own, by their paths. */
  readonly texts: Map<string, { readonly lease: Draft; readonly lines: string[] }>;
  readonly dataDir: string;
  readonly finderOf: (network: string) => Finder;
  /** That of the lease before: tens of thousands of leases share one. */
  last: Home;
}

/** What leases of one network share. */
interface Home {
  readonly network: string;
  /** How a lease's name begins, and its path: with a slash at the end. */
  readonly start: string;
  readonly prefix: string;
  readonly find: Finder;
}

const LEASE = 'lease ';

const NOWHERE: Finder = () => undefined;

/**
 * Reads the lines that hosts/lease-files.ts and its form in shell print of a data directory: `network NAME`,
 * `unreadable REASON NAME`, `foreign COUNT NAME`, `lease SECONDS BYTES NAME/ADDRESS [ID IFNAME]`, and where it has neither
 * `held NAME/ADDRESS:LINE`. Lines of any other form are passed over; text that is no lease's leaves `containerId` empty.
 * `finderOf` gives each network's ranges. (`sets COUNT NAME` is for hosts/lease-holders.ts.)
 */
export function leaseListing(
  text: string,
  dataDir: string,
  finderOf: (network: string) => Finder = () => NOWHERE,
): LeaseListing {
  const last = { network: '', start: '\n', prefix: '', find: NOWHERE };
  const drafts: Drafts = { networks: new Map(), leases: [], texts: new Map(), dataDir, finderOf, last };
  for (let start = 0, end = 0; end !== -1; start = end + 1) {
    end = text.indexOf('\n', start);
    readLine(end === -1 ? text.slice(start) : text.slice(start, end), drafts);
  }
  for (const { lease, lines } of drafts.texts.values()) Object.assign(lease, holderIn(lines));
  const networks = [...drafts.networks].map(([name, { unreadable, foreign }]) => ({
    name,
    foreignFiles: foreign,
    ...(unreadable && { unreadable }),
  }));
  return { networks, leases: drafts.leases };
}

function readLine(line: string, drafts: Drafts): void {
  if (line.startsWith(LEASE)) readLease(line, drafts);
  else if (line.startsWith('held ')) {
    // Neither an id nor an interface's name holds a colon; an IPv6 address does.
    const cut = line.lastIndexOf(':');
    const path = `${drafts.dataDir}/${line.slice(5, cut)}`;
    drafts.texts.get(path)?.lines.push(line.slice(cut + 1).replace(/\r$/, ''));
  } else if (line.startsWith('network ')) drafts.networks.set(line.slice(8), { foreign: 0 });
  else remark(line, drafts.networks);
}

function readLease(line: string, drafts: Drafts): void {
  const seconds = wordAt(line, LEASE.length);
  const bytes = wordAt(line, LEASE.length + seconds.length + 1);
  const nameAt = LEASE.length + seconds.length + bytes.length + 2;
  const { network, start, prefix, find } = networkAt(line, nameAt, drafts);
  const file = wordAt(line, nameAt + start.length);
  const ip = canonical(file);
  if (ip === undefined) return;
  const idAt = nameAt + start.length + file.length + 1;
  const id = wordAt(line, idAt);
  const link = wordAt(line, idAt + id.length + 1);
  const whole = CONTAINER_ID.test(id) && IF_NAME.test(link);
  const lease: Draft = {
    network,
    dataDir: drafts.dataDir,
    rangeId: find(ip),
    ip,
    containerId: whole ? id : '',
    ifName: whole ? link : '',
    legacy: false,
    path: prefix + file,
    mtime: Math.round(Number(seconds) * 1000),
    size: Number(bytes),
  };
  drafts.leases.push(lease);
  if (!whole) drafts.texts.set(lease.path, { lease, lines: [] });
}

/** The network whose name begins there: most often that of the lease before. */
function networkAt(line: string, at: number, drafts: Drafts): Home {
  if (line.startsWith(drafts.last.start, at)) return drafts.last;
  const network = line.slice(at, Math.max(at, line.indexOf('/', at)));
  const start = `${network}/`;
  drafts.last = { network, start, prefix: `${drafts.dataDir}/${start}`, find: drafts.finderOf(network) };
  return drafts.last;
}

/** The word that begins there. For tens of thousands of lines this takes half as long as splitting each. */
function wordAt(line: string, at: number): string {
  const end = line.indexOf(' ', at);
  return end === -1 ? line.slice(at) : line.slice(at, end);
}

function remark(line: string, networks: Drafts['networks']): void {
  const [kind, word, name = ''] = line.split(' ');
  const network = networks.get(name);
  if (!network) return;
  if (kind === 'foreign') network.foreign += Number(word) || 0;
  else if (kind === 'unreadable') network.unreadable = word === 'link' || word === 'denied' ? word : 'failed';
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
  if (!address.includes(':')) return ipv4Number(address) === undefined ? undefined : address;
  return ipaddr.IPv6.isValid(address) ? ipaddr.IPv6.parse(address).toRFC5952String() : undefined;
}
