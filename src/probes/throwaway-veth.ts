import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { gathered, togetherOrEach } from './gather.ts';
import { ipBatch } from './iproute.ts';
import { macText } from './octets.ts';
import { ProbeError } from './probe-error.ts';
import { rawSockets } from './raw-sockets.ts';
import {
  aliasOfThisProcess,
  GROUP,
  holdNames,
  letGo,
  removeLinks,
  removeLinksAside,
  sweep,
  throwaways,
} from './throwaway-links.ts';

/** A veth pair that exists for one probe, in this network namespace: what goes in at one end comes out at the other. */
export interface VethPair {
  /** The end that is given to what is probed: a bridge's port, or a routed interface. */
  readonly inner: string;
  readonly innerMac: string;
  /** The end frames are sent into and watched at. */
  readonly outer: string;
}

export interface VethOptions {
  /** Bytes; 1500 when left out. */
  readonly mtu?: number;
}

/** Pairs that are made or removed in one run of `ip`, some 40 ms of this process's time. */
const LOT = 64;
/** Each lot costs a grace period of the kernel's and three programs: for those who end a little later to come along. */
const REMOVAL_PATIENCE_MS = 25;

/** Unicast, locally administered and high: a bridge takes over the lowest address of its ports, which ours must not be. */
export function randomMac(): string {
  return macText(Uint8Array.from([0xfe, 0xff, 0xff, ...randomBytes(3)]));
}

/** Before the interface is up, so that no neighbour discovery and no multicast report ever leaves it. */
function disableIpv6(link: string): void {
  const path = `/proc/sys/net/ipv6/conf/${link}/disable_ipv6`;
  if (!existsSync('/proc/sys/net/ipv6/conf')) return;
  try {
    writeFileSync(path, '1\n');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    throw new ProbeError(['EACCES', 'EPERM', 'EROFS'].includes(code) ? 'denied' : 'failed', `${path}: ${code}`);
  }
}

function namePairs(count: number): readonly VethPair[] {
  const token = Array.from(randomBytes(8), (byte) => (byte % 36).toString(36)).join('');
  return Array.from({ length: count }, (_, n) => ({
    inner: `hwp${token}${n}0`,
    innerMac: randomMac(),
    outer: `hwp${token}${n}1`,
  }));
}

interface Wanted {
  readonly pair: VethPair;
  readonly options: VethOptions;
}

function make(wanted: readonly Wanted[]): void {
  const alias = aliasOfThisProcess();
  ipBatch(
    wanted.flatMap(({ pair: { inner, innerMac, outer }, options }) => {
      const common = `group ${GROUP} mtu ${options.mtu ?? 1500}`;
      return [
        `link add name ${inner} ${common} address ${innerMac} type veth peer name ${outer} ${common} address ${randomMac()}`,
        `link set dev ${inner} alias "${alias}"`,
        `link set dev ${outer} alias "${alias}"`,
      ];
    }),
  );
  for (const name of namesOf(wanted.map(({ pair }) => pair))) disableIpv6(name);
}

function remove(pairs: readonly VethPair[]): void {
  const names = namesOf(pairs);
  removeLinks(names);
  letGo(names);
  const left = throwaways().filter(({ name }) => names.includes(name));
  if (left.length > 0) throw notRemoved(left.map(({ name }) => name));
}

function notRemoved(names: readonly string[]): ProbeError {
  return new ProbeError('failed', `could not remove ${names.join(', ')}`);
}

function namesOf(pairs: readonly VethPair[]): readonly string[] {
  return pairs.flatMap(({ inner, outer }) => [inner, outer]);
}

/**
 * Makes veth pairs, down and without IPv6, lends them to `use`, and removes them however that ends: by returning,
 * by throwing, by SIGINT, SIGTERM or SIGHUP, by `process.exit`. After a SIGKILL the next call, or `sweep`, does it.
 *
 * @throws ProbeError `denied` without CAP_NET_ADMIN, else `failed`; and whatever `use` throws.
 */
export async function withVeths<T>(
  count: number,
  options: VethOptions,
  use: (pairs: readonly VethPair[]) => Promise<T>,
): Promise<T> {
  sweep();
  const pairs = namePairs(count);
  holdNames(namesOf(pairs));
  try {
    make(pairs.map((pair) => ({ pair, options })));
    return await use(pairs);
  } finally {
    remove(pairs);
  }
}

/** As `withVeths` with one pair; many that are wanted at the same time are made, and removed, together. */
export async function withVeth<T>(options: VethOptions, use: (pair: VethPair) => Promise<T>): Promise<T> {
  const [pair] = namePairs(1) as [VethPair];
  const isFirst = holdNames(namesOf([pair]));
  try {
    await makeTogether({ pair, options, isFirst });
    return await use(pair);
  } finally {
    await removeTogether(pair);
  }
}

/** Leftovers are looked for when there is nothing of ours yet: among hundreds of ours a look is dear. */
const makeTogether = gathered<Wanted & { readonly isFirst: boolean }, void>(LOT, (lot) => {
  if (lot.some(({ isFirst }) => isFirst)) sweep();
  return togetherOrEach(lot, (wanted) => {
    // What the attempt with all of them left.
    if (wanted.length < lot.length) removeLinks(namesOf(wanted.map(({ pair }) => pair)));
    make(wanted);
  });
});

const removeTogether = gathered<VethPair, void>(
  LOT,
  async (pairs) => {
    const names = namesOf(pairs);
    await removeLinksAside(names);
    letGo(names);
    const c = await rawSockets();
    return pairs.map((pair) => {
      const left = namesOf([pair]).filter((name) => Number(c.indexOf(name)) !== 0);
      return left.length === 0 ? undefined : notRemoved(left);
    });
  },
  REMOVAL_PATIENCE_MS,
);
