/** What runtimes call the interface that CNI's first network makes (containerd's and CRI-O's default). */
export const FIRST_INTERFACE = 'eth0';

/**
 * Which of these sandboxes hold an address of every range set of a network for their first interface, by the lines that
 * lease-files.ts read. host-local gives an attachment one address of each set or none at all (plugins/ipam/host-local,
 * cmdAdd), so that the leases of such a sandbox tell all its addresses.
 */
export function wholeHolders(texts: readonly string[], ids: ReadonlySet<string>): ReadonlySet<string> {
  const beginnings = new Set([...ids].map((id) => id.slice(0, BEGINNING)));
  const count: Count = { ids, beginnings, whole: new Set(), held: new Map() };
  for (const text of texts) {
    for (let start = 0, end = 0; end !== -1; start = end + 1) {
      end = text.indexOf('\n', start);
      countLine(end === -1 ? text.slice(start) : text.slice(start, end), count);
    }
  }
  return count.whole;
}

/** Characters by which almost every other sandbox's lease is told apart, for a tenth of what looking up a whole id takes. */
const BEGINNING = 8;

interface Count {
  readonly ids: ReadonlySet<string>;
  readonly beginnings: ReadonlySet<string>;
  readonly whole: Set<string>;
  /** How many addresses of the network in hand each sandbox holds. */
  held: Map<string, number>;
}

const ENDING = ` ${FIRST_INTERFACE}`;

function countLine(line: string, count: Count): void {
  if (line.startsWith('network ')) count.held = new Map();
  else if (line.startsWith('sets ')) {
    // Behind the leases of its network.
    const sets = Number.parseInt(line.slice('sets '.length), 10);
    for (const [id, leases] of count.held) if (leases === sets) count.whole.add(id);
  } else if (line.startsWith('lease ') && line.endsWith(ENDING)) {
    const end = line.length - ENDING.length;
    const start = line.lastIndexOf(' ', end - 1) + 1;
    if (count.beginnings.has(line.slice(start, start + BEGINNING))) countHolder(line.slice(start, end), count);
  }
}

function countHolder(id: string, { ids, held }: Count): void {
  if (ids.has(id)) held.set(id, (held.get(id) ?? 0) + 1);
}
