import { sameMtu } from '../../../harvester/names.ts';
import { vlanOf } from '../../../harvester/vm-network.ts';
import { dataAt, type Manifest, textAt, textsAt } from '../../../manifests/manifest.ts';
import type { Verdict } from '../../rule.ts';
import { type NetworkManifest, type Sight, subjectOf } from '../../sight.ts';
import { type Mismatch, mismatch } from './facts.ts';

/** What is wrong between objects, in whichever files they stand. The later one is told of, and where the first is. */
export function* mismatchesTogether(sight: Sight): Generator<Verdict<Mismatch>> {
  yield* sameVlans(sight.networks);
  yield* vlanConfigsTogether(sight.ofKind('VlanConfig'));
  yield* hostNetworksTogether(sight.ofKind('HostNetworkConfig'));
}

function nameOf(manifest: Manifest): string {
  const { file } = manifest;
  const { line } = file.placeOf(manifest.document.start + (manifest.map.range?.[0] ?? 0));
  return `${subjectOf(manifest)} (${file.name}:${line})`;
}

/**
 * Two networks that are one and the same to their VMs. In different namespaces that is how a VLAN is given to several tenants:
 * information. The same object twice (an overlay of a base, two exports) is no second network.
 */
function* sameVlans(networks: readonly NetworkManifest[]): Generator<Verdict<Mismatch>> {
  const first = new Map<string, Manifest>();
  for (const { manifest, network } of networks) {
    const vlan = vlanOf(network);
    const { clusterNetwork } = network;
    if (vlan === undefined || clusterNetwork === undefined) continue;
    const key = `${clusterNetwork} ${vlan}`;
    const other = first.get(key);
    if (!other) first.set(key, manifest);
    else if (subjectOf(other) !== subjectOf(manifest)) {
      const facts = { kind: 'same-vlan', vlan, clusterNetwork, other: nameOf(other) } as const;
      const severity = other.namespace === manifest.namespace ? 'warning' : 'info';
      yield mismatch(manifest, facts, { path: ['spec', 'config'], value: `${clusterNetwork} VLAN ${vlan}`, severity });
    }
  }
}

function* vlanConfigsTogether(configs: readonly Manifest[]): Generator<Verdict<Mismatch>> {
  const first = new Map<string, { readonly manifest: Manifest; readonly mtu: number }>();
  const selected = new Map<string, Manifest>();
  for (const manifest of configs) {
    const clusterNetwork = textAt(manifest, ['spec', 'clusterNetwork']) ?? '';
    if (clusterNetwork === '') continue;
    const mtuPath = ['spec', 'uplink', 'linkAttributes', 'mtu'];
    const mtu = Number(dataAt(manifest, mtuPath) ?? 0);
    const known = first.get(clusterNetwork);
    if (!known) first.set(clusterNetwork, { manifest, mtu });
    else if (known.manifest.name !== manifest.name && !sameMtu(known.mtu, mtu)) {
      const facts = { kind: 'mtus-differ', mtu, other: nameOf(known.manifest), otherMtu: known.mtu } as const;
      yield mismatch(manifest, facts, { path: mtuPath, value: String(mtu), wanted: String(known.mtu) });
    }
    const nodes = [...textsAt(manifest, ['spec', 'nodeSelector'])].map(String).sort().join(' ');
    const key = `${clusterNetwork}\n${nodes}`;
    const other = selected.get(key);
    if (!other) selected.set(key, manifest);
    else if (other.name !== manifest.name) {
      const facts = { kind: 'same-nodes', clusterNetwork, other: nameOf(other) } as const;
      yield mismatch(manifest, facts, { path: ['spec', 'nodeSelector'], value: nodes || 'all nodes' });
    }
  }
}

function* hostNetworksTogether(configs: readonly Manifest[]): Generator<Verdict<Mismatch>> {
  const vlans = new Map<string, Manifest>();
  let underlay: Manifest | undefined;
  for (const manifest of configs) {
    const clusterNetwork = textAt(manifest, ['spec', 'clusterNetwork']) ?? '';
    const vlan = dataAt(manifest, ['spec', 'vlanID']);
    const key = `${clusterNetwork} ${String(vlan)}`;
    const other = vlans.get(key);
    if (!other) vlans.set(key, manifest);
    else if (other.name !== manifest.name && typeof vlan === 'number') {
      const facts = { kind: 'same-vlan', vlan, clusterNetwork, other: nameOf(other) } as const;
      yield mismatch(manifest, facts, { path: ['spec', 'vlanID'], value: String(vlan) });
    }
    if (dataAt(manifest, ['spec', 'underlay']) !== true) continue;
    if (!underlay) underlay = manifest;
    else if (underlay.name !== manifest.name) {
      const facts = { kind: 'two-underlays', other: nameOf(underlay) } as const;
      yield mismatch(manifest, facts, { path: ['spec', 'underlay'], value: 'true', wanted: 'false' });
    }
  }
}
