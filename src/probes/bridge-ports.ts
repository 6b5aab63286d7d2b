import { setTimeout as delay } from 'node:timers/promises';
import { type Fields, numberIn, objectAt, switchIn, textIn, textsIn } from '../snapshot/fields.ts';
import { ipBatch, iproute, records } from './iproute.ts';
import { ProbeError } from './probe-error.ts';
import type { VethPair } from './throwaway-veth.ts';

/** What a probe must know of a bridge before it attaches ports to it. */
export interface Bridge {
  readonly name: string;
  readonly up: boolean;
  readonly mtu: number;
  /** Undefined on a bridge that does not filter VLANs. */
  readonly defaultVlan: number | undefined;
  /** How long a new port takes until it forwards, at most. */
  readonly settleMs: number;
  readonly ownSwitch: string;
}

/** Beyond the spanning tree's own delays: the kernel's link watch may take a second to tell a port it has carrier. */
const SETTLE_MARGIN_MS = 2000;
const LOOK_EVERY_MS = 50;

function linkOf(name: string): Fields {
  return records(iproute('ip', ['-d', '-j', 'link', 'show', 'dev', name]))[0] ?? { at: name, object: {} };
}

export function bridgeNamed(name: string): Bridge {
  return bridgeFrom(name, linkOf(name));
}

/** Reads a bridge from `ip -d -j link`'s object of it. Throws a `ProbeError` where it is none. */
export function bridgeFrom(name: string, link: Fields): Bridge {
  if (textIn(objectAt(link, 'linkinfo'), 'info_kind') !== 'bridge') {
    throw new ProbeError('failed', `${name} is not a bridge`);
  }
  const data = objectAt(link, 'linkinfo', 'info_data');
  const number = (field: string) => numberIn(data, field) ?? 0;
  // A new port first listens, then learns, `forward_delay` (in hundredths of a second) each.
  const spanning = number('stp_state') === 0 ? 0 : 2 * number('forward_delay') * 10;
  return {
    name,
    up: textsIn(link, 'flags').includes('UP'),
    mtu: numberIn(link, 'mtu') ?? Number.NaN,
    defaultVlan: switchIn(data, 'vlan_filtering') ? number('vlan_default_pvid') : undefined,
    settleMs: spanning + SETTLE_MARGIN_MS,
    ownSwitch: String(data.object['nf_call_iptables'] ?? 'not told'),
  };
}

/** A bridge without ports takes its first port's address and loses it, and its carrier, with the last. */
export function assertHasPorts(bridge: Bridge): void {
  const ports = records(iproute('ip', ['-j', 'link', 'show', 'master', bridge.name]));
  if (ports.length > 0) return;
  throw new ProbeError(
    'failed',
    `${bridge.name} has no ports: nothing passes it, and a first one would change its address`,
  );
}

export function vlanFor(bridge: Bridge, wanted?: number): number | undefined {
  if (bridge.defaultVlan === undefined) {
    if (wanted !== undefined) throw new ProbeError('failed', `${bridge.name} does not filter VLANs`);
    return undefined;
  }
  // Without a default VLAN a new port is in none and passes nothing. Only our two ports need to share one.
  return wanted ?? (bridge.defaultVlan || 1);
}

/**
 * Makes the inner ends ports of the bridge. Their stations are entered by hand, so that no frame of ours is flooded to
 * other ports: unknown destinations would go out on the wire.
 */
export function attach(
  bridge: Bridge,
  ports: readonly { readonly pair: VethPair; readonly station: string }[],
  vlan?: number,
) {
  for (const { pair, station } of ports) {
    iproute('ip', ['link', 'set', 'dev', pair.inner, 'master', bridge.name]);
    if (vlan !== undefined)
      iproute('bridge', ['vlan', 'add', 'dev', pair.inner, 'vid', String(vlan), 'pvid', 'untagged']);
    const where = ['dev', pair.inner, 'master', 'static', ...(vlan === undefined ? [] : ['vlan', String(vlan)])];
    iproute('bridge', ['fdb', 'replace', station, ...where]);
  }
  ipBatch(ports.flatMap(({ pair }) => [`link set dev ${pair.outer} up`, `link set dev ${pair.inner} up`]));
}

/** The state of the first port that does not forward, `forwarding` when both do. Fails when one is no port any more. */
export function portState(bridge: Bridge, pairs: readonly VethPair[]): string {
  const states = pairs.map(({ inner }) => {
    const link = linkOf(inner);
    if (textIn(link, 'master') !== bridge.name)
      throw new ProbeError('failed', `${bridge.name} vanished during the probe`);
    return textIn(objectAt(link, 'linkinfo', 'info_slave_data'), 'state') ?? 'unknown';
  });
  return states.find((state) => state !== 'forwarding') ?? 'forwarding';
}

export async function settledState(bridge: Bridge, pairs: readonly VethPair[], limitMs: number): Promise<string> {
  const deadline = performance.now() + limitMs;
  let state = portState(bridge, pairs);
  while (bridge.up && state !== 'forwarding' && performance.now() < deadline) {
    await delay(LOOK_EVERY_MS);
    state = portState(bridge, pairs);
  }
  return state;
}
