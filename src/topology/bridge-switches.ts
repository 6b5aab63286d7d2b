import { known, type Reading } from '../hosts/reading.ts';
import type { Evidence } from '../judging/finding.ts';
import type { Link } from '../snapshot/links.ts';
import type { Family } from '../snapshot/netfilter/ruleset.ts';
import type { SysctlValues } from '../snapshot/sysctl.ts';

/** The two switches that send a bridge's IP frames through a family's packet filter. */
export interface BridgeSwitches {
  readonly family: Family;
  /** Path below /proc/sys of the namespace's switch. */
  readonly key: string;
  /** The bridge's own switch by the name iproute2 gives it. */
  readonly own: 'nf_call_iptables' | 'nf_call_ip6tables';
  /** The namespace's value; `absent` when br_netfilter is not loaded, and then nothing is filtered. */
  readonly global: Reading<string>;
  readonly ownOn: boolean;
  /** The kernel filters when either is on (net/bridge/br_netfilter_hooks.c takes them together). */
  readonly inForce: Reading<boolean>;
}

const SWITCHES = [
  { family: 'ipv4', key: 'net/bridge/bridge-nf-call-iptables', own: 'nf_call_iptables' },
  { family: 'ipv6', key: 'net/bridge/bridge-nf-call-ip6tables', own: 'nf_call_ip6tables' },
] as const;

function inForce(global: Reading<string>, ownOn: boolean): Reading<boolean> {
  if (global.known) return known(ownOn || global.value !== '0', global.source);
  return global.reason === 'absent' ? known(false, global.source) : global;
}

/** A bridge's two switches: the namespace's, the bridge's own, and whether frames are filtered in the end. */
export function switchesOf(bridge: Link, sysctl: SysctlValues): readonly BridgeSwitches[] {
  return SWITCHES.map((one) => {
    const global = sysctl.get(one.key);
    const ownOn = (one.family === 'ipv4' ? bridge.bridge?.nfCallIptables : bridge.bridge?.nfCallIp6tables) === true;
    return { ...one, global, ownOn, inForce: inForce(global, ownOn) };
  });
}

/** Both switches as evidence, `wanted` where one of them is what is wrong. */
export function switchEvidence(bridge: string, one: BridgeSwitches, wanted?: '0' | '1'): Evidence[] {
  const global = one.global.known ? one.global.value : `(${one.global.reason})`;
  const own = one.ownOn ? '1' : '0';
  return [
    { source: `/proc/sys/${one.key}`, value: global, ...(wanted === '0' && global !== '0' && { wanted }) },
    {
      source: `ip -d link show dev ${bridge}`,
      value: `${one.own} ${own}`,
      ...(wanted !== undefined &&
        own !== wanted &&
        (wanted === '1' || one.ownOn) && { wanted: `${one.own} ${wanted}` }),
    },
  ];
}
