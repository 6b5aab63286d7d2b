import { type Address, type Block, inBlock, parseAddress, parseBlock, prefixMask } from '../trace/address.ts';
import { jsonFault } from './json-fault.ts';

/**
 * The annotation `network.harvesterhci.io/route` (network-controller-harvester pkg/utils/nad.go, Layer3NetworkConf). Each field
 * is empty where it is not given.
 */
export interface Route {
  readonly mode: 'auto' | 'manual' | '';
  readonly cidr: string;
  readonly gateway: string;
  /** A DHCP server to ask alone; empty: whoever answers. */
  readonly serverIPAddr: string;
  /** What Harvester's last look found: `true`, `false`, `DHCP failed`, `ping failed`. */
  readonly connectivity: string;
  /** The VLAN or the mode has changed since cidr and gateway were found. */
  readonly outdated: boolean;
}

export type RouteFault =
  | { readonly kind: 'not-json'; readonly message: string; readonly at: number }
  | { readonly kind: 'not-an-object' }
  | { readonly kind: 'wrong-type'; readonly field: string; readonly wanted: 'text' | 'true or false' }
  | { readonly kind: 'mode'; readonly value: string }
  /** Neither a mode nor both addresses: nobody asks and nobody pings. */
  | { readonly kind: 'does-nothing' }
  | { readonly kind: 'missing'; readonly field: 'cidr' | 'gateway' }
  | { readonly kind: 'address'; readonly field: 'cidr' | 'gateway' | 'serverIPAddr'; readonly value: string }
  | { readonly kind: 'mask-zero'; readonly value: string }
  | { readonly kind: 'gateway-outside'; readonly gateway: string; readonly cidr: string }
  | {
      readonly kind: 'gateway-is';
      readonly what: 'network' | 'broadcast';
      readonly gateway: string;
      readonly cidr: string;
    }
  /** In manual mode nothing ever clears it, and what is outdated is not pinged. */
  | { readonly kind: 'outdated-by-hand' };

export type ReadRoute =
  | { readonly ok: true; readonly route: Route }
  | { readonly ok: false; readonly faults: readonly [RouteFault, ...RouteFault[]] };

/** No annotation is no route; so is an empty one, to Harvester. */
export function isRoute(annotation: string | undefined): annotation is string {
  return annotation !== undefined && annotation !== '';
}

const TEXTS = ['mode', 'cidr', 'gateway', 'serverIPAddr', 'connectivity'] as const;

/** Reads the annotation and judges it: what Harvester's webhook refuses, and what it takes though it cannot work. */
export function readRoute(text: string): ReadRoute {
  const broken = jsonFault(text);
  if (broken) return faulty([{ kind: 'not-json', ...broken }]);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return faulty([{ kind: 'not-an-object' }]);
  const fields = fieldsOf(value);
  const wrong = wrongTypes(fields);
  if (wrong[0]) return faulty([wrong[0], ...wrong.slice(1)]);
  const field = (name: (typeof TEXTS)[number]) => (fields.get(name) as string | null | undefined) ?? '';
  const mode = field('mode');
  if (mode !== '' && mode !== 'auto' && mode !== 'manual') return faulty([{ kind: 'mode', value: mode }]);
  const route: Route = {
    mode,
    cidr: field('cidr'),
    gateway: field('gateway'),
    serverIPAddr: field('serverIPAddr'),
    connectivity: field('connectivity'),
    outdated: fields.get('outdated') === true,
  };
  const [first, ...others] = judge(route);
  return first ? faulty([first, ...others]) : { ok: true, route };
}

function faulty(faults: readonly [RouteFault, ...RouteFault[]]): ReadRoute {
  return { ok: false, faults };
}

const NAMES = [...TEXTS, 'outdated'] as const;

/** By name as Go's encoding/json finds them: any case, the last one counts. Unknown ones are left out there as here. */
function fieldsOf(value: object): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [key, field] of Object.entries(value)) {
    const name = NAMES.find((one) => one.toLowerCase() === key.toLowerCase());
    if (name !== undefined) fields.set(name, field);
  }
  return fields;
}

function wrongTypes(fields: ReadonlyMap<string, unknown>): RouteFault[] {
  return [...fields].flatMap(([field, value]): RouteFault[] => {
    if (value === null) return [];
    if (field === 'outdated') {
      return typeof value === 'boolean' ? [] : [{ kind: 'wrong-type', field, wanted: 'true or false' }];
    }
    return typeof value === 'string' ? [] : [{ kind: 'wrong-type', field, wanted: 'text' }];
  });
}

function judge(route: Route): RouteFault[] {
  const { mode, cidr, gateway, serverIPAddr } = route;
  const faults: RouteFault[] = [];
  const complete = cidr !== '' && gateway !== '';
  if (mode === 'manual') {
    if (cidr === '') faults.push({ kind: 'missing', field: 'cidr' });
    if (gateway === '') faults.push({ kind: 'missing', field: 'gateway' });
  }
  if (mode === '' && !complete) return [{ kind: 'does-nothing' }];
  if (route.outdated && mode !== 'auto') faults.push({ kind: 'outdated-by-hand' });
  if (mode === 'auto' && serverIPAddr !== '' && !strictAddress(serverIPAddr)) {
    faults.push({ kind: 'address', field: 'serverIPAddr', value: serverIPAddr });
  }
  return [...faults, ...addressFaults(cidr, gateway)];
}

function addressFaults(cidr: string, gateway: string): RouteFault[] {
  const block = cidr === '' ? undefined : strictBlock(cidr);
  const address = gateway === '' ? undefined : strictAddress(gateway);
  const faults: RouteFault[] = [];
  if (cidr !== '' && !block) faults.push({ kind: 'address', field: 'cidr', value: cidr });
  if (block?.mask === 0n) faults.push({ kind: 'mask-zero', value: cidr });
  if (gateway !== '' && !address) faults.push({ kind: 'address', field: 'gateway', value: gateway });
  if (!block || !address || block.mask === 0n) return faults;
  if (!inBlock(address, block)) return [...faults, { kind: 'gateway-outside', gateway, cidr }];
  const what = endOf(address, block);
  return what ? [...faults, { kind: 'gateway-is', what, gateway, cidr }] : faults;
}

/**
 * Whether an IPv4 address is its network's own or its broadcast address. A /31 has neither (RFC 3021), nor a /32; in IPv6 the
 * first address is the routers' anycast one (RFC 4291, 2.6.1).
 */
function endOf({ width, value }: Address, { network, mask }: Block): 'network' | 'broadcast' | undefined {
  if (width !== 32 || mask === prefixMask(32, 32) || mask === prefixMask(31, 32)) return undefined;
  if (value === network) return 'network';
  return value === (network | (mask ^ prefixMask(32, 32))) ? 'broadcast' : undefined;
}

/** As Go's net.ParseIP: no leading zeros, no zone. */
function strictAddress(text: string): Address | undefined {
  return /%|(^|\.)0\d/.test(text) ? undefined : parseAddress(text);
}

/** As Go's net.ParseCIDR: a prefix length, no mask. */
function strictBlock(text: string): Block | undefined {
  const [address = '', length = ''] = text.split('/');
  return /^(0|[1-9]\d*)$/.test(length) && strictAddress(address) ? parseBlock(text) : undefined;
}

/** The annotation as Harvester's UI writes it: with every field a user may fill in, and none of the controller's own. */
export function writeRoute({ mode, serverIPAddr, cidr, gateway }: Partial<Route>): string {
  return JSON.stringify({
    mode: mode ?? '',
    serverIPAddr: serverIPAddr ?? '',
    cidr: cidr ?? '',
    gateway: gateway ?? '',
  });
}
