import { DISTRIBUTION_DIRECTORIES } from '../snapshot/distributions.ts';
import type { Distribution } from '../snapshot/kubernetes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Unit } from '../snapshot/units.ts';
import { generic } from './generic.ts';
import { harvester } from './harvester.ts';
import { k3s } from './k3s.ts';
import { k3sFlannel } from './k3s-flannel.ts';
import { kubeadm } from './kubeadm.ts';
import { kubekeyIpvs } from './kubekey-ipvs.ts';
import { k3sNetwork, type NetworkSign, rke2Network } from './network-evidence.ts';
import type { Profile } from './profile.ts';
import { rke2 } from './rke2.ts';
import { rke2Calico } from './rke2-calico.ts';
import { rke2Canal } from './rke2-canal.ts';

export const PROFILES: readonly Profile[] = [
  harvester,
  rke2,
  rke2Canal,
  rke2Calico,
  k3s,
  k3sFlannel,
  kubekeyIpvs,
  kubeadm,
  generic,
];

export interface FoundProfile {
  readonly profile: Profile;
  /** What was seen, as short facts: a path, a device. For `generic`: what was looked for, or could not be looked at. */
  readonly evidence: readonly string[];
}

/** Undefined for a name that no profile has. */
export function profileNamed(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}

/**
 * The profile of a node, from what its files, devices and services show. Harvester before RKE2, which is part of it;
 * KubeKey before kubeadm, by which it installs. A Pod network that cannot be told makes no guess: the distribution's
 * profile without one.
 */
export function findProfile(snapshot: Snapshot): FoundProfile {
  const release = harvesterEvidence(snapshot);
  if (release.length > 0) return { profile: harvester, evidence: release };
  const installed = installedOf(snapshot);
  if (!installed) return { profile: generic, evidence: nothingFound(snapshot) };
  const { name, evidence } = installed;
  switch (name) {
    case 'rke2':
      return withNetwork(rke2, { canal: rke2Canal, calico: rke2Calico }, evidence, rke2Network(snapshot));
    case 'k3s':
      return withNetwork(k3s, { flannel: k3sFlannel }, evidence, k3sNetwork(snapshot));
    case 'kubekey':
      return { profile: kubekeyIpvs, evidence: [evidence, ...proxyEvidence(snapshot)] };
    case 'kubeadm':
      return { profile: kubeadm, evidence: [evidence, ...proxyEvidence(snapshot)] };
  }
}

function withNetwork(
  plain: Profile,
  special: Partial<Record<NetworkSign['network'], Profile>>,
  evidence: string,
  sign: NetworkSign | undefined,
): FoundProfile {
  if (!sign) return { profile: plain, evidence: [evidence, 'nothing tells its Pod network'] };
  return { profile: special[sign.network] ?? plain, evidence: [evidence, ...sign.evidence] };
}

interface Installed {
  readonly name: Distribution;
  readonly evidence: string;
}

/** In the order in which they are believed. */
const SERVICES: readonly (readonly [Distribution, RegExp])[] = [
  ['rke2', /^rke2-(server|agent)\.service$/],
  ['k3s', /^k3s(-agent)?\.service$/],
  ['kubekey', /^kubelet\.service$/],
  ['kubeadm', /^kubelet\.service$/],
];

/** The distribution whose traces are here. Of several, left by an earlier installation, the one whose service runs, or starts. */
function installedOf(snapshot: Snapshot): Installed | undefined {
  const candidates = SERVICES.flatMap(([name, service]): readonly (Installed & { readonly state: string })[] => {
    const unit = unitOf(snapshot, service);
    const byUnit = unit && name in UNIT_IS_ITS_OWN ? `${unit.name} is ${unit.activeState}` : undefined;
    const evidence = traceOf(snapshot, name) ?? byUnit;
    return evidence === undefined ? [] : [{ name, evidence, state: unit?.activeState ?? '' }];
  });
  const at = (state: string) => candidates.find((one) => one.state === state);
  return at('active') ?? at('activating') ?? candidates[0];
}

/** kubelet.service comes with a package and says of nobody that the node has joined a cluster. */
const UNIT_IS_ITS_OWN = { rke2: true, k3s: true } as const;

/** The installed service of such a name; of a server's and an agent's, both of which RKE2 installs, the one that runs. */
function unitOf({ units: { units } }: Snapshot, service: RegExp): Unit | undefined {
  const found = (units.known ? units.value : []).filter(
    ({ name, loadState }) => service.test(name) && loadState === 'loaded',
  );
  const at = (state: string) => found.find(({ activeState }) => activeState === state);
  return at('active') ?? at('activating') ?? found[0];
}

function traceOf({ kubernetes }: Snapshot, name: Distribution): string | undefined {
  return kubernetes.distributions.find((distribution) => distribution.name === name)?.evidence;
}

function harvesterEvidence({ harvester: { version }, os: { release } }: Snapshot): string[] {
  const evidence: string[] = [];
  if (version.known) evidence.push(`${version.source}: ${version.value}`);
  if (release.known && /^Harvester\b/.test(release.value.prettyName)) {
    evidence.push(`${release.source}: ${release.value.prettyName}`);
  }
  return evidence;
}

function proxyEvidence({ kubernetes: { proxyMode } }: Snapshot): string[] {
  return proxyMode.known ? [`kube-proxy: ${proxyMode.value} (${proxyMode.source})`] : [];
}

/** Where nothing was found, and what could not be looked at. */
function nothingFound({ kubernetes, harvester: { version } }: Snapshot): string[] {
  const unseen = !version.known && version.reason !== 'absent' ? [`${version.source}: ${version.reason}`] : [];
  const place = `${version.source}, ${DISTRIBUTION_DIRECTORIES.join(', ')}`;
  return kubernetes.complete
    ? [`nothing of Harvester, RKE2, k3s, KubeKey or kubeadm in ${place}`, ...unseen]
    : [`not all of these could be looked at: ${place}`, ...unseen];
}
