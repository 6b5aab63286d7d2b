import type { Examination } from '../../examine.ts';
import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { Holdings } from '../../judging/holdings.ts';
import { usageOf } from '../../leases/usage.ts';
import { verdictsOf } from '../../problems/cni-lease-leak/judge.ts';
import type { Leases } from '../../snapshot/leases.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { launchingServices, launchPhase, phasesAfter, unitsOnceIn } from '../../topology/launch-phase.ts';
import { type Demand, demandKey, type SettingDemand } from '../demand.ts';
import type { Ahead, GuardPlan, LeaseUse, Stage, Undecided } from '../model.ts';
import { factsOf } from './facts.ts';
import { mergeDemands } from './merge.ts';

export interface PlanInput {
  readonly examination: Pick<Examination, 'snapshot' | 'profile' | 'profileEvidence'>;
  /** What has to stay on a node that looks so. */
  readonly holdings: (snapshot: Snapshot) => Holdings;
  /** What a person asked for with `--hold`. It outranks nothing: against a problem's demand it is a conflict. */
  readonly asked: readonly SettingDemand[];
  /** As they are printed. */
  readonly findings: GuardPlan['findings'];
}

/** What should be held on this node at this moment, from one look at it. Pure. */
export function planOf({ examination, holdings, asked, findings }: PlanInput): GuardPlan {
  const { snapshot, profile, profileEvidence } = examination;
  const { os, capture } = snapshot;
  const { phase } = launchPhase(snapshot.units, profile);
  const stage = (then: Stage['phase'], seen: Snapshot) => stageOf(then, holdings(seen), askedOf(asked, snapshot));
  const present = stage(phase, snapshot);
  const stages = phasesAfter(phase).map((next) =>
    stage(next, { ...snapshot, units: unitsOnceIn(next, snapshot.units, profile) }),
  );
  const ahead: Ahead = { services: launchingServices(snapshot.units, profile).map(({ name }) => name), stages };
  return {
    schemaVersion: 1,
    takenAt: capture.takenAt,
    target: capture.target.name,
    bootId: orEmpty(os.bootId),
    profile: profile.name,
    profileEvidence,
    versions: {
      os: orEmpty(mapReading(os.release, ({ prettyName, versionId }) => named(prettyName, versionId))),
      kernel: orEmpty(os.kernel),
      distribution: distributionOf(snapshot),
    },
    facts: factsOf(snapshot),
    ...present,
    ...(stages.some((one) => differs(one, present)) && { ahead }),
    now: nowOf([present, ...stages].flatMap(shownOf), snapshot),
    leases: leaseUse(snapshot.leases),
    findings,
  };
}

function stageOf(phase: Stage['phase'], holdings: Holdings, person: ReturnType<typeof askedOf>): Stage {
  const { demands, conflicts } = mergeDemands([...holdings.demands, ...person.demands]);
  const unseen = holdings.undecided.map(({ by, about, severity, unknown: { reason, detail } }) => ({
    by,
    about,
    severity,
    reason,
    detail,
  }));
  return { phase, demands, conflicts, left: holdings.left, undecided: [...unseen, ...person.undecided] };
}

function differs({ phase: _one, ...one }: Stage, { phase: _other, ...other }: Stage): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}

function shownOf({ demands, conflicts, left }: Stage): readonly Demand[] {
  return [...demands, ...conflicts.flatMap((one) => one.demands), ...left.map(({ demand }) => demand)];
}

/** One that does not exist is held once it does; one that may not be read would be written blindly. */
function askedOf(
  asked: readonly SettingDemand[],
  { sysctl }: Snapshot,
): { readonly demands: readonly SettingDemand[]; readonly undecided: readonly Undecided[] } {
  const demands: SettingDemand[] = [];
  const undecided: Undecided[] = [];
  for (const demand of asked) {
    const reading = sysctl.get(demand.key);
    if (reading.known || reading.reason === 'absent') {
      demands.push(demand);
    } else {
      const { reason, detail } = reading;
      undecided.push({ by: demand.by, about: demandKey(demand), severity: 'warning', reason, detail });
    }
  }
  return { demands, undecided };
}

function orEmpty(reading: Reading<string>): string {
  return reading.known ? reading.value : '';
}

/** Rolling releases have no VERSION_ID, and a point release of some systems changes nothing but it. */
function named(prettyName: string, versionId: string): string {
  return prettyName.includes(versionId) ? prettyName : `${prettyName} (${versionId})`;
}

function distributionOf({ harvester, kubernetes }: Snapshot): string {
  const parts = [
    ...(harvester.version.known ? [`Harvester ${harvester.version.value}`] : []),
    ...(kubernetes.version.known ? [kubernetes.version.value] : []),
  ];
  return parts.join(', ');
}

function nowOf(demands: readonly Demand[], snapshot: Snapshot): GuardPlan['now'] {
  const now: Record<string, string> = {};
  for (const demand of demands) {
    const reading = readingOf(demand, snapshot);
    if (reading.known) now[demandKey(demand)] = reading.value;
  }
  return now;
}

function readingOf(demand: Demand, { sysctl, links, modules }: Snapshot): Reading<string> {
  switch (demand.kind) {
    case 'setting':
      return sysctl.get(demand.key);
    case 'module':
      return mapReading(modules.state(demand.name), (state) => (state === 'built-in' ? 'loaded' : state));
    case 'bridge-setting': {
      if (!links.known) return links;
      const own = links.value.find(({ name }) => name === demand.bridge)?.bridge;
      if (!own) return unknown('absent', links.source, `there is no bridge ${demand.bridge}`);
      const on = demand.name === 'nf_call_iptables' ? own.nfCallIptables : own.nfCallIp6tables;
      return known(on ? '1' : '0', links.source);
    }
  }
}

/** How full each network's fullest range is. */
function leaseUse(leases: Leases): readonly LeaseUse[] {
  const verdicts = verdictsOf(leases);
  return leases.look.networks.map((network) => {
    const { name, dataDir } = network;
    const own = verdicts.filter(({ lease }) => lease.network === name && lease.dataDir === dataDir);
    const [fullest] = usageOf(network, own);
    return {
      network: name,
      dataDir,
      capacity: fullest?.capacity ?? null,
      used: fullest?.used ?? own.length,
      leaked: own.filter(({ state }) => state === 'leaked').length,
    };
  });
}
