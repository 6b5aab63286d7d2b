import type { Route } from '../../harvester/route.ts';
import { noRouteNeeded } from '../../harvester/vm-network.ts';
import type { Attachment } from './attachment.ts';
import { type Condition, FIELD_MANAGER } from './model.ts';
import type { Connectivity, Truth } from './truth.ts';

/** Whether a missing annotation is filled. */
export type DefaultRoute = 'auto' | 'off';

/** What is remembered of one network's annotation. */
export interface RouteMemory {
  /** The truth that the annotation was last brought in line with, or was left alone at. Undefined before the first. */
  readonly settled: string | undefined;
  /** What we wrote last. */
  readonly wrote: string | undefined;
  /** The value that was last seen to replace ours, and when such happened, ms. */
  readonly replacedBy: string | undefined;
  readonly replacedAtMs: readonly number[];
  /** The last write did not come through. */
  readonly trouble: { readonly detail: string; readonly untilMs: number; readonly failures: number } | undefined;
}

export const NO_ROUTE_MEMORY: RouteMemory = {
  settled: undefined,
  wrote: undefined,
  replacedBy: undefined,
  replacedAtMs: [],
  trouble: undefined,
};

export interface RouteWrite {
  readonly text: string;
  readonly settles: string;
}

export interface RouteDecision {
  readonly write: RouteWrite | undefined;
  readonly agrees: Pick<Condition, 'status' | 'reason' | 'message'>;
  readonly memory: RouteMemory;
}

/** Who replaces our value more often than this within the time goes on for ever: we stop, and say so. */
const MOST_REPLACED = 3;
const REPLACED_WITHIN_MS = 600_000;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 300_000;

/**
 * Decides what becomes of the annotation Harvester's pages read. It is written when the truth changes, and where Harvester leaves it
 * open; never in a quarrel: Harvester pings from one node's host network every 15 minutes and writes "true" or "false" by that
 * (network-controller-harvester pkg/controller/manager/nad, checkConnectivity), and what it wrote stays until the truth changes. An
 * empty connectivity or "DHCP failed" it never tries again by itself.
 */
export function decideRoute(
  attachment: Attachment,
  truth: Truth,
  { memory: before, defaultRoute, nowMs }: { memory: RouteMemory; defaultRoute: DefaultRoute; nowMs: number },
): RouteDecision {
  const { route } = attachment;
  const memory = noticed(before, attachment, nowMs);
  const sign = signOf(truth, attachment);
  const say = (status: Condition['status'], reason: string, message: string, settled = memory.settled) => ({
    write: undefined,
    agrees: { status, reason, message },
    memory: { ...memory, settled },
  });
  const ground: Ground = { attachment, truth, memory, sign, nowMs };
  if (route.kind === 'faulty') {
    return say(
      'Unknown',
      'RouteInvalid',
      `the annotation is not one Harvester can use (${route.fault.kind}); left alone`,
    );
  }
  if (route.kind === 'none') return fillRoute(ground, defaultRoute);
  if (sign === undefined) return say('Unknown', 'TruthUnknown', 'whether it is connected is not known');
  const wanted = wantedRoute(route.route, truth);
  if (sameRoute(route.route, wanted)) return say('True', 'Agrees', '', sign);
  const claims = `the annotation says ${claimOf(route.route)}; seen is ${claimOf(wanted)}`;
  if (!mayWrite(ground, route.route)) {
    const reason = isContested(memory, nowMs) ? 'Contested' : 'StatusStale';
    const why = isContested(memory, nowMs)
      ? `${memory.replacedAtMs.length} times in ten minutes somebody replaced what was written`
      : `written by ${attachment.routeWriters.join(', ') || 'somebody unknown'}, and left until the truth changes`;
    return say('False', reason, `${claims}; ${why}`, sign);
  }
  return writing(ground, { text: textOf(wanted), settles: sign }, claims);
}

interface Ground {
  readonly attachment: Attachment;
  readonly truth: Truth;
  readonly memory: RouteMemory;
  readonly sign: string | undefined;
  readonly nowMs: number;
}

function writing({ memory, nowMs }: Ground, write: RouteWrite, claims: string): RouteDecision {
  const { trouble } = memory;
  const held = trouble !== undefined && nowMs < trouble.untilMs;
  const message = trouble ? `${claims}; it could not be written: ${trouble.detail}` : claims;
  return { write: held ? undefined : write, agrees: { status: 'False', reason: 'NotWritten', message }, memory };
}

/** Filled only with what a DHCP server really told: a network without one is not made to look broken. */
function fillRoute(ground: Ground, defaultRoute: DefaultRoute): RouteDecision {
  const { attachment, truth, memory, sign } = ground;
  const why = noRouteNeeded(attachment.network);
  const say = (reason: string, message: string): RouteDecision => ({
    write: undefined,
    agrees: { status: 'Unknown', reason, message },
    memory,
  });
  if (why !== undefined) return say('NoRouteNeeded', `${why}: Harvester shows no state of it`);
  if (memory.settled !== undefined && memory.settled === sign) {
    return say('RouteRemoved', 'somebody removed the annotation; it is not filled again until the truth changes');
  }
  if (defaultRoute === 'off') return say('RouteMissing', 'without the annotation Harvester shows no state of it');
  const { connectivity, cidr, gateway } = truth;
  if (sign === undefined || connectivity !== 'true' || cidr === undefined || gateway === undefined) {
    return say('RouteMissing', 'nothing to fill it with: no node sees a DHCP server that tells network and gateway');
  }
  const text = textOf({ mode: 'auto', serverIPAddr: '', cidr, gateway, connectivity, outdated: false });
  return writing(ground, { text, settles: sign }, 'the annotation is missing');
}

function mayWrite({ attachment, memory, sign, nowMs }: Ground, route: Route): boolean {
  if (attachment.routeWriters.includes(FIELD_MANAGER)) return true;
  if (memory.settled !== undefined && memory.settled !== sign) return true;
  const isDecided = route.connectivity === 'true' || route.connectivity === 'false';
  return (!isDecided || route.outdated) && !isContested(memory, nowMs);
}

function isContested({ replacedAtMs }: RouteMemory, nowMs: number): boolean {
  return replacedAtMs.filter((at) => nowMs - at < REPLACED_WITHIN_MS).length > MOST_REPLACED;
}

/** Remembers that somebody replaced a value of ours; each replacement once. */
function noticed(memory: RouteMemory, { route, routeWriters }: Attachment, nowMs: number): RouteMemory {
  const text = route.kind === 'none' ? '' : route.text;
  if (memory.wrote === undefined) return memory;
  if (text === memory.wrote || routeWriters.includes(FIELD_MANAGER)) return { ...memory, replacedBy: undefined };
  if (text === memory.replacedBy) return memory;
  const recent = memory.replacedAtMs.filter((at) => nowMs - at < REPLACED_WITHIN_MS);
  return { ...memory, replacedBy: text, replacedAtMs: [...recent, nowMs] };
}

/** Told once a write came through. */
export function routeWritten(memory: RouteMemory, { text, settles }: RouteWrite): RouteMemory {
  return { ...memory, settled: settles, wrote: text, replacedBy: undefined, trouble: undefined };
}

/** Told when a write did not come through; it is tried again, later each time. */
export function routeNotWritten(memory: RouteMemory, detail: string, nowMs: number): RouteMemory {
  const failures = (memory.trouble?.failures ?? 0) + 1;
  const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
  return { ...memory, trouble: { detail, untilMs: nowMs + waitMs, failures } };
}

/** What the annotation hangs on: another sign is another truth, another network, or another mode. */
function signOf({ connectivity, cidr, gateway }: Truth, { network, route }: Attachment): string | undefined {
  if (connectivity === undefined) return undefined;
  const vlan = network.read.ok ? network.read.config.vlan : 0;
  return signText({
    connectivity,
    cidr,
    gateway,
    clusterNetwork: network.clusterNetwork,
    vlan,
    isManual: route.kind === 'read' && route.route.mode !== 'auto',
  });
}

export interface SignParts {
  readonly connectivity: Connectivity;
  readonly cidr: string | undefined;
  readonly gateway: string | undefined;
  readonly clusterNetwork: string | undefined;
  readonly vlan: number;
  readonly isManual: boolean;
}

/** Manual addresses are the user's: what a node found of them is no part of the truth. */
export function signText({ connectivity, cidr, gateway, clusterNetwork, vlan, isManual }: SignParts): string {
  const found = isManual || connectivity !== 'true' ? ['', ''] : [cidr ?? '', gateway ?? ''];
  return JSON.stringify([connectivity, ...found, clusterNetwork ?? '', vlan, isManual]);
}

/** In auto mode with the addresses as DHCP tells them; else only with another connectivity. */
function wantedRoute(route: Route, { connectivity = 'false', cidr, gateway }: Truth): Route {
  const isFound = route.mode === 'auto' && connectivity === 'true' && cidr !== undefined;
  if (!isFound) return { ...route, connectivity };
  return { ...route, cidr, gateway: gateway ?? '', connectivity, outdated: false };
}

function sameRoute(a: Route, b: Route): boolean {
  return a.connectivity === b.connectivity && a.cidr === b.cidr && a.gateway === b.gateway && a.outdated === b.outdated;
}

/** As Harvester's own types write it (Layer3NetworkConf), `outdated` only where it is. */
function textOf({ mode, serverIPAddr, cidr, gateway, connectivity, outdated }: Route): string {
  return JSON.stringify({ mode, serverIPAddr, cidr, gateway, connectivity, ...(outdated && { outdated }) });
}

function claimOf({ connectivity, cidr, gateway, outdated }: Route): string {
  const place = cidr === '' && gateway === '' ? '' : ` (${cidr}, ${gateway}${outdated ? ', outdated' : ''})`;
  return `${JSON.stringify(connectivity)}${place}`;
}
