import { type Fields, numberIn, objectsIn, textIn, textsIn } from '../../snapshot/fields.ts';

/** A port's membership in one VLAN, or in a range of them. */
interface Membership {
  readonly first: number;
  readonly last: number;
  /** What comes in untagged belongs to it. */
  readonly pvid: boolean;
  /** It leaves without its tag. */
  readonly untagged: boolean;
}

/** The VLAN table of a filtering bridge: by port, what it is a member of. */
export type VlanTable = ReadonlyMap<string, readonly Membership[]>;

/** From the entries of `bridge -j vlan show`; ranges come whole (`vlanEnd`). Throws where they have another shape. */
export function vlanTable(entries: readonly Fields[]): VlanTable {
  return new Map(
    entries.map((entry) => {
      const memberships = objectsIn(entry, 'vlans').flatMap((one): readonly Membership[] => {
        const first = numberIn(one, 'vlan');
        if (first === undefined) return [];
        const flags = textsIn(one, 'flags');
        const last = numberIn(one, 'vlanEnd') ?? first;
        return [{ first, last, pvid: flags.includes('PVID'), untagged: flags.includes('Egress Untagged') }];
      });
      return [textIn(entry, 'ifname') ?? '', memberships];
    }),
  );
}

/** How a port carries a VLAN: with its tag, without it, or not at all. `vlan` 0 stands for what is untagged there. */
export function carriage(table: VlanTable, port: string, vlan: number): 'tagged' | 'untagged' | 'not' {
  const memberships = table.get(port) ?? [];
  if (vlan === 0) return memberships.some(({ pvid, untagged }) => pvid && untagged) ? 'untagged' : 'not';
  const own = memberships.find(({ first, last }) => first <= vlan && vlan <= last);
  if (!own) return 'not';
  return own.untagged ? 'untagged' : 'tagged';
}
