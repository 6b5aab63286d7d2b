import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { processAt, stillRuns } from '../hosts/process.ts';
import { objectAt, textIn } from '../snapshot/fields.ts';
import { ipBatch, iproute, records, tryIproute } from './iproute.ts';
import { macText } from './octets.ts';
import { ProbeError } from './probe-error.ts';

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

/**
 * The interface group ("hayw" as a number) that marks ours. Unlike an alias it is set by the very call that makes
 * the interface, so there is no moment at which one of ours is not known as ours.
 */
const GROUP = 0x68617977;
const NAME = /^hwp[0-9a-z]{8}[0-9]{2}$/;
const ALIAS = /^hayward-probe pid=(\d+) start=(\d+) pidns=(\d+) at=(\d+)$/;
/** Seconds after which a pair of a process we cannot see (another pid namespace) is a leftover. No probe takes so long. */
const LEFTOVER_AGE_S = 600;

/** Names this process is to remove. */
const live = new Set<string>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

function uptimeSeconds(): number {
  return Math.floor(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')));
}

function aliasOfThisProcess(): string {
  const self = processAt('self');
  if (!self) throw new ProbeError('failed', '/proc is not mounted');
  return `hayward-probe pid=${self.pid} start=${self.start} pidns=${pidNamespace()} at=${uptimeSeconds()}`;
}

/** Whether nobody will remove this interface any more. One without an alias lost its maker between two netlink calls. */
function isLeftover(alias: string | undefined): boolean {
  const [, pid, start, namespace, since] = ALIAS.exec(alias ?? '') ?? [];
  if (pid === undefined || start === undefined || namespace === undefined) return true;
  if (namespace !== pidNamespace()) return uptimeSeconds() - Number(since) > LEFTOVER_AGE_S;
  return !stillRuns(Number(pid), Number(start));
}

/** Every throw-away interface in this network namespace: mark, kind and name must all be ours. */
function throwaways(): readonly { readonly name: string; readonly alias: string | undefined }[] {
  const found = records(iproute('ip', ['-d', '-j', 'link', 'show', 'group', String(GROUP)]));
  return found.flatMap((link) => {
    const name = textIn(link, 'ifname');
    const isVeth = textIn(objectAt(link, 'linkinfo'), 'info_kind') === 'veth';
    return name !== undefined && NAME.test(name) && isVeth ? [{ name, alias: textIn(link, 'ifalias') }] : [];
  });
}

/** Removes by name, whatever part of them is there. With one end of a pair the other goes. */
function removeLinks(names: readonly string[]): void {
  if (names.length === 0) return;
  tryIproute('ip', ['-force', '-batch', '-'], `${names.map((name) => `link del dev ${name}`).join('\n')}\n`);
}

/**
 * Removes what a probe killed outright left in this network namespace: interfaces with our mark whose process is
 * gone. Returns their names.
 *
 * @throws ProbeError
 */
export function sweep(): readonly string[] {
  const left = throwaways().filter(({ name, alias }) => !live.has(name) && isLeftover(alias));
  const names = left.map(({ name }) => name);
  removeLinks(names);
  return names;
}

function removeAll(): void {
  removeLinks([...live]);
  live.clear();
}

/** Ends as the signal would have ended the process, unless somebody else listens for it and decides. */
function onSignal(signal: NodeJS.Signals): void {
  removeAll();
  guardAgainstEnding(false);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function guardAgainstEnding(on: boolean): void {
  const change = on ? process.on.bind(process) : process.off.bind(process);
  for (const signal of SIGNALS) change(signal, onSignal);
  change('exit', removeAll);
}

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

function make(pairs: readonly VethPair[], options: VethOptions): void {
  const common = `group ${GROUP} mtu ${options.mtu ?? 1500}`;
  const alias = aliasOfThisProcess();
  ipBatch(
    pairs.flatMap(({ inner, innerMac, outer }) => [
      `link add name ${inner} ${common} address ${innerMac} type veth peer name ${outer} ${common} address ${randomMac()}`,
      `link set dev ${inner} alias "${alias}"`,
      `link set dev ${outer} alias "${alias}"`,
    ]),
  );
  for (const name of namesOf(pairs)) disableIpv6(name);
}

function remove(pairs: readonly VethPair[]): void {
  const names = namesOf(pairs);
  removeLinks(names);
  for (const name of names) live.delete(name);
  if (live.size === 0) guardAgainstEnding(false);
  const left = throwaways().filter(({ name }) => names.includes(name));
  if (left.length > 0) throw new ProbeError('failed', `could not remove ${left.map(({ name }) => name).join(', ')}`);
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
  if (live.size === 0) guardAgainstEnding(true);
  for (const name of namesOf(pairs)) live.add(name);
  try {
    make(pairs, options);
    return await use(pairs);
  } finally {
    remove(pairs);
  }
}
