import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, orWhenAbsent, type Reading, type Unknown, unknown } from '../hosts/reading.ts';
import { type LeaseListing, leaseListing, type NetworkListing } from '../leases/listing.ts';
import type { Lease, LeaseNetwork, RangeSet } from '../leases/model.ts';
import { DEFAULT_DATA_DIR, type IpamConfig, ipamConfigsFrom, podCidrsFrom, rangeSetsOf } from '../leases/networks.ts';
import { rangeFinder } from '../leases/usage.ts';
import { cni, cniFilesOf } from './cni.ts';
import { subject } from './subject.ts';

/** What host-local holds on a node. */
export interface HostLocal {
  readonly networks: readonly LeaseNetwork[];
  readonly leases: readonly Lease[];
  /**
   * Container ids of libcni's kept results: what attachments were made and never taken back. By name alone, for their
   * contents are kilobytes each.
   */
  readonly results: Reading<readonly string[]>;
  /** Data directories that could not be read: whether they hold leases is not known. */
  readonly unread: readonly Unknown[];
}

const SUBNET_ENV = '/run/flannel/subnet.env';
const RESULTS = '/var/lib/cni/results';

/** Asks for these data directories, or the one host-local uses where none is configured. */
export function hostLocalAsks(dataDirs: readonly string[] = [DEFAULT_DATA_DIR]): readonly Ask[] {
  return [
    ...cni.asks,
    ...dataDirs.map((directory): Ask => ({ kind: 'leases', directory })),
    { kind: 'file', path: SUBNET_ENV },
    { kind: 'list', path: RESULTS },
  ];
}

/** host-local's uses in the node's CNI configuration; a file that cannot be read stands for itself. */
export function ipamConfigsOf(view: CaptureView): Reading<readonly Reading<readonly IpamConfig[]>[]> {
  const files = cniFilesOf(view);
  if (!files.known) return files;
  return known(
    files.value.map(([path, text]) => mapReading(text, (json) => ipamConfigsFrom(path, json))),
    files.source,
  );
}

/** The networks of these data directories: those configured, and those whose directories are there. */
export function hostLocalOf(view: CaptureView, dataDirs: readonly string[] = [DEFAULT_DATA_DIR]): HostLocal {
  const configs = ipamConfigsOf(view);
  const uses = configs.known ? configs.value.flatMap((one) => (one.known ? one.value : [])) : [];
  const directories = new Set([...dataDirs, ...uses.map(({ dataDir }) => dataDir)]);
  const found = [...directories].map((directory) => directoryOf(view, directory, uses, unreadOf(configs)));
  return {
    networks: found.flatMap(({ networks }) => networks),
    leases: found.flatMap(({ leases }) => leases),
    results: resultsOf(view),
    unread: [...directories].flatMap((directory) => {
      const reading = view.text(directory);
      return reading.known || reading.reason === 'absent' ? [] : [reading];
    }),
  };
}

/** Why the configuration could not be read, where some of it could not. */
function unreadOf(configs: ReturnType<typeof ipamConfigsOf>): Reading<never> | undefined {
  if (!configs.known) return configs;
  const broken = configs.value.find((one) => !one.known);
  return broken && !broken.known ? broken : undefined;
}

function directoryOf(
  view: CaptureView,
  directory: string,
  uses: readonly IpamConfig[],
  unread: Reading<never> | undefined,
): Pick<HostLocal, 'networks' | 'leases'> {
  const own = uses.filter(({ dataDir }) => dataDir === directory);
  const rangesFor = (name: string) =>
    rangesOf(
      view,
      own.filter(({ network }) => network === name),
      unread,
    );
  const listing = mapReading(view.text(directory), (text) =>
    leaseListing(text, directory, (name) => {
      const ranges = rangesFor(name);
      return rangeFinder(ranges.known ? ranges.value : []);
    }),
  );
  const listed = listing.known ? listing.value.networks : [];
  const names = new Set([...own.map(({ network }) => network), ...listed.map(({ name }) => name)]);
  const networks = [...names].map((name): LeaseNetwork => {
    const found = listed.find((one) => one.name === name);
    return {
      name,
      dataDir: directory,
      ranges: rangesFor(name),
      readable: readableOf(listing, found, `${directory}/${name}`),
      foreignFiles: found?.foreignFiles ?? 0,
    };
  });
  return { networks, leases: listing.known ? listing.value.leases : [] };
}

/** A network configured twice (multus and the list it delegates to) counts by the first. */
function rangesOf(
  view: CaptureView,
  [use]: readonly IpamConfig[],
  unread: Reading<never> | undefined,
): Reading<readonly RangeSet[]> {
  if (use) return rangeSetsOf(use, mapReading(view.text(SUBNET_ENV), podCidrsFrom));
  return unread ?? unknown('absent', '/etc/cni/net.d', 'no CNI configuration on this node names this network');
}

function readableOf(
  listing: Reading<LeaseListing>,
  own: NetworkListing | undefined,
  path: string,
): LeaseNetwork['readable'] {
  if (!listing.known) return listing;
  if (!own) return unknown('absent', path, `${path}: nothing was handed out`);
  if (own.unreadable === undefined) return known(true, path);
  const detail = own.unreadable === 'link' ? 'a symbolic link, which is not followed' : 'not all of it could be read';
  return unknown(own.unreadable === 'denied' ? 'denied' : 'failed', path, `${path}: ${detail}`);
}

/** libcni names them NETWORK-CONTAINERID-IFNAME (pkg/cni api.go, getCacheFilePath). */
function resultsOf(view: CaptureView): HostLocal['results'] {
  return mapReading(orWhenAbsent(view.list(RESULTS), []), (files) =>
    files.flatMap(({ name }) => /-([0-9a-f]{64})-[^-]+$/.exec(name)?.[1] ?? []),
  );
}

export const hostLocal = subject<HostLocal>({
  asks: hostLocalAsks(),
  parse: (view) => hostLocalOf(view),
});
