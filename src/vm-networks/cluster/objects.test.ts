import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLater } from '../../cluster/object-fields.ts';
import { KEYS } from '../../harvester/names.ts';
import { attachmentOf } from './attachment.ts';
import { ATTACHMENTS, VM_NETWORKS } from './model.ts';
import { clusterNodeOf, nodesWith } from './node.ts';
import { namespacedPath, nodeProbeOf, vmNetworkBody, vmNetworkReportOf } from './objects.ts';
import { planOf } from './plan.ts';

const config = (more: object = {}) => JSON.stringify({ type: 'bridge', bridge: 'mgmt-br', vlan: 100, ...more });
function attachment(spec: string, annotations: Record<string, string> = {}, name = 'net') {
  const read = attachmentOf({
    metadata: { name, namespace: 'default', uid: 'u', generation: 3, resourceVersion: '9', annotations },
    spec: { config: spec },
  });
  if (!read) throw new TypeError('it is a VM network');
  return read;
}
const plan = (...given: Parameters<typeof attachment>) => planOf(attachment(...given));
const route = (more: object) => ({ [KEYS.route]: JSON.stringify(more) });

describe('what is asked about a network', () => {
  it.each<[string, Parameters<typeof attachment>, object]>([
    ['DHCP, where nothing is given', [config()], { bridge: 'mgmt-br', vlan: 100 }],
    [
      'DHCP in mode auto, whatever was found',
      [config(), route({ mode: 'auto', cidr: '10.0.0.0/8', gateway: '10.0.0.1' })],
      { bridge: 'mgmt-br', vlan: 100 },
    ],
    [
      'the server that is named',
      [config(), route({ mode: 'auto', serverIPAddr: '10.0.0.2' })],
      { bridge: 'mgmt-br', vlan: 100, server: '10.0.0.2' },
    ],
    [
      'given addresses, without host bits',
      [config(), route({ mode: 'manual', cidr: '10.1.2.3/16', gateway: '10.1.0.1' })],
      { bridge: 'mgmt-br', vlan: 100, cidr: '10.1.0.0/16', gateway: '10.1.0.1' },
    ],
    ['an untagged network', [config({ vlan: 0 })], { bridge: 'mgmt-br', vlan: 0 }],
    [
      'an isolated one with given addresses',
      [config(), { [KEYS.isolated]: 'true', ...route({ mode: 'manual', cidr: '10.1.0.0/16', gateway: '10.1.0.1' }) }],
      { bridge: 'mgmt-br', vlan: 100, cidr: '10.1.0.0/16', gateway: '10.1.0.1' },
    ],
    ['one whose annotation is nonsense', [config(), { [KEYS.route]: '{' }], { bridge: 'mgmt-br', vlan: 100 }],
  ])('%s', (_what, given, probe) => {
    expect(plan(...given)).toEqual({ kind: 'probe', clusterNetwork: 'mgmt', probe });
  });

  it.each<[string, Parameters<typeof attachment>]>([
    ['trunk', [config({ vlan: 0, vlanTrunk: [{ id: 7 }] })]],
    ['isolated', [config(), { [KEYS.isolated]: 'true' }]],
    ['storage', [config(), {}, 'storagenetwork-x']],
    ['rwx', [config(), {}, 'rwx-network-x']],
    ['IPv4', [config(), route({ mode: 'manual', cidr: 'fd00::/64', gateway: 'fd00::1' })]],
    ['overlay', [config({ type: 'kube-ovn', provider: 'net.default.ovn' }), route({ mode: 'auto' })]],
    ['cannot be read', ['{', route({ mode: 'auto' })]],
  ])('nothing: %s', (why, given) => {
    expect(plan(...given)).toEqual({ kind: 'not-probed', message: expect.stringContaining(why) });
  });
});

describe('nodes', () => {
  const node = (name: string, labels: object) => clusterNodeOf({ metadata: { name, uid: name, labels } });
  const nodes = [
    node('b', { 'network.harvesterhci.io/vm': 'true' }),
    node('a', { 'network.harvesterhci.io/vm': 'true', 'network.harvesterhci.io/x': 'false' }),
    node('w', { 'node-role.harvesterhci.io/witness': 'true' }),
  ].flatMap((one) => one ?? []);
  it.each([
    ['vm', ['a', 'b']],
    ['mgmt', ['a', 'b']],
    ['x', []],
  ])('that have %s', (clusterNetwork, wanted) => {
    expect(nodesWith(clusterNetwork, nodes).map(({ name }) => name)).toEqual(wanted);
  });
});

describe('objects of the API server', () => {
  it('may hold anything', () => {
    const metadata = fc.oneof(fc.constant({ name: 'n', namespace: 'd', uid: 'u' }), fc.object());
    const object = fc.record({ metadata, spec: fc.anything(), status: fc.anything() });
    fc.assert(
      fc.property(object, (one) => {
        for (const read of [attachmentOf, clusterNodeOf, nodeProbeOf, vmNetworkReportOf]) read(one);
      }),
      { numRuns: 2000 },
    );
  });

  it('bring no address that is none, and no text that a terminal would act on', () => {
    const result = {
      ask: 1,
      state: 'active',
      reason: '$(reboot)',
      message: 'a\u001b[31mb\nc',
      at: 'now',
      cidr: '10.0.0.0/8; x',
      gateway: '10.0.0',
    };
    const read = nodeProbeOf({ metadata: { name: 'n', uid: 'u' }, status: { results: { k: result } } });
    expect(read?.results['k']).toEqual({
      ask: 1,
      state: 'active',
      reason: 'failed',
      message: 'a\\x1b[31mb',
      at: 'now',
    });
  });

  it('that are being deleted are gone', () => {
    expect(
      attachmentOf({ metadata: { name: 'n', uid: 'u', deletionTimestamp: 'now' }, spec: { config: config() } }),
    ).toBeUndefined();
  });

  it('come back from the API server as they were written', () => {
    const report = {
      clusterNetwork: 'mgmt',
      type: 'L2VlanNetwork',
      vlan: 100,
      cidr: '',
      gateway: '',
      connectedNodes: '0/1',
      nodes: [{ name: 'n', state: 'unknown', reason: 'no-answer', message: '' }],
      conditions: [
        {
          type: 'Connected',
          status: 'Unknown',
          observedGeneration: 3,
          lastTransitionTime: 't',
          reason: 'Probing',
          message: '',
        },
      ],
    } as const;
    const body = vmNetworkBody(attachment(config()), report);
    expect(vmNetworkReportOf({ ...body, metadata: { ...body.metadata, uid: 'v' } })).toEqual(report);
    expect(body.metadata['ownerReferences']).toEqual([
      { apiVersion: ATTACHMENTS.apiVersion, kind: ATTACHMENTS.kind, name: 'net', uid: 'u' },
    ]);
  });

  it('have paths that no name breaks out of', () => {
    expect(namespacedPath(VM_NETWORKS, { namespace: 'x y', name: 'a/b?c' })).toBe(
      '/apis/hayward.internal/v1alpha1/namespaces/x%20y/vmnetworks/a%2Fb%3Fc',
    );
  });

  it('have versions that are numbers', () => {
    expect(isLater('10', '9') && isLater('12', '11') && !isLater('9', '10') && !isLater('7', '7')).toBe(true);
  });
});
