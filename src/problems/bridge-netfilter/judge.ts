import { known, type Reading, type Unknown } from '../../hosts/reading.ts';
import type { Evidence, Judgement } from '../../judging/finding.ts';
import type { Parts } from '../../judging/problem.ts';
import type { Profile } from '../../profiles/profile.ts';
import { PERSIST_NEEDS } from '../../remedies/persist/wanted.ts';
import type { Family } from '../../snapshot/netfilter/ruleset.ts';
import { type BridgeSwitches, switchEvidence, switchesOf } from '../../topology/bridge-switches.ts';
import { type BridgedFrames, bridgedFrames } from '../../topology/bridged-frames.ts';
import { type Bridge, bridgesOf } from '../../topology/bridges.ts';
import { contains } from '../../topology/cidr.ts';
import { launchPhase } from '../../topology/launch-phase.ts';
import { stationsOf } from '../../topology/stations.ts';
import { traceContext } from '../../topology/trace-context.ts';
import type { BridgeNetfilterFacts } from './words.ts';

export const NEEDS = [
  'sysctl',
  'links',
  'addresses',
  'neighbours',
  'routes',
  'netfilter',
  'ipsets',
  'cni',
  'kubernetes',
  ...PERSIST_NEEDS,
] as const;
export type Needed = Parts<(typeof NEEDS)[number]>;
type Verdict = Judgement<BridgeNetfilterFacts>;

export const GLOBAL = 'net.bridge.bridge-nf-call-iptables';

function unknownAbout(subject: string, reading: Unknown, evidence: readonly Evidence[] = []): Verdict {
  return { status: 'unknown', subject, severity: 'warning', unknown: reading, evidence };
}

type Filtered = { readonly one: BridgeSwitches; readonly frames: BridgedFrames };

/** Evaluates the rules for each family whose frames are filtered; what could not be told comes back as `open`. */
function lossesOn(bridge: Bridge, parts: Needed): { lost: readonly Filtered[]; open: Unknown | undefined } {
  const lost: Filtered[] = [];
  let open: Unknown | undefined;
  for (const one of switchesOf(bridge.link, parts.sysctl)) {
    if (!one.inForce.known) open ??= one.inForce;
    if (!one.inForce.known || !one.inForce.value) continue;
    const fate = fateIfFiltered(bridge, one.family, parts);
    if (!fate.known) open ??= fate;
    else if (fate.value.losses.length > 0) lost.push({ one, frames: fate.value });
  }
  return { lost, open };
}

/** What becomes of a bridge's frames of one family where they are run through the rules; unknown where that cannot be told. */
export function fateIfFiltered(bridge: Bridge, family: Family, parts: Needed): Reading<BridgedFrames> {
  const rules = parts.netfilter.rules(family);
  if (!rules.known) return rules;
  const frames = bridgedFrames(rules.value, family, bridge, stationsOf(bridge.link.name, parts), traceContext(parts));
  const open = frames.losses.length > 0 ? undefined : undecided(frames, rules.source);
  return open ?? known(frames, rules.source);
}

/** A bridge has frames to pass on once it has two ports. */
export function forwardsFrames({ ports }: Bridge): boolean {
  return ports.length > 1;
}

/** Frames of machines that are not this host's to filter. */
function judgeLayer2(bridge: Bridge, parts: Needed, profile: Profile): Verdict {
  const subject = bridge.link.name;
  const evidence = switchesOf(bridge.link, parts.sysctl).flatMap((one) => switchEvidence(subject, one));
  if (!forwardsFrames(bridge) || isStarting(parts, profile)) return { status: 'ok', subject, evidence };
  const { lost, open } = lossesOn(bridge, parts);
  const [first] = lost;
  if (!first) return open ? unknownAbout(subject, open, evidence) : { status: 'ok', subject, evidence };
  const losses = lost.flatMap(({ frames }) => frames.losses);
  return {
    status: 'problem',
    subject,
    severity: 'critical',
    facts: {
      kind: 'frames-lost',
      bridge: subject,
      families: lost.map(({ one }) => one.family),
      losses,
      vlanAware: bridge.link.bridge?.vlanFiltering === true,
      resetters: resettersHere(parts, profile),
    },
    evidence: [...lost.flatMap(({ one }) => switchEvidence(subject, one, '0')), ...lossEvidence(losses)],
  };
}

/** Harvester before RKE2 has started: no VM runs yet, and RKE2 needs the 1 for its launch. */
function isStarting(parts: Needed, profile: Profile): boolean {
  if (profile.bridgeNetfilter !== 'off-after-launch') return false;
  const { phase } = launchPhase(parts.units, profile);
  return phase === 'before-launch' || phase === 'launching';
}

function undecided({ undecided: [first] }: BridgedFrames, source: string): Unknown | undefined {
  if (!first) return undefined;
  const { rule, why } = first;
  return {
    known: false,
    reason: 'failed',
    source,
    detail: `${why}: ${rule.table} ${rule.chain} rule ${rule.rule}: ${rule.text}`,
  };
}

function lossEvidence(losses: BridgedFrames['losses']): Evidence[] {
  const rules = new Map(
    losses.map(({ decidedBy, effect }) => [
      `${decidedBy.table}/${decidedBy.chain}/${decidedBy.rule}`,
      { decidedBy, effect },
    ]),
  );
  return [...rules.values()].map(({ decidedBy, effect }) => ({
    source: decidedBy.source,
    value: `${decidedBy.text} (${decidedBy.table} ${decidedBy.chain} ${decidedBy.rule}: ${effect})`,
  }));
}

/** A bridge CNI: Service replies that leave by the bridge they came in on are only translated back when filtered. */
function judgeCni(bridge: Bridge, parts: Needed, profile: Profile): Verdict {
  const subject = bridge.link.name;
  const [ipv4] = switchesOf(bridge.link, parts.sysctl);
  if (!ipv4) return { status: 'ok', subject, evidence: [] };
  const evidence = [...switchEvidence(subject, ipv4, '1')];
  const service = serviceOn(bridge, parts, profile);
  if (!service) return { status: 'not-applicable', subject, why: 'no Service is translated to it', evidence };
  evidence.push(service);
  if (!ipv4.inForce.known) return unknownAbout(subject, ipv4.inForce, evidence);
  if (ipv4.inForce.value) return { status: 'ok', subject, evidence: switchEvidence(subject, ipv4) };
  const facts: BridgeNetfilterFacts = { kind: 'hairpin-lost', bridge: subject, moduleMissing: !ipv4.global.known };
  return { status: 'problem', subject, severity: 'warning', facts, evidence };
}

/** What shows that a Service may lead back to the bridge it was asked from: a translation to one of its addresses, or kube-proxy. */
export function serviceOn(bridge: Bridge, parts: Needed, profile: Profile): Evidence | undefined {
  const { networks } = stationsOf(bridge.link.name, parts);
  const rules = parts.netfilter.rules('ipv4');
  const chains = (rules.known ? rules.value.tables : []).flatMap((table) => [...table.chains.values()]);
  const translation = chains
    .flatMap((chain) => chain.rules)
    .find(({ target }) => target.kind === 'dnat' && networks.some((network) => contains(network, hostOf(target.to))));
  if (translation) return { source: rules.source, value: translation.text };
  const mode = parts.kubernetes.proxyMode;
  if (!profile.kubernetes || (mode.known && mode.value === 'none')) return undefined;
  return { source: mode.source, value: mode.known ? `kube-proxy: ${mode.value}` : `profile ${profile.name}` };
}

/** The address of a translation's end: `10.42.0.12:80`, or a range, of which the first counts. */
function hostOf(to: string): string {
  return /^[0-9.]+/.exec(to)?.[0] ?? '';
}

/** Harvester wants 0 from RKE2's first launch after boot on, whatever the rules are today. */
function judgePhase(parts: Needed, profile: Profile): readonly Verdict[] {
  if (profile.bridgeNetfilter !== 'off-after-launch') return [];
  const global = parts.sysctl.get('net/bridge/bridge-nf-call-iptables');
  if (!global.known) {
    if (global.reason !== 'absent') return [unknownAbout(GLOBAL, global)];
    return [
      { status: 'ok', subject: GLOBAL, evidence: [{ source: global.source, value: '(br_netfilter is not loaded)' }] },
    ];
  }
  const phase = launchPhase(parts.units, profile);
  const evidence = [{ source: global.source, value: global.value, wanted: '0' }, ...phase.evidence];
  if (global.value === '0') return [{ status: 'ok', subject: GLOBAL, evidence }];
  if (isStarting(parts, profile)) return [{ status: 'ok', subject: GLOBAL, evidence }];
  const facts: BridgeNetfilterFacts = {
    kind: 'against-profile',
    phase: phase.phase,
    resetters: resettersHere(parts, profile),
  };
  return [{ status: 'problem', subject: GLOBAL, severity: 'warning', facts, evidence }];
}

function resettersHere(parts: Needed, profile: Profile): readonly string[] {
  const present = parts.units.units.known ? parts.units.units.value.map((unit) => unit.name) : [];
  return profile.resetters
    .filter(({ key, unit }) => key === 'net/bridge/bridge-nf-call-iptables' && present.includes(unit))
    .map(({ unit }) => unit);
}

/** The node's bridges; none where its links are not known. */
export function bridgesHere({ links, cni }: Pick<Needed, 'links' | 'cni'>): readonly Bridge[] {
  const configs = cni.known ? cni.value.flatMap((config) => (config.known ? [config.value] : [])) : [];
  return links.known ? bridgesOf(links.value, configs) : [];
}

/** Every bridge by whose frames it carries, then what the profile wants of the switch they share. */
export function judgeBridges(parts: Needed, profile: Profile): readonly Verdict[] {
  if (!parts.links.known) return [unknownAbout('', parts.links)];
  const judged = bridgesHere(parts)
    .filter(({ role }) => role !== 'docker')
    .map((bridge) => (bridge.role === 'cni' ? judgeCni : judgeLayer2)(bridge, parts, profile));
  const lost = judged.some(({ status }) => status === 'problem');
  const phase = lost ? [] : judgePhase(parts, profile);
  if (judged.length + phase.length > 0) return [...judged, ...phase];
  return [{ status: 'not-applicable', subject: '', why: 'no bridge on this node', evidence: [] }];
}
