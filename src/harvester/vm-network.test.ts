import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkTypeOf, readCniConfig } from './cni-config.ts';
import { clusterNetworkOf, hostInterfaceOf, isMtu, KEYS, sameMtu } from './names.ts';
import { type NetworkObject, noRouteNeeded, vlanOf, vmNetworkOf } from './vm-network.ts';

const config = (more: object) =>
  JSON.stringify({ cniVersion: '0.3.1', name: 'n', type: 'bridge', bridge: 'mgmt-br', ...more });
const network = (more: Partial<NetworkObject> = {}): NetworkObject => ({
  name: 'n',
  namespace: 'default',
  labels: new Map(),
  annotations: new Map(),
  config: config({ vlan: 100 }),
  ...more,
});
const why = (object: NetworkObject) => {
  const read = vmNetworkOf(object);
  return read && noRouteNeeded(read);
};

describe('a CNI configuration', () => {
  it.each<[object, string]>([
    [{ vlan: 100 }, 'L2VlanNetwork'],
    [{ vlan: 100, type: '' }, 'L2VlanNetwork'],
    [{ vlan: 0 }, 'UntaggedNetwork'],
    [{}, 'UntaggedNetwork'],
    [{ vlan: 0, vlanTrunk: [{ minID: 1, maxID: 4094 }] }, 'L2VlanTrunkNetwork'],
    [{ vlanTrunk: [{ id: 7 }, { minID: 100, maxID: 200 }] }, 'L2VlanTrunkNetwork'],
    [{ type: 'kube-ovn', provider: 'n.default.ovn' }, 'OverlayNetwork'],
  ])('%j is of type %s', (more, type) => {
    const read = readCniConfig(config(more));
    expect(read.ok && networkTypeOf(read.config)).toBe(type);
  });

  it.each<[object | string, string]>([
    ['{', 'not-json'],
    ['[]', 'not-an-object'],
    [{ vlan: '100' }, 'wrong-type'],
    [{ vlan: 1.5 }, 'wrong-type'],
    [{ bridge: 7 }, 'wrong-type'],
    [{ vlanTrunk: 'all' }, 'wrong-type'],
    [{ vlan: 4095 }, 'vlan-range'],
    [{ vlan: -1 }, 'vlan-range'],
    [{ vlan: 5, vlanTrunk: [{ id: 7 }] }, 'vlan-and-trunk'],
    [{ vlanTrunk: [{}] }, 'trunk'],
    [{ vlanTrunk: [{ id: 0 }] }, 'trunk'],
    [{ vlanTrunk: [{ minID: 5 }] }, 'trunk'],
    [{ vlanTrunk: [{ minID: 9, maxID: 5 }] }, 'trunk'],
    [{ vlanTrunk: [7] }, 'trunk'],
  ])('%j is refused: %s', (more, kind) => {
    const read = readCniConfig(typeof more === 'string' ? more : config(more));
    expect(!read.ok && read.fault.kind).toBe(kind);
  });

  it('of any JSON is read', () => {
    fc.assert(fc.property(fc.json(), (text) => void readCniConfig(text)));
  });
});

describe('a network', () => {
  it('is Harvester’s by a key of its group, or by a bridge of a cluster network', () => {
    expect(vmNetworkOf(network())).toMatchObject({ type: 'L2VlanNetwork', clusterNetwork: 'mgmt' });
    const foreign = network({ config: config({ type: 'macvlan', master: 'eth1' }) });
    expect(vmNetworkOf(foreign)).toBeUndefined();
    expect(vmNetworkOf(network({ config: config({ bridge: 'br0' }) }))).toBeUndefined();
    expect(vmNetworkOf({ ...foreign, labels: new Map([[KEYS.type, 'L2VlanNetwork']]) })).toBeDefined();
    expect(vmNetworkOf(network({ config: '{' }))).toBeUndefined();
  });

  it('needs a route where it has a VLAN', () => {
    expect(why(network())).toBeUndefined();
    expect(vlanOf(vmNetworkOf(network()) as never)).toBe(100);
  });

  it.each<[string, Partial<NetworkObject>]>([
    ['untagged', { config: config({}) }],
    ['trunk', { config: config({ vlanTrunk: [{ id: 7 }] }) }],
    ['overlay', { config: config({ type: 'kube-ovn' }), labels: new Map([[KEYS.type, 'OverlayNetwork']]) }],
    ['storage', { name: 'storagenetwork-x2x9s', namespace: 'harvester-system' }],
    ['storage', { annotations: new Map([[KEYS.storageNetwork, 'true']]) }],
    ['rwx', { name: 'rwx-network-8h2kq', namespace: 'harvester-system' }],
    ['rwx', { annotations: new Map([[KEYS.rwxNetwork, 'true']]) }],
    ['isolated', { annotations: new Map([['hayward/isolated', 'true']]) }],
  ])('that is %s needs none', (reason, more) => {
    expect(why(network(more))).toBe(reason);
  });

  it('that says it is not isolated is not', () => {
    expect(why(network({ annotations: new Map([['hayward/isolated', 'false']]) }))).toBeUndefined();
  });
});

describe('names', () => {
  it('of bridges tell the cluster network, within Linux’s 15 characters', () => {
    expect(clusterNetworkOf('mgmt-br')).toBe('mgmt');
    expect(clusterNetworkOf('twelve-chars-br')).toBe('twelve-chars');
    expect(clusterNetworkOf('thirteen-char-br')).toBeUndefined();
    expect(clusterNetworkOf('-br')).toBeUndefined();
    expect(clusterNetworkOf('br0')).toBeUndefined();
    expect(hostInterfaceOf('cn2', 2025)).toBe('cn2-br.2025');
  });

  it('of MTUs: 0 is the default of 1500', () => {
    expect([0, 576, 1500, 9000].every(isMtu)).toBe(true);
    expect([1, 575, 9001, -1, 1500.5, Number.NaN].some(isMtu)).toBe(false);
    expect(sameMtu(0, 1500) && !sameMtu(0, 9000)).toBe(true);
  });
});
