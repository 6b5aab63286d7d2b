import { readFileSync, readlinkSync } from 'node:fs';
import { processAt, stillRuns } from '../hosts/process.ts';
import { type Fields, objectAt, textIn } from '../snapshot/fields.ts';
import { iproute, records, recordsAside, tryIproute, tryIprouteAside } from './iproute.ts';
import { ProbeError } from './probe-error.ts';

/** What marks the interfaces that exist for a probe only, and how they go, whatever becomes of the probe. */

/**
 * The interface group ("hayw" as a number) that marks ours. Unlike an alias it is set by the very call that makes
 * the interface, so there is no moment at which one of ours is not known as ours.
 */
export const GROUP = 0x68617977;
/** The group ("hayx") of those that are about to be removed: a group goes in one step, by whoever does it. */
const DOOMED = GROUP + 1;
const NAME = /^hwp[0-9a-z]{8}[0-9]{2}$/;
const ALIAS = /^hayward-probe pid=(\d+) start=(\d+) pidns=(\d+) at=(\d+)$/;
/** Seconds after which a pair of a process we cannot see (another pid namespace) is a leftover. No probe takes so long. */
const LEFTOVER_AGE_S = 600;
/** Up to so many go one by one, each for a grace period of the kernel's, some 15 ms. */
const FEW = 2;

/** Names this process is to remove. */
const live = new Set<string>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

function uptimeSeconds(): number {
  return Math.floor(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')));
}

export function aliasOfThisProcess(): string {
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

interface Throwaway {
  readonly name: string;
  readonly alias: string | undefined;
}

function inGroup(group: number): readonly Fields[] {
  return records(iproute('ip', showGroup(group)));
}

function showGroup(group: number): readonly string[] {
  return ['-d', '-j', 'link', 'show', 'group', String(group)];
}

/** By kind and name, of `ip -d -j link`'s object: some probe's, this process's or another's. */
export function isThrowaway(link: Fields): boolean {
  return NAME.test(textIn(link, 'ifname') ?? '') && textIn(objectAt(link, 'linkinfo'), 'info_kind') === 'veth';
}

/** Every throw-away interface in this network namespace: mark, kind and name must all be ours. */
export function throwaways(): readonly Throwaway[] {
  return [...inGroup(GROUP), ...inGroup(DOOMED)]
    .filter(isThrowaway)
    .map((link) => ({ name: textIn(link, 'ifname') ?? '', alias: textIn(link, 'ifalias') }));
}

/** Removes by name, whatever part of them is there. With one end of a pair the other goes. */
export function removeLinks(names: readonly string[]): void {
  if (names.length > FEW) {
    tryIproute('ip', FORCED, dooming(names));
    if (inGroup(DOOMED).every(isThrowaway)) return void tryIproute('ip', REMOVE_DOOMED);
  }
  if (names.length > 0) tryIproute('ip', FORCED, removing(names));
}

/** The same, while this process does other things. */
export async function removeLinksAside(names: readonly string[]): Promise<void> {
  if (names.length > FEW) {
    await tryIprouteAside('ip', FORCED, dooming(names));
    const doomed = await recordsAside('ip', showGroup(DOOMED));
    if (doomed.every(isThrowaway)) return void (await tryIprouteAside('ip', REMOVE_DOOMED));
  }
  if (names.length > 0) await tryIprouteAside('ip', FORCED, removing(names));
}

const FORCED = ['-force', '-batch', '-'];
const REMOVE_DOOMED = ['link', 'del', 'group', String(DOOMED)];

function dooming(names: readonly string[]): string {
  return names.map((name) => `link set dev ${name} group ${DOOMED}\n`).join('');
}

function removing(names: readonly string[]): string {
  return names.map((name) => `link del dev ${name}\n`).join('');
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

/** From now on these are removed when this process ends, however it does. True where they are the first. */
export function holdNames(names: readonly string[]): boolean {
  const isFirst = live.size === 0;
  if (isFirst) guardAgainstEnding(true);
  for (const name of names) live.add(name);
  return isFirst;
}

/** They have been removed. */
export function letGo(names: readonly string[]): void {
  for (const name of names) live.delete(name);
  if (live.size === 0) guardAgainstEnding(false);
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
