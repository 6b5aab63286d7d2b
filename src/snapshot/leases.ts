import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { CLOCK_SOURCE } from '../hosts/draft.ts';
import { FIRST_INTERFACE } from '../hosts/lease-holders.ts';
import { known, mapReading, type Reading, type Unknown } from '../hosts/reading.ts';
import { canonical } from '../leases/listing.ts';
import type { JudgeLeasesOptions, Lease, LeaseLook, RuntimeView, Sandbox } from '../leases/model.ts';
import { addresses } from './addresses.ts';
import { bootSecondsOf, uptimeSecondsOf } from './boot-time.ts';
import { hostLocalAsks, hostLocalOf } from './host-local.ts';
import { namespaces, namespacesOf } from './namespaces.ts';
import { routes } from './routes.ts';
import { sandboxAsk, sandboxesOf, socketOf } from './sandboxes.ts';
import { subject } from './subject.ts';

/** What to look at, where it is not the usual. */
export interface LeaseScope {
  readonly dataDirs?: readonly string[];
  /** Only these networks. */
  readonly networks?: readonly string[];
  readonly criSocket?: string;
}

/** Everything the judgement of leases rests on, at one moment. */
export interface Leases {
  readonly look: LeaseLook;
  /** The node's own clock: for `judgeLeases`. */
  readonly times: Omit<JudgeLeasesOptions, 'graceMs'>;
  /** Container ids of libcni's kept results. */
  readonly results: Reading<readonly string[]>;
  /** Data directories that could not be read. */
  readonly unread: readonly Unknown[];
  /** The kernel's own word for this boot. */
  readonly bootId: Reading<string>;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

export function leaseAsks(scope: LeaseScope = {}): readonly Ask[] {
  return [
    ...hostLocalAsks(scope.dataDirs),
    sandboxAsk(scope.criSocket),
    ...namespaces.asks,
    ...addresses.asks,
    ...routes.asks,
    { kind: 'file', path: '/proc/stat', keep: '^btime ' },
    { kind: 'file', path: '/proc/uptime' },
    { kind: 'file', path: BOOT_ID },
  ];
}

/** One look from the answers to `leaseAsks` of the same scope. */
export function leasesOf(view: CaptureView, scope: LeaseScope = {}): Leases {
  const { networks, leases, results, unread } = hostLocalOf(view, scope.dataDirs);
  const wanted = (name: string) => scope.networks === undefined || scope.networks.includes(name);
  const { foreign, shims, startMarks } = namespacesOf(view);
  const runtime: RuntimeView = {
    socket: socketOf(view, scope.criSocket),
    sandboxes: mapReading(sandboxesOf(view, scope.criSocket), (listed) => addressed(listed, leases)),
    shims,
    foreignNamespaces: foreign,
    hostAddresses: hostAddressesOf(view),
  };
  const times = timesOf(view, startMarks);
  const uptime = uptimeSecondsOf(view);
  const look: LeaseLook = {
    takenAtMs: times.nowMs,
    ...(uptime.known && { uptimeMs: uptime.value * 1000 }),
    networks: networks.filter(({ name }) => wanted(name)),
    leases: leases.filter(({ network }) => wanted(network)),
    runtime,
  };
  const bootId = mapReading(view.text(BOOT_ID), (text) => text.trim());
  return { look, times, results, unread, bootId };
}

/** A running sandbox of whose network nothing was told, or asked, has the addresses its leases say. */
function addressed(sandboxes: readonly Sandbox[], leases: readonly Lease[]): readonly Sandbox[] {
  const untold = sandboxes.filter(({ state, hostNetwork }) => state === 'ready' && hostNetwork === undefined);
  const held = new Map(untold.map(({ id }) => [id, [] as string[]]));
  for (const { containerId, ifName, legacy, ip } of leases) {
    if (ifName === FIRST_INTERFACE || legacy) held.get(containerId)?.push(ip);
  }
  return sandboxes.map((sandbox) => {
    const ips = held.get(sandbox.id) ?? [];
    return ips.length > 0 ? { ...sandbox, ips } : sandbox;
  });
}

/** Addresses on the host's interfaces, and single addresses it routes to a Pod's interface (calico's way). */
function hostAddressesOf(view: CaptureView): Reading<ReadonlyMap<string, string>> {
  const own = addresses.parse(view);
  const ways = routes.parse(view);
  if (!own.known) return own;
  if (!ways.known) return ways;
  const found = new Map<string, string>();
  for (const { destination, type, nextHops } of ways.value) {
    const [address = '', length] = destination.split('/');
    const single = type === 'unicast' && length === (address.includes(':') ? '128' : '32');
    const link = nextHops.find((hop) => hop.link !== undefined && hop.via === undefined)?.link;
    if (single && link !== undefined) found.set(canonical(address) ?? address, `route dev ${link}`);
  }
  for (const { address, link } of own.value) found.set(canonical(address) ?? address, link);
  return known(found, own.source);
}

/** Two minutes: what lies between the kernel's start and systemd's, with room for a slow initramfs. */
const START_MS = 120_000;

function timesOf(view: CaptureView, marks: Reading<readonly number[]>): Leases['times'] {
  const clock = mapReading(view.text(CLOCK_SOURCE), Number.parseFloat);
  const nowMs = clock.known && Number.isFinite(clock.value) ? clock.value * 1000 : Date.parse(view.capture.takenAt);
  const boot = bootSecondsOf(view);
  if (!boot.known) return { nowMs };
  const bootTimeMs = boot.value * 1000;
  const clockStepped = marks.known ? steppedBy(marks.value, bootTimeMs, nowMs) : undefined;
  return { nowMs, bootTimeMs, ...(clockStepped !== undefined && { clockStepped }) };
}

/**
 * The kernel counts boot time back from the clock of now. What systemd made at its start bears the clock of then: a
 * mark from before the boot or from the future means that the clock was set since. A mark long after it (systemd was
 * told to start over) proves nothing.
 */
function steppedBy(marks: readonly number[], bootMs: number, nowMs: number): boolean | undefined {
  const at = marks.map((seconds) => seconds * 1000);
  if (at.some((mark) => mark < bootMs - START_MS || mark > nowMs + START_MS)) return true;
  return at.some((mark) => mark <= bootMs + START_MS) ? false : undefined;
}

export const leases = subject<Leases>({ asks: leaseAsks(), parse: (view) => leasesOf(view) });
