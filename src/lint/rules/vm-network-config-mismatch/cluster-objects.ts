import {
  BOND_MODES,
  HIGHEST_VLAN,
  hostInterfaceOf,
  isMtu,
  KEYS,
  LONGEST_CLUSTER_NETWORK,
  LONGEST_INTERFACE,
  MANAGEMENT,
} from '../../../harvester/names.ts';
import { dataAt, entriesOf, entryAt, type Manifest, type Path, textAt } from '../../../manifests/manifest.ts';
import { parseBlock } from '../../../trace/address.ts';
import type { Verdict } from '../../rule.ts';
import { type Mismatch, mismatch } from './facts.ts';

type Verdicts = readonly Verdict<Mismatch>[];

/** A ClusterNetwork: its name, and the annotations only the controller may set. */
export function clusterNetworkMismatches(manifest: Manifest): Verdicts {
  const { name, live } = manifest;
  const path = ['metadata', 'annotations', KEYS.uplinkMtu];
  const mtu = textAt(manifest, path);
  const wrongMtu = mtu !== undefined && !isMtu(Number(mtu));
  return [
    ...nameTooLong(manifest, ['metadata', 'name'], name),
    ...(wrongMtu ? [mismatch(manifest, { kind: 'mtu', mtu }, { path, value: mtu, wanted: '0, 576…9000' })] : []),
    ...(mtu !== undefined && !wrongMtu && !live && name !== MANAGEMENT
      ? [mismatch(manifest, { kind: 'controllers-own', key: KEYS.uplinkMtu }, { path, value: mtu, wanted: 'absent' })]
      : []),
  ];
}

/** A VlanConfig by itself: what its webhook and its schema refuse, and what no kernel can make. */
export function vlanConfigMismatches(manifest: Manifest): Verdicts {
  const verdicts: Verdict<Mismatch>[] = [];
  const path = ['spec', 'clusterNetwork'];
  const clusterNetwork = textAt(manifest, path) ?? '';
  if (clusterNetwork === '') verdicts.push(missing(manifest, path));
  if (clusterNetwork === MANAGEMENT && !manifest.live) {
    verdicts.push(mismatch(manifest, { kind: 'management', what: 'VlanConfig' }, { path, value: MANAGEMENT }));
  }
  verdicts.push(...nameTooLong(manifest, path, clusterNetwork));
  const labelPath = ['metadata', 'labels', KEYS.clusterNetwork];
  const label = textAt(manifest, labelPath);
  if (label !== undefined && clusterNetwork !== '' && label !== clusterNetwork) {
    const facts = { kind: 'label', label: 'clusternetwork', says: label, is: clusterNetwork } as const;
    verdicts.push(mismatch(manifest, facts, { path: labelPath, value: label, wanted: clusterNetwork }));
  }
  return [...verdicts, ...uplinkMismatches(manifest)];
}

function uplinkMismatches(manifest: Manifest): Verdicts {
  const verdicts: Verdict<Mismatch>[] = [];
  const nicsPath = ['spec', 'uplink', 'nics'];
  const nics = dataAt(manifest, nicsPath);
  if (!Array.isArray(nics) || nics.length === 0) verdicts.push(missing(manifest, nicsPath));
  else {
    nics.forEach((nic: unknown, index) => {
      const path = [...nicsPath, index];
      const name = String(nic);
      if (name.length > LONGEST_INTERFACE) {
        verdicts.push(mismatch(manifest, { kind: 'interface-name', name }, { path, value: name }));
      } else if (nics.indexOf(nic) < index) verdicts.push(wrongValue(manifest, path, nic, 'each interface once'));
    });
  }
  const mtuPath = ['spec', 'uplink', 'linkAttributes', 'mtu'];
  const mtu = dataAt(manifest, mtuPath);
  if (mtu !== undefined && mtu !== null && !isMtu(Number(mtu))) {
    verdicts.push(
      mismatch(
        manifest,
        { kind: 'mtu', mtu: String(mtu) },
        { path: mtuPath, value: String(mtu), wanted: '0, 576…9000' },
      ),
    );
  }
  const modePath = ['spec', 'uplink', 'bondOptions', 'mode'];
  const mode = textAt(manifest, modePath);
  if (mode !== undefined && !BOND_MODES.some((one) => one === mode)) {
    verdicts.push(wrongValue(manifest, modePath, mode, BOND_MODES.join(', ')));
  }
  return verdicts;
}

/** A HostNetworkConfig by itself. */
export function hostNetworkMismatches(manifest: Manifest): Verdicts {
  const verdicts: Verdict<Mismatch>[] = [];
  const namePath = ['spec', 'clusterNetwork'];
  const clusterNetwork = textAt(manifest, namePath) ?? '';
  if (clusterNetwork === '') verdicts.push(missing(manifest, namePath));
  verdicts.push(...nameTooLong(manifest, namePath, clusterNetwork));
  const vlanPath = ['spec', 'vlanID'];
  const vlan = dataAt(manifest, vlanPath);
  if (vlan === undefined || vlan === null) verdicts.push(missing(manifest, vlanPath));
  else if (!isVlan(vlan)) verdicts.push(wrongValue(manifest, vlanPath, vlan, `1…${HIGHEST_VLAN}`));
  else if (clusterNetwork.length <= LONGEST_CLUSTER_NETWORK) {
    const name = hostInterfaceOf(clusterNetwork, vlan);
    if (name.length > LONGEST_INTERFACE) {
      verdicts.push(mismatch(manifest, { kind: 'interface-name', name }, { path: vlanPath, value: String(vlan) }));
    }
  }
  const modePath = ['spec', 'mode'];
  const mode = textAt(manifest, modePath);
  if (mode === undefined) verdicts.push(missing(manifest, modePath));
  else if (mode !== 'static' && mode !== 'dhcp') verdicts.push(wrongValue(manifest, modePath, mode, 'static, dhcp'));
  return [...verdicts, ...(mode === 'static' ? staticMismatches(manifest) : [])];
}

function isVlan(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= HIGHEST_VLAN;
}

/** Each node's own address, all of one subnet (webhook/hostnetworkconfig/validator.go, sameSubnet). */
function staticMismatches(manifest: Manifest): Verdicts {
  const path = ['spec', 'ips'];
  const ips = entriesOf(manifest, entryAt(manifest, path)?.value);
  if (ips.size === 0) return [missing(manifest, path)];
  const verdicts: Verdict<Mismatch>[] = [];
  let first: { readonly cidr: string; readonly block: ReturnType<typeof parseBlock> } | undefined;
  for (const node of ips.keys()) {
    const cidr = textAt(manifest, [...path, node]) ?? '';
    const block = /\/\d+$/.test(cidr) ? parseBlock(cidr) : undefined;
    if (!block) verdicts.push(wrongValue(manifest, [...path, node], cidr, '192.168.100.11/24'));
    else if (!first) first = { cidr, block };
    else if (first.block?.network !== block.network || first.block.mask !== block.mask) {
      const facts = { kind: 'subnets-differ', cidr, other: first.cidr } as const;
      verdicts.push(mismatch(manifest, facts, { path: [...path, node], value: cidr, wanted: first.cidr }));
    }
  }
  return verdicts;
}

function nameTooLong(manifest: Manifest, path: Path, name: string): Verdicts {
  if (name.length <= LONGEST_CLUSTER_NETWORK) return [];
  const wanted = `at most ${LONGEST_CLUSTER_NETWORK} characters`;
  return [mismatch(manifest, { kind: 'cluster-network-name', name }, { path, value: name, wanted })];
}

function missing(manifest: Manifest, path: Path): Verdict<Mismatch> {
  return mismatch(manifest, { kind: 'missing', field: path.join('.') }, { path, value: 'absent' });
}

function wrongValue(manifest: Manifest, path: Path, value: unknown, wanted: string): Verdict<Mismatch> {
  const shown = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const field = path.filter((step) => typeof step === 'string').join('.');
  return mismatch(manifest, { kind: 'wrong-value', field, value: shown, wanted }, { path, value: shown, wanted });
}
