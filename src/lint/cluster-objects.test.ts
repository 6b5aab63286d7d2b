import { describe, expect, it } from 'vitest';
import { lintTexts, troubles } from './testing.ts';

const HEAD = (kind: string, name: string) =>
  `apiVersion: network.harvesterhci.io/v1beta1\nkind: ${kind}\nmetadata:\n  name: ${name}\n`;
const vlanConfig = (name: string, spec: string) => `${HEAD('VlanConfig', name)}spec:\n  description: d\n${spec}`;
const UPLINK =
  '  uplink:\n    nics: [eth1, eth2]\n    linkAttributes: {mtu: 9000}\n    bondOptions: {mode: 802.3ad, miimon: 100}\n';
const hostNetwork = (name: string, spec: string) =>
  `${HEAD('HostNetworkConfig', name)}spec:\n  description: d\n${spec}`;
const told = (text: string) =>
  troubles(text).map(({ problem, evidence }) => [problem, evidence[0]?.source, evidence[0]?.line]);
const ID = 'vm-network-config-mismatch';

describe('objects of Harvester’s networks', () => {
  it('are in order', () => {
    const texts = [
      HEAD('ClusterNetwork', 'twelve-chars'),
      vlanConfig('a', `  clusterNetwork: twelve-chars\n  nodeSelector: {kubernetes.io/hostname: n1}\n${UPLINK}`),
      vlanConfig('b', `  clusterNetwork: twelve-chars\n  nodeSelector: {kubernetes.io/hostname: n2}\n${UPLINK}`),
      hostNetwork(
        'h',
        '  clusterNetwork: cn2\n  vlanID: 2025\n  mode: static\n  ips: {n1: 10.0.0.1/24, n2: 10.0.0.2/24}\n',
      ),
      hostNetwork('i', '  clusterNetwork: mgmt\n  vlanID: 7\n  mode: dhcp\n  underlay: true\n'),
    ];
    expect(told(texts.join('---\n'))).toEqual([]);
  });

  it.each<[string, string, string, number]>([
    ['a name of 13', HEAD('ClusterNetwork', 'thirteen-char'), 'metadata.name', 4],
    [
      'an MTU only the controller sets',
      `${HEAD('ClusterNetwork', 'a')}  annotations: {network.harvesterhci.io/uplink-mtu: "9000"}\n`,
      'metadata.annotations["network.harvesterhci.io/uplink-mtu"]',
      5,
    ],
    [
      'an MTU out of range, of mgmt too',
      `${HEAD('ClusterNetwork', 'mgmt')}  annotations: {network.harvesterhci.io/uplink-mtu: "90"}\n`,
      'metadata.annotations["network.harvesterhci.io/uplink-mtu"]',
      5,
    ],
    ['no cluster network', vlanConfig('a', UPLINK), 'spec.clusterNetwork', 5],
    ['the management network', vlanConfig('a', `  clusterNetwork: mgmt\n${UPLINK}`), 'spec.clusterNetwork', 7],
    ['no uplink', vlanConfig('a', '  clusterNetwork: a\n'), 'spec.uplink.nics', 5],
    ['no interface', vlanConfig('a', '  clusterNetwork: a\n  uplink: {nics: []}\n'), 'spec.uplink.nics', 8],
    [
      'an interface twice',
      vlanConfig('a', '  clusterNetwork: a\n  uplink: {nics: [x, x]}\n'),
      'spec.uplink.nics[1]',
      8,
    ],
    [
      'an interface’s name too long',
      vlanConfig('a', '  clusterNetwork: a\n  uplink: {nics: [enp130s0f1np1abc]}\n'),
      'spec.uplink.nics[0]',
      8,
    ],
    [
      'a mode no bond has',
      vlanConfig('a', '  clusterNetwork: a\n  uplink: {nics: [x], bondOptions: {mode: lacp}}\n'),
      'spec.uplink.bondOptions.mode',
      8,
    ],
    [
      'an MTU of 10000',
      vlanConfig('a', '  clusterNetwork: a\n  uplink: {nics: [x], linkAttributes: {mtu: 10000}}\n'),
      'spec.uplink.linkAttributes.mtu',
      8,
    ],
    ['a VLAN of 0', hostNetwork('h', '  clusterNetwork: a\n  vlanID: 0\n  mode: dhcp\n'), 'spec.vlanID', 8],
    ['a VLAN as text', hostNetwork('h', '  clusterNetwork: a\n  vlanID: "7"\n  mode: dhcp\n'), 'spec.vlanID', 8],
    [
      'an interface of 16 characters',
      hostNetwork('h', '  clusterNetwork: eight-ch\n  vlanID: 2025\n  mode: dhcp\n'),
      'spec.vlanID',
      8,
    ],
    ['a mode nobody has', hostNetwork('h', '  clusterNetwork: a\n  vlanID: 7\n  mode: auto\n'), 'spec.mode', 9],
    ['static without addresses', hostNetwork('h', '  clusterNetwork: a\n  vlanID: 7\n  mode: static\n'), 'spec.ips', 5],
    [
      'an address without its prefix',
      hostNetwork('h', '  clusterNetwork: a\n  vlanID: 7\n  mode: static\n  ips:\n    n1: 10.0.0.1\n'),
      'spec.ips.n1',
      11,
    ],
    [
      'addresses of two subnets',
      hostNetwork(
        'h',
        '  clusterNetwork: a\n  vlanID: 7\n  mode: static\n  ips:\n    n1: 10.0.0.1/24\n    n2: 10.0.1.1/24\n',
      ),
      'spec.ips.n2',
      12,
    ],
  ])('%s', (_what, text, source, line) => {
    expect(told(text)).toEqual([[ID, source, line]]);
  });

  it('do not fit together: MTUs, nodes, VLANs, underlays', () => {
    const config = (name: string, node: string, mtu: number) =>
      vlanConfig(
        name,
        `  clusterNetwork: c\n  nodeSelector: {n: ${node}}\n  uplink: {nics: [x], linkAttributes: {mtu: ${mtu}}}\n`,
      );
    expect(told(`${config('a', 'a', 9000)}---\n${config('b', 'b', 1500)}`)).toMatchObject([
      [ID, 'spec.uplink.linkAttributes.mtu', 19],
    ]);
    expect(told(`${config('a', 'a', 0)}---\n${config('b', 'b', 1500)}`)).toEqual([]);
    expect(told(`${config('a', 'a', 0)}---\n${config('b', 'a', 0)}`)).toMatchObject([[ID, 'spec.nodeSelector', 18]]);
    const host = (name: string, vlan: number, underlay: boolean) =>
      hostNetwork(name, `  clusterNetwork: c\n  vlanID: ${vlan}\n  mode: dhcp\n  underlay: ${underlay}\n`);
    expect(told(`${host('a', 7, false)}---\n${host('b', 7, false)}`)).toMatchObject([[ID, 'spec.vlanID', 19]]);
    expect(told(`${host('a', 7, true)}---\n${host('b', 8, true)}`)).toMatchObject([[ID, 'spec.underlay', 21]]);
    expect(told(`${host('a', 7, true)}---\n${host('a', 7, true)}`)).toEqual([]);
  });

  it('are told, as information, to have a description', () => {
    const all = lintTexts({ f: HEAD('ClusterNetwork', 'a') }).filter(({ finding }) => finding.status === 'problem');
    expect(all).toMatchObject([{ finding: { problem: 'manifest-advice', severity: 'info', evidence: [{ line: 4 }] } }]);
  });

  it('of another group are nobody’s', () => {
    expect(
      told(HEAD('ClusterNetwork', 'a-name-that-is-long').replace('network.harvesterhci.io', 'example.com')),
    ).toEqual([]);
  });
});
