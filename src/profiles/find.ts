import { DISTRIBUTION_DIRECTORIES } from '../snapshot/distributions.ts';
import type { Distribution } from '../snapshot/kubernetes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { generic } from './generic.ts';
import { harvester } from './harvester.ts';
import { kubekeyIpvs } from './kubekey-ipvs.ts';
import type { Profile } from './profile.ts';
import { rke2Canal } from './rke2-canal.ts';

export const PROFILES: readonly Profile[] = [harvester, rke2Canal, kubekeyIpvs, generic];

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
 * The profile of a node, from what its files and devices show. Harvester before RKE2, which is part of it; KubeKey
 * before kubeadm, by which it installs. k3s and plain kubeadm have no profile of their own and are judged by topology.
 */
export function findProfile(snapshot: Snapshot): FoundProfile {
  const release = harvesterEvidence(snapshot);
  if (release.length > 0) return { profile: harvester, evidence: release };
  const rke2 = traceOf(snapshot, 'rke2') ?? rke2Unit(snapshot);
  if (rke2 !== undefined) return { profile: rke2Canal, evidence: [rke2, ...networkEvidence(snapshot)] };
  const kubekey = traceOf(snapshot, 'kubekey');
  if (kubekey !== undefined) return { profile: kubekeyIpvs, evidence: [kubekey, ...proxyEvidence(snapshot)] };
  return { profile: generic, evidence: nothingFound(snapshot) };
}

function traceOf({ kubernetes }: Snapshot, name: Distribution): string | undefined {
  return kubernetes.distributions.find((distribution) => distribution.name === name)?.evidence;
}

/** An installed service whose node has not been started yet, or keeps its data elsewhere. */
function rke2Unit({ units: { units } }: Snapshot): string | undefined {
  const unit = (units.known ? units.value : []).find(
    ({ name, loadState }) => /^rke2-(server|agent)\.service$/.test(name) && loadState === 'loaded',
  );
  return unit && `${unit.name} is ${unit.activeState}`;
}

function harvesterEvidence({ harvester: { version }, os: { release } }: Snapshot): string[] {
  const evidence: string[] = [];
  if (version.known) evidence.push(`${version.source}: ${version.value}`);
  if (release.known && /^Harvester\b/.test(release.value.prettyName)) {
    evidence.push(`${release.source}: ${release.value.prettyName}`);
  }
  return evidence;
}

function networkEvidence({ cni, links }: Snapshot): string[] {
  const evidence: string[] = [];
  const inForce = cni.known ? cni.value.find((config) => config.known) : undefined;
  if (inForce?.known) evidence.push(`${inForce.source}: ${inForce.value.plugins.join(', ')}`);
  if (links.known && links.value.some(({ name }) => name === 'flannel.1')) evidence.push('flannel.1');
  return evidence;
}

function proxyEvidence({ kubernetes: { proxyMode } }: Snapshot): string[] {
  return proxyMode.known ? [`kube-proxy: ${proxyMode.value} (${proxyMode.source})`] : [];
}

/** Other distributions by their traces; else where nothing was found, and what could not be looked at. */
function nothingFound({ kubernetes, harvester: { version } }: Snapshot): string[] {
  const others = kubernetes.distributions.map(({ name, evidence }) => `${evidence}: ${name}, judged by topology`);
  if (others.length > 0) return others;
  const unseen = !version.known && version.reason !== 'absent' ? [`${version.source}: ${version.reason}`] : [];
  const place = `${version.source}, ${DISTRIBUTION_DIRECTORIES.join(', ')}`;
  return kubernetes.complete
    ? [`nothing of Harvester, RKE2, k3s, KubeKey or kubeadm in ${place}`, ...unseen]
    : [`not all of these could be looked at: ${place}`, ...unseen];
}
