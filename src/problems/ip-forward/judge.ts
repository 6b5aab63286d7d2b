import { known, type Reading } from '../../hosts/reading.ts';
import type { Evidence, Judgement, Severity } from '../../judging/finding.ts';
import type { Parts } from '../../judging/problem.ts';
import type { Profile } from '../../profiles/profile.ts';
import { PERSIST_NEEDS } from '../../remedies/persist/wanted.ts';
import type { Family } from '../../snapshot/netfilter/ruleset.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import { readSides, routesForOthers, type Side } from '../../topology/sides.ts';
import type { ForwardFacts } from './words.ts';

export const NEEDS = ['sysctl', 'links', 'addresses', 'routes', 'kubernetes', ...PERSIST_NEEDS] as const;
export type Needed = Parts<(typeof NEEDS)[number]>;
type Verdict = Judgement<ForwardFacts>;

/** The host's own switch of each family. */
export const GLOBAL: Readonly<Record<Family, string>> = {
  ipv4: 'net/ipv4/ip_forward',
  ipv6: 'net/ipv6/conf/all/forwarding',
};

export function ownSwitch(link: string): string {
  return `net/ipv4/conf/${link}/forwarding`;
}

/** Whether this host has to forward, and how that is known; unknown where its wiring could not be read. */
export function whyForward(
  family: Family,
  sides: Reading<readonly Side[]>,
  parts: Needed,
  profile: Profile,
): Reading<string | undefined> {
  if (profile.kubernetes && family === 'ipv4') return known(`profile ${profile.name}: Pods are routed here`, 'profile');
  const { podCidrs } = parts.kubernetes;
  if (profile.kubernetes && podCidrs.known && podCidrs.value.some((cidr) => cidr.includes(':'))) {
    return known(`Pods have IPv6 addresses (${podCidrs.value.join(', ')})`, podCidrs.source);
  }
  if (!sides.known) return sides;
  if (!routesForOthers(sides.value)) return known(undefined, sides.source);
  return known(sides.value.map(({ link, kind }) => `${link} (${kind})`).join(', '), sides.source);
}

function judgeFamily(family: Family, parts: Needed, profile: Profile): readonly Verdict[] {
  const key = GLOBAL[family];
  const subject = sysctlName(key);
  const sides = readSides(family, parts);
  const why = whyForward(family, sides, parts, profile);
  const severity: Severity = profile.kubernetes ? 'critical' : 'warning';
  if (!why.known) return [{ status: 'unknown', subject, severity: 'info', unknown: why, evidence: [] }];
  const global = parts.sysctl.get(key);
  if (why.value === undefined) {
    const evidence = global.known ? [{ source: global.source, value: global.value }] : [];
    return [{ status: 'not-applicable', subject, why: 'nothing here is routed for others', evidence }];
  }
  if (!global.known) return [{ status: 'unknown', subject, severity, unknown: global, evidence: [] }];
  const evidence = [
    { source: global.source, value: global.value, wanted: '1' },
    { source: why.source, value: why.value },
  ];
  if (global.value === '0') {
    if (family === 'ipv4' && everySideForwards(sides, parts, profile)) {
      return [
        { status: 'ok', subject, evidence: [{ source: global.source, value: '0' }, ...sideEvidence(sides, parts)] },
      ];
    }
    return [{ status: 'problem', subject, severity, evidence, facts: { family, key, why: why.value, scope: 'host' } }];
  }
  // IPv6 asks the host's switch alone (net/ipv6/ip6_output.c, ip6_forward): an interface's own makes it a router or a host.
  if (family === 'ipv6') return [{ status: 'ok', subject, evidence }];
  const closed = (sides.known ? sides.value : []).flatMap((side) => judgeSide(side, parts, why.value ?? '', severity));
  return [{ status: 'ok', subject, evidence }, ...closed, ...judgeNewcomers(parts, why.value, profile)];
}

/**
 * The host's switch stands at 0 and nothing is lost by it: each interface has been switched on since. A cluster node
 * makes new interfaces for its Pods, which copy conf.default.
 */
export function everySideForwards(
  sides: Reading<readonly Side[]>,
  { sysctl }: Needed,
  { kubernetes }: Profile,
): boolean {
  if (!sides.known || sides.value.length === 0) return false;
  const links = [...sides.value.map(({ link }) => link), ...(kubernetes ? ['default'] : [])];
  return links.every((link) => {
    const own = sysctl.get(ownSwitch(link));
    return own.known && own.value === '1';
  });
}

function sideEvidence(sides: Reading<readonly Side[]>, { sysctl }: Needed): Evidence[] {
  const own = (sides.known ? sides.value : []).map(({ link }) => sysctl.get(ownSwitch(link)));
  return own.flatMap((one) => (one.known ? [{ source: one.source, value: one.value }] : []));
}

/** The kernel asks the interface a packet came in by (IN_DEV_FORWARD), not the host's switch. */
function judgeSide(side: Side, parts: Needed, why: string, severity: Severity): readonly Verdict[] {
  const key = ownSwitch(side.link);
  const value = parts.sysctl.get(key);
  if (!value.known || value.value !== '0') return [];
  const evidence = [{ source: value.source, value: '0', wanted: '1' }];
  const facts: ForwardFacts = { family: 'ipv4', key, why, scope: 'interface', link: side.link };
  return [{ status: 'problem', subject: sysctlName(key), severity, evidence, facts }];
}

/** A Pod's interface, a VLAN: what is made from now on copies conf.default (net/ipv4/devinet.c, inetdev_init). */
function judgeNewcomers({ sysctl }: Needed, why: string, { kubernetes }: Profile): readonly Verdict[] {
  const key = ownSwitch('default');
  const value = sysctl.get(key);
  if (!kubernetes || !value.known || value.value !== '0') return [];
  const evidence = [{ source: value.source, value: '0', wanted: '1' }];
  const facts: ForwardFacts = { family: 'ipv4', key, why, scope: 'newcomers' };
  return [{ status: 'problem', subject: sysctlName(key), severity: 'warning', evidence, facts }];
}

export function judgeForwarding(parts: Needed, profile: Profile): readonly Verdict[] {
  const ipv6 = judgeFamily('ipv6', parts, profile).filter(({ status }) => status === 'problem' || status === 'ok');
  return [...judgeFamily('ipv4', parts, profile), ...ipv6];
}
