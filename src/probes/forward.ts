import { readFileSync, writeFileSync } from 'node:fs';
import { known, type Reading } from '../hosts/reading.ts';
import type { Evidence } from '../judging/finding.ts';
import { type IpKind, ipFrame, type Journey } from './ip-frames.ts';
import { ipBatch, iproute, records, tryIproute } from './iproute.ts';
import { assertRawSockets } from './packet-socket.ts';
import { ProbeError, readingOf } from './probe-error.ts';
import { chooseAddresses, type TestAddresses } from './test-addresses.ts';
import { randomMac, type VethPair, withVeths } from './throwaway-veth.ts';
import { type Marker, marked, shoot, type Tallies, type Tally, tallyEvidence } from './volley.ts';

export interface ForwardProbeOptions {
  readonly family?: 'ipv4';
  /** Also send a packet whose way back lies through another interface than the one it comes in by. */
  readonly asymmetric?: boolean;
  /**
   * An interface whose own `forwarding` and `rp_filter` the incoming test interface is given, so that the answer holds for
   * it. Without it the test interfaces have what any new interface gets here: conf.default's.
   */
  readonly like?: string;
}

export interface ForwardProbe {
  /** `forwards`: every packet came out on the other side. `dropped`: none did. `partly`: some protocols only. */
  readonly verdict: 'forwards' | 'partly' | 'dropped';
  readonly protocols: Readonly<Record<IpKind, Tally>>;
  /**
   * With `asymmetric`: what became of the packet whose way back lies elsewhere. `drops` is reverse-path filtering, since
   * the same packet from a source on the right side passed; `unknown` when that one did not pass either.
   */
  readonly reversePath?: { readonly verdict: 'passes' | 'drops' | 'unknown'; readonly tally: Tally };
  readonly evidence: readonly Evidence[];
}

const CONF = '/proc/sys/net/ipv4/conf';
const COPIED = ['forwarding', 'rp_filter'] as const;

/** Neighbours are entered by hand: nobody is there to answer an ARP request. */
function configure(near: VethPair, far: VethPair, addresses: TestAddresses, farStation: string): void {
  ipBatch([
    `addr add ${addresses.near.own}/30 dev ${near.inner}`,
    `addr add ${addresses.far.own}/30 dev ${far.inner}`,
    ...[near, far].flatMap(({ inner, outer }) => [`link set dev ${outer} up`, `link set dev ${inner} up`]),
    `neigh replace ${addresses.far.station} lladdr ${farStation} nud permanent dev ${far.inner}`,
    `route add ${addresses.stranger}/32 dev ${far.inner}`,
  ]);
}

function setting(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch (error) {
    throw new ProbeError('failed', error instanceof Error ? error.message : path, { cause: error });
  }
}

function copySettings(like: string, link: string): void {
  for (const name of COPIED) {
    const value = setting(`${CONF}/${like}/${name}`);
    try {
      writeFileSync(`${CONF}/${link}/${name}`, `${value}\n`);
    } catch (error) {
      throw new ProbeError('denied', error instanceof Error ? error.message : name, { cause: error });
    }
  }
}

/** The kernel's own routing answer. Packets that policy routing would send elsewhere are not sent at all. */
function routeEvidence(near: VethPair, far: VethPair, from: string, to: string): Evidence {
  const args = ['-4', '-j', 'route', 'get', to, 'from', from, 'iif', near.inner];
  const source = `ip route get ${to} from ${from} iif ${near.inner}`;
  const answer = tryIproute('ip', args);
  if (!answer.ok) return { source, value: answer.complaint };
  const out = records(answer.stdout)[0]?.object['dev'];
  if (out !== far.inner)
    throw new ProbeError('failed', `policy routing takes the test addresses to ${String(out)}: nothing was sent`);
  return { source, value: `dev ${far.inner}` };
}

/** The values in force on the incoming test interface, read after the packets: udev may set some when a link appears. */
function settingsEvidence(link: string, like: string | undefined): readonly Evidence[] {
  const what = like === undefined ? 'the test interface (as any new one)' : `the test interface (as ${like})`;
  const paths = [
    '/proc/sys/net/ipv4/ip_forward',
    `${CONF}/all/rp_filter`,
    ...COPIED.map((name) => `${CONF}/default/${name}`),
  ];
  return [
    ...paths.map((path) => ({ source: path, value: setting(path) })),
    ...COPIED.map((name) => ({ source: `${name} of ${what}`, value: setting(`${CONF}/${link}/${name}`) })),
  ];
}

type IpFrames = Readonly<Record<IpKind, Uint8Array>>;
type ForwardFrames = IpFrames | (IpFrames & { readonly asymmetric: Uint8Array });

/** `asymmetric` only where a stranger is given. */
function framesFor(journey: Journey, stranger: string | undefined, marker: Marker): ForwardFrames {
  const frames = {
    icmp: ipFrame('icmp', journey, marked(marker, 0)),
    udp: ipFrame('udp', journey, marked(marker, 1)),
    tcp: ipFrame('tcp', journey, marked(marker, 2)),
  };
  if (stranger === undefined) return frames;
  return { ...frames, asymmetric: ipFrame('udp', { ...journey, source: stranger }, marked(marker, 3)) };
}

function verdictOf(tallies: readonly Tally[]): ForwardProbe['verdict'] {
  const arrived = tallies.filter((tally) => tally.arrived > 0).length;
  if (arrived === tallies.length) return 'forwards';
  return arrived === 0 ? 'dropped' : 'partly';
}

function reversePathOf(tally: Tally, control: Tally): NonNullable<ForwardProbe['reversePath']> {
  if (tally.arrived > 0) return { verdict: 'passes', tally };
  return { verdict: control.arrived > 0 ? 'drops' : 'unknown', tally };
}

function assertStillThere(pairs: readonly VethPair[]): void {
  for (const { inner } of pairs) iproute('ip', ['link', 'show', 'dev', inner]);
}

async function probe(source: string, options: ForwardProbeOptions): Promise<Reading<ForwardProbe>> {
  await assertRawSockets();
  const addresses = chooseAddresses();
  return await withVeths(2, {}, async (pairs) => {
    const [near, far] = pairs as [VethPair, VethPair];
    const farStation = randomMac();
    configure(near, far, addresses, farStation);
    if (options.like !== undefined) copySettings(options.like, near.inner);
    const routing = routeEvidence(near, far, addresses.near.station, addresses.far.station);
    const journey: Journey = {
      sourceMac: randomMac(),
      destinationMac: near.innerMac,
      source: addresses.near.station,
      destination: addresses.far.station,
    };
    const stranger = options.asymmetric ? addresses.stranger : undefined;
    const tallies: Tallies<ForwardFrames> = await shoot({ from: near.outer, to: far.outer }, (marker) =>
      framesFor(journey, stranger, marker),
    );
    // Packets are lost, too, when somebody removes an interface under them: that proves nothing.
    assertStillThere(pairs);
    const { icmp, udp, tcp } = tallies;
    const asymmetric = 'asymmetric' in tallies ? tallies.asymmetric : undefined;
    const way = `${journey.source} to ${journey.destination}`;
    const value: ForwardProbe = {
      verdict: verdictOf([icmp, udp, tcp]),
      protocols: { icmp, udp, tcp },
      ...(asymmetric ? { reversePath: reversePathOf(asymmetric, udp) } : {}),
      evidence: [
        tallyEvidence(`${way}, ICMP echo request`, icmp),
        tallyEvidence(`${way}, UDP to port 80`, udp),
        tallyEvidence(`${way}, TCP SYN to port 80`, tcp),
        ...(asymmetric
          ? [tallyEvidence(`UDP from ${addresses.stranger}, whose route lies elsewhere`, asymmetric)]
          : []),
        routing,
        ...settingsEvidence(near.inner, options.like),
      ],
    };
    return known(value, source);
  });
}

/**
 * Sends real IPv4 packets through this network namespace's own forwarding and says which come out: two throw-away
 * interfaces get addresses of the test range 198.19.0.0/16, a packet comes in by one and is watched for behind the other.
 *
 * What it tells: whether the kernel forwards now between two *new* interfaces: ip_forward, the FORWARD rules and policy,
 * reverse-path filtering. A new interface copies conf.default, so an older one may have a `forwarding` or `rp_filter` of
 * its own: pass it as `like`. Rules that name interfaces, addresses or ports may treat other traffic otherwise. Strict
 * reverse-path filtering (1 in force) does not show in `protocols`, whose way back is right; `asymmetric` shows it.
 *
 * While it runs (under a second) the host has two addresses and three routes more, taken from blocks no route names.
 * Afterwards nothing is left but entries without reply in the connection tracking table, which age out in at most
 * two minutes.
 *
 * `denied` without CAP_NET_ADMIN or CAP_NET_RAW; `failed` when policy routing takes test addresses elsewhere, or `like`
 * is no interface. Throws a `TypeError` for bad usage only.
 */
export async function probeForwarding(options: ForwardProbeOptions = {}): Promise<Reading<ForwardProbe>> {
  const { like, family = 'ipv4' } = options;
  if (family !== 'ipv4') throw new TypeError(`not a family this probe knows: ${JSON.stringify(family)}`);
  if (like !== undefined && !/^(?!\.\.?$)[^\s/]{1,15}$/.test(like))
    throw new TypeError(`not an interface name: ${JSON.stringify(like)}`);
  const source = 'probe of forwarding';
  return await readingOf(source, () => probe(source, options));
}
