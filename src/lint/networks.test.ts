import { describe, expect, it } from 'vitest';
import { lintTexts, network, troubles } from './testing.ts';

const AUTO = '{"mode":"auto"}';
const found = (text: string) => troubles(text).map(({ problem }) => problem);

/** As the incident's thread gives it: harvester/harvester, VM networks from YAML that never turn Active. */
const INCIDENT = (route: string) => `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  annotations:
    network.harvesterhci.io/route: >-
      ${route}
  name: vlan2011
  namespace: harvester-public
  labels:
    network.harvesterhci.io/clusternetwork: extra
    network.harvesterhci.io/ready: "true"
    network.harvesterhci.io/type: L2VlanNetwork
    network.harvesterhci.io/vlan-id: "2011"
spec:
  config: >-
    {"cniVersion":"0.3.1","name":"vlan2011","type":"bridge","bridge":"extra-br","promiscMode":true,"vlan":2011,"ipam":{}}
`;

describe('the incident’s manifests', () => {
  it.each([AUTO, '{"mode":"manual","cidr":"10.20.11.0/24","gateway":"10.20.11.1"}'])(
    'with %s are in order',
    (route) => {
      expect(found(INCIDENT(route))).toEqual([]);
    },
  );

  it('are told, as information, what is better said and what had better not be', () => {
    const notes = lintTexts({ f: INCIDENT(AUTO) }).filter(({ finding }) => finding.status === 'problem');
    expect(notes.map(({ finding: { problem, severity, evidence } }) => [problem, severity, evidence[0]?.line])).toEqual(
      [
        ['manifest-advice', 'info', 7],
        ['manifest-advice', 'info', 11],
      ],
    );
  });
});

/** Networks as a cluster gives them back: `kubectl get -o yaml`, with what the controllers wrote. */
const LIVE = `apiVersion: v1
items:
- apiVersion: k8s.cni.cncf.io/v1
  kind: NetworkAttachmentDefinition
  metadata:
    annotations:
      network.harvesterhci.io/route: '{"mode":"auto","serverIPAddr":"","cidr":"172.16.0.0/24","gateway":"172.16.0.1","connectivity":"true"}'
    creationTimestamp: "2025-04-25T10:21:01Z"
    finalizers:
    - wrangler.cattle.io/harvester-network-manager-nad-controller
    generation: 1
    labels:
      network.harvesterhci.io/clusternetwork: cn-data
      network.harvesterhci.io/ready: "true"
      network.harvesterhci.io/type: L2VlanNetwork
      network.harvesterhci.io/vlan-id: "100"
    name: vm100
    namespace: default
    resourceVersion: "1525839"
    uid: 8dacf415-ce90-414a-a11b-48f041d46b42
  spec:
    config: '{"cniVersion":"0.3.1","name":"vm100","type":"bridge","bridge":"cn-data-br","promiscMode":true,"vlan":100,"ipam":{},"mtu":9000}'
- apiVersion: k8s.cni.cncf.io/v1
  kind: NetworkAttachmentDefinition
  metadata:
    annotations:
      storage-network.settings.harvesterhci.io: "true"
    labels:
      network.harvesterhci.io/clusternetwork: cn-data
      network.harvesterhci.io/ready: "true"
      network.harvesterhci.io/type: L2VlanNetwork
      network.harvesterhci.io/vlan-id: "99"
      storage-network.settings.harvesterhci.io/hash: c8c41cfbdc1a85e7cbd0d3204b441fd13cc109e3
    name: storagenetwork-bz9vj
    namespace: harvester-system
    uid: 6c56ec4e-8a2c-4f0e-9a2f-2f2b8b3f1f35
  spec:
    config: '{"cniVersion":"0.3.1","type":"bridge","dns":{},"bridge":"cn-data-br","promiscMode":true,"vlan":99,"ipam":{"type":"whereabouts","range":"172.16.99.0/24"}}'
- apiVersion: k8s.cni.cncf.io/v1
  kind: NetworkAttachmentDefinition
  metadata:
    annotations:
      network.harvesterhci.io/route: '{"mode":"auto","serverIPAddr":"","cidr":"","gateway":""}'
    labels:
      network.harvesterhci.io/clusternetwork: mgmt
      network.harvesterhci.io/ready: "true"
      network.harvesterhci.io/type: OverlayNetwork
    name: vswitchinternal
    namespace: default
    uid: 2a4d3ad4-1111-4f0e-9a2f-2f2b8b3f1f35
  spec:
    config: '{"cniVersion":"0.3.1","name":"vswitchinternal","type":"kube-ovn","server_socket":"/run/openvswitch/kube-ovn-daemon.sock","provider":"vswitchinternal.default.ovn"}'
- apiVersion: k8s.cni.cncf.io/v1
  kind: NetworkAttachmentDefinition
  metadata:
    labels:
      network.harvesterhci.io/clusternetwork: cn2
      network.harvesterhci.io/ready: "true"
      network.harvesterhci.io/type: L2VlanTrunkNetwork
    name: trunk
    namespace: default
    uid: 3a4d3ad4-1111-4f0e-9a2f-2f2b8b3f1f35
  spec:
    config: '{"cniVersion":"0.3.1","name":"trunk","type":"bridge","bridge":"cn2-br","promiscMode":true,"vlan":0,"vlanTrunk":[{"minID":400,"maxID":600},{"id":1}],"ipam":{}}'
kind: List
metadata:
  resourceVersion: ""
`;

it('networks as a live cluster gives them are in order, and their states not called written by hand', () => {
  expect(found(LIVE)).toEqual([]);
  const notes = lintTexts({ f: LIVE }).filter(({ finding }) => finding.title === 'A state is written by hand');
  expect(notes).toEqual([]);
});

describe('vm-network-route-missing', () => {
  it('is told of at the annotations, and put right', () => {
    const [one] = lintTexts({ 'f.yaml': network({}) }).filter(({ finding }) => finding.status === 'problem');
    expect(one).toMatchObject({
      finding: {
        problem: 'vm-network-route-missing',
        target: 'f.yaml',
        subject: 'harvester-public/vlan2011',
        severity: 'warning',
        evidence: [{ file: 'f.yaml', line: 4, column: 3, value: 'absent' }],
        remedies: [{ id: 'edit-manifest' }],
      },
      repair: { edits: [{}] },
    });
  });

  it('is told of at an empty annotation, and without annotations at the metadata', () => {
    expect(troubles(network({ route: '' }))).toMatchObject([{ evidence: [{ line: 6, column: 5 }] }]);
    const bare = network({}).replace(/ {2}annotations:\n.*\n/, '');
    expect(troubles(bare)).toMatchObject([{ problem: 'vm-network-route-missing', evidence: [{ line: 3, column: 1 }] }]);
  });

  it('is found without any label, by the bridge', () => {
    const bare = network({}).replace(/ {2}labels:\n( {4}.*\n)+/, '');
    expect(found(bare)).toEqual(['vm-network-route-missing']);
  });

  it.each([
    ['a storage network', { name: 'storagenetwork-x2x9s', namespace: 'harvester-system' }],
    ['a storage network by its annotation', { annotations: '    storage-network.settings.harvesterhci.io: "true"\n' }],
    ['an RWX network', { name: 'rwx-network-8h2kq', namespace: 'harvester-system' }],
    ['a network declared isolated', { annotations: '    hayward/isolated: "true"\n' }],
    [
      'a trunk',
      {
        labels: { 'network.harvesterhci.io/type': 'L2VlanTrunkNetwork', 'network.harvesterhci.io/vlan-id': '' },
        config: { vlan: 0, vlanTrunk: [{ id: 7 }] },
      },
    ],
    [
      'an overlay',
      {
        name: 'o',
        labels: {
          'network.harvesterhci.io/type': 'OverlayNetwork',
          'network.harvesterhci.io/vlan-id': '',
          'network.harvesterhci.io/clusternetwork': 'mgmt',
        },
        config: '{"type":"kube-ovn","provider":"o.harvester-public.ovn"}',
      },
    ],
  ])('is no fault of %s', (_what, more) => {
    expect(found(network(more))).toEqual([]);
  });

  it('is information of an untagged network, which Harvester would not ask about with a route either', () => {
    const labels = { 'network.harvesterhci.io/type': 'UntaggedNetwork', 'network.harvesterhci.io/vlan-id': '' };
    const all = lintTexts({ f: network({ labels, config: { vlan: 0 } }) });
    expect(
      all.map(({ finding, repair }) => [finding.problem, finding.status, finding.severity, repair]),
    ).toContainEqual(['vm-network-route-missing', 'problem', 'info', undefined]);
  });

  it('is no matter of networks that are not Harvester’s', () => {
    const macvlan = `apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: m}\nspec:\n  config: '{"type":"macvlan","master":"eth1"}'\n`;
    expect(found(macvlan)).toEqual([]);
  });
});

describe('vm-network-route-invalid', () => {
  it.each<[string, number]>([
    ['{"mode":atuo}', 45],
    ['{"mode":"dhcp"}', 45],
    ['{"mode":"manual","cidr":"10.0.0.0/24","gateway":"10.0.1.1"}', 85],
    ['{"mode":"manual","cidr":"10.0.0.0/24","gateway":"10.0.0.255"}', 85],
    ['{"mode":"manual","cidr":"10.0.0.0/24"}', 36],
    ['[]', 36],
  ])('%s is told of at its character', (route, column) => {
    expect(troubles(network({ route }))).toMatchObject([
      { problem: 'vm-network-route-invalid', evidence: [{ line: 6, column }] },
    ]);
  });

  it('tells of a YAML map where text is wanted, once', () => {
    const text = network({ route: 'x' }).replace("'x'", '{"mode":"auto"}');
    expect(troubles(text)).toMatchObject([
      { problem: 'vm-network-route-invalid', evidence: [{ line: 6, column: 36 }] },
    ]);
  });

  it('has a sentence for each fault in both languages', () => {
    const routes = ['{', '[]', '{"mode":1}', '{"mode":"x"}', '{}', '{"mode":"manual"}', '{"outdated":1}'];
    const wrong = ['1/1', '10.0.0.0/0', '10.0.0.0/24'].map((cidr) =>
      JSON.stringify({ mode: 'manual', cidr, gateway: '10.0.0.0' }),
    );
    for (const route of [...routes, ...wrong]) {
      const [en, zh] = (['en', 'zh-CN'] as const).map((lang) => troubles(network({ route }), { lang }));
      expect(en?.length).toBeGreaterThan(0);
      expect(zh?.every(({ cause }) => /\p{Script=Han}/u.test(cause))).toBe(true);
      expect(en?.some(({ cause }) => cause.includes('undefined'))).toBe(false);
    }
  });
});

describe('vm-network-config-mismatch', () => {
  it.each<[string, Parameters<typeof network>[0], object]>([
    [
      'the VLAN’s label',
      { labels: { 'network.harvesterhci.io/vlan-id': '2012' } },
      { value: '2012', wanted: '2011', line: 12, column: 38 },
    ],
    [
      'the type’s label',
      { labels: { 'network.harvesterhci.io/type': 'UntaggedNetwork' } },
      { value: 'UntaggedNetwork', wanted: 'L2VlanNetwork', line: 11 },
    ],
    [
      'the cluster network’s label',
      { labels: { 'network.harvesterhci.io/clusternetwork': 'mgmt' } },
      { wanted: 'extra' },
    ],
    ['a bridge that is none', { config: { bridge: 'br0' } }, { value: 'br0', wanted: 'extra-br', line: 14 }],
    ['no bridge', { config: { bridge: '' } }, { wanted: 'extra-br' }],
    ['a VLAN that does not exist', { config: { vlan: 4095 } }, { line: 14 }],
    ['a VLAN as text', { config: { vlan: '2011' } }, { line: 14 }],
    ['another plugin', { config: { type: 'macvlan' } }, { value: 'macvlan' }],
    ['an MTU', { config: { mtu: 500 } }, { value: '500' }],
  ])('%s', (_what, more, evidence) => {
    const all = troubles(network({ ...more, route: AUTO }));
    expect(all).toMatchObject([{ problem: 'vm-network-config-mismatch', evidence: [evidence] }]);
  });

  it('tells a configuration that is no JSON once, as what cannot be read', () => {
    const text = network({ route: AUTO, config: '{"vlan":}' });
    expect(troubles(text)).toMatchObject([{ problem: 'manifest-invalid', evidence: [{ line: 14, column: 20 }] }]);
  });

  it.each<[string, Parameters<typeof network>[0], object]>([
    [
      'a configuration',
      { route: AUTO, config: '{"type":"bridge","vlan":7,"vlan":2011,"bridge":"extra-br"}' },
      { line: 14, column: 38 },
    ],
    ['a route', { route: '{"mode":"manual","mode":"auto"}' }, { line: 6 }],
  ])('tells a name that stands twice in the JSON of %s', (_what, more, evidence) => {
    expect(troubles(network(more))).toMatchObject([
      { problem: 'manifest-invalid', cause: expect.stringContaining('stands twice'), evidence: [evidence] },
    ]);
  });

  it('finds a VLAN twice on a cluster network, across files, and tells where the first is', () => {
    const one = network({ name: 'a', route: AUTO });
    const other = network({ name: 'b', route: AUTO });
    const all = lintTexts({ 'a.yaml': one, 'b.yaml': other }).filter(({ finding }) => finding.status === 'problem');
    expect(all).toMatchObject([
      {
        finding: {
          problem: 'vm-network-config-mismatch',
          target: 'b.yaml',
          severity: 'warning',
          cause: 'harvester-public/a (a.yaml:1) has VLAN 2011 of extra already.',
        },
      },
    ]);
    expect(found(`${one}---\n${one}`)).toEqual([]);
    expect(found(`${one}---\n${network({ name: 'b', namespace: 'other', route: AUTO })}`)).toEqual([]);
  });
});
