import { jsonFault } from './json-fault.ts';
import { HIGHEST_VLAN } from './names.ts';

export const NETWORK_TYPES = ['L2VlanNetwork', 'L2VlanTrunkNetwork', 'UntaggedNetwork', 'OverlayNetwork'] as const;
export type NetworkType = (typeof NETWORK_TYPES)[number];

/** A VLAN a trunk carries, or a range of them, both ends included. */
export interface Trunk {
  readonly from: number;
  readonly to: number;
}

/** What Harvester reads of a NetworkAttachmentDefinition's CNI configuration (network-controller-harvester pkg/utils/nad.go). */
export interface CniConfig {
  readonly name: string;
  /** The plugin; an empty one is `bridge` to Harvester. A list of plugins has none. */
  readonly type: string;
  readonly bridge: string;
  /** 0 is untagged. */
  readonly vlan: number;
  readonly trunk: readonly Trunk[];
  /** 0 is the cluster network's. */
  readonly mtu: number;
  /** kube-ovn's: `<name>.<namespace>.ovn`. */
  readonly provider: string;
}

export type CniFault =
  | { readonly kind: 'not-json'; readonly message: string; readonly at: number }
  | { readonly kind: 'not-an-object' }
  | { readonly kind: 'wrong-type'; readonly field: string; readonly wanted: 'text' | 'whole number' | 'list' }
  | { readonly kind: 'vlan-range'; readonly vlan: number }
  | { readonly kind: 'vlan-and-trunk'; readonly vlan: number }
  | { readonly kind: 'trunk'; readonly item: number };

export type ReadCniConfig =
  | { readonly ok: true; readonly config: CniConfig }
  | { readonly ok: false; readonly fault: CniFault };

type Fields = Readonly<Record<string, unknown>>;

/** Reads `spec.config`; what Harvester's webhook refuses of it is a fault. */
export function readCniConfig(text: string): ReadCniConfig {
  const broken = jsonFault(text);
  if (broken) return { ok: false, fault: { kind: 'not-json', ...broken } };
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, fault: { kind: 'not-an-object' } };
  }
  const fields = value as Fields;
  const fault = wrongType(fields) ?? vlanFault(fields);
  if (fault) return { ok: false, fault };
  const textAt = (name: string) => (fields[name] as string | null | undefined) ?? '';
  const number = (name: string) => (fields[name] as number | null | undefined) ?? 0;
  return {
    ok: true,
    config: {
      name: textAt('name'),
      type: textAt('type'),
      bridge: textAt('bridge'),
      vlan: number('vlan'),
      trunk: trunkOf(fields).flatMap((item) => item ?? []),
      mtu: number('mtu'),
      provider: textAt('provider'),
    },
  };
}

function wrongType(fields: Fields): CniFault | undefined {
  for (const field of ['name', 'type', 'bridge', 'provider']) {
    const value = fields[field] ?? '';
    if (typeof value !== 'string') return { kind: 'wrong-type', field, wanted: 'text' };
  }
  for (const field of ['vlan', 'mtu']) {
    if (!Number.isSafeInteger(fields[field] ?? 0)) return { kind: 'wrong-type', field, wanted: 'whole number' };
  }
  const trunk = fields['vlanTrunk'] ?? [];
  return Array.isArray(trunk) ? undefined : { kind: 'wrong-type', field: 'vlanTrunk', wanted: 'list' };
}

function vlanFault(fields: Fields): CniFault | undefined {
  const vlan = (fields['vlan'] as number | null | undefined) ?? 0;
  if (vlan < 0 || vlan > HIGHEST_VLAN) return { kind: 'vlan-range', vlan };
  const trunk = trunkOf(fields);
  if (vlan !== 0 && trunk.length > 0) return { kind: 'vlan-and-trunk', vlan };
  const item = trunk.indexOf(undefined);
  return item < 0 ? undefined : { kind: 'trunk', item };
}

/** The entries of `vlanTrunk`, each `id`, or `minID` and `maxID`, or both; undefined for one that is neither. */
function trunkOf(fields: Fields): (readonly Trunk[] | undefined)[] {
  return ((fields['vlanTrunk'] as unknown[] | null | undefined) ?? []).map(trunksOf);
}

function trunksOf(item: unknown): readonly Trunk[] | undefined {
  if (item === null) return [];
  if (typeof item !== 'object') return undefined;
  const { id, minID, maxID } = item as Fields;
  const isVlan = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= HIGHEST_VLAN;
  const given = [id, minID, maxID].filter((value) => value !== undefined && value !== null);
  if (given.length === 0 || !given.every(isVlan)) return undefined;
  const single = isVlan(id) ? [{ from: id, to: id }] : [];
  if (given.length === single.length) return single;
  if (!isVlan(minID) || !isVlan(maxID) || maxID < minID) return undefined;
  return [...single, { from: minID, to: maxID }];
}

/** The type of a network, from its configuration; undefined for a plugin Harvester has no type for. */
export function networkTypeOf({ type, vlan, trunk }: CniConfig): NetworkType | undefined {
  if (type === 'kube-ovn') return 'OverlayNetwork';
  if (type !== 'bridge' && type !== '') return undefined;
  if (vlan !== 0) return 'L2VlanNetwork';
  return trunk.length > 0 ? 'L2VlanTrunkNetwork' : 'UntaggedNetwork';
}
