import type { CniConfig } from '../../../harvester/cni-config.ts';
import { clusterNetworkOf, isMtu, KEYS } from '../../../harvester/names.ts';
import { isBridge, type VmNetwork } from '../../../harvester/vm-network.ts';
import { replaceScalar } from '../../../manifests/edit.ts';
import { entryAt, type Manifest } from '../../../manifests/manifest.ts';
import type { Verdict } from '../../rule.ts';
import type { NetworkManifest } from '../../sight.ts';
import { type Mismatch, mismatch } from './facts.ts';

const CONFIG = ['spec', 'config'] as const;

/** A network's labels and its bridge against its CNI configuration. A configuration that is no JSON is another rule's. */
export function networkMismatches({ manifest, network }: NetworkManifest): readonly Verdict<Mismatch>[] {
  const { read } = network;
  if (read.ok) return configMismatches(manifest, network, read.config);
  if (read.fault.kind === 'not-json') return [];
  const value = (network.config ?? '').trim().slice(0, 200);
  return [mismatch(manifest, { kind: 'config', fault: read.fault }, { path: CONFIG, value })];
}

function configMismatches(manifest: Manifest, network: VmNetwork, config: CniConfig): readonly Verdict<Mismatch>[] {
  if (config.type === 'kube-ovn') return [...providerMismatch(manifest, config), ...labelMismatches(manifest, network)];
  if (!isBridge(config)) {
    const wanted = 'bridge or kube-ovn';
    return [mismatch(manifest, { kind: 'plugin', type: config.type }, { path: CONFIG, value: config.type, wanted })];
  }
  const verdicts: Verdict<Mismatch>[] = [];
  if (clusterNetworkOf(config.bridge) === undefined) {
    const label = network.labels.get(KEYS.clusterNetwork) ?? '<cluster network>';
    const facts = { kind: 'bridge-name', bridge: config.bridge } as const;
    verdicts.push(mismatch(manifest, facts, { path: CONFIG, value: config.bridge || 'absent', wanted: `${label}-br` }));
  }
  if (!isMtu(config.mtu)) {
    const facts = { kind: 'mtu', mtu: String(config.mtu) } as const;
    verdicts.push(mismatch(manifest, facts, { path: CONFIG, value: String(config.mtu), wanted: '0, 576…9000' }));
  }
  return [...verdicts, ...labelMismatches(manifest, network)];
}

function providerMismatch(manifest: Manifest, { provider }: CniConfig): readonly Verdict<Mismatch>[] {
  const { name, namespace } = manifest;
  const wanted = `${name}.${namespace === '' ? '<namespace>' : namespace}.ovn`;
  const [first, second, third] = provider.split('.');
  const fits = third !== undefined && first === name && (namespace === '' || second === namespace);
  if (fits) return [];
  return [
    mismatch(manifest, { kind: 'provider', provider, wanted }, { path: CONFIG, value: provider || 'absent', wanted }),
  ];
}

/**
 * The labels follow the configuration (nad.go, SetNetworkInfoToLabels): the controller writes vlan-id and type over, so that
 * doing the same changes nothing of the network; a wrong cluster network the webhook refuses, and either side may be meant.
 */
function labelMismatches(manifest: Manifest, network: VmNetwork): readonly Verdict<Mismatch>[] {
  const { labels, read, type } = network;
  if (!read.ok || type === undefined) return [];
  const verdicts: Verdict<Mismatch>[] = [];
  const judge = (label: 'vlan-id' | 'type' | 'clusternetwork', key: string, is: string) => {
    const says = labels.get(key);
    if (says === undefined || says === is) return;
    const path = ['metadata', 'labels', key];
    const entry = entryAt(manifest, path);
    const edit = label === 'clusternetwork' || is === '' || !entry ? undefined : replaceScalar(manifest, entry, is);
    const repair = edit && {
      summary: { en: `set the label ${key} to ${is}`, 'zh-CN': `将标签 ${key} 设为 ${is}` },
      edits: [edit],
    };
    verdicts.push(
      mismatch(manifest, { kind: 'label', label, says, is }, { path, value: says, wanted: is || 'absent', repair }),
    );
  };
  judge('vlan-id', KEYS.vlanId, type === 'L2VlanNetwork' ? String(read.config.vlan) : '');
  judge('type', KEYS.type, type);
  const clusterNetwork = isBridge(read.config) ? clusterNetworkOf(read.config.bridge) : undefined;
  if (clusterNetwork !== undefined) judge('clusternetwork', KEYS.clusterNetwork, clusterNetwork);
  return verdicts;
}
