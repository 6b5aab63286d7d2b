import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inventoryOf } from './inventory.ts';

function nodes(text: string) {
  return inventoryOf(text).nodes;
}

describe("KubeKey's configuration", () => {
  it('of 3.x is a list of hosts, with other documents after it', () => {
    const {
      kind,
      nodes: found,
      unused,
    } = inventoryOf(`apiVersion: kubekey.kubesphere.io/v1alpha2
kind: Cluster
metadata:
  name: sample
spec:
  hosts:
  - {name: master1, address: 10.0.0.11, internalAddress: 10.0.0.11, user: ubuntu, password: "Qcloud@123"}
  - {name: node1, address: 10.0.0.12, port: 8022, user: ubuntu, privateKeyPath: "~/.ssh/id_rsa", arch: arm64}
  - {name: node2, internalAddress: 10.0.0.13}
  roleGroups:
    etcd: [master1]
---
apiVersion: installer.kubesphere.io/v1alpha1
kind: ClusterConfiguration
`);
    expect(kind).toBe('kubekey');
    expect(found).toEqual([
      { name: 'master1', address: '10.0.0.11', user: 'ubuntu' },
      { name: 'node1', address: '10.0.0.12', user: 'ubuntu', port: 8022, keyFile: '~/.ssh/id_rsa' },
      { name: 'node2', address: '10.0.0.13', user: 'root' },
    ]);
    expect(unused).toEqual(['master1']);
  });

  it('of 4.x is an inventory with connectors', () => {
    const text = `apiVersion: kubekey.kubesphere.io/v1
kind: Inventory
metadata: {name: default}
spec:
  hosts:
    localhost:
      connector: {password: "123456"}
    node1:
      connector: {type: ssh, host: 192.168.6.4, port: 22, user: kk, password: "123456"}
      internal_ipv4: 10.1.0.1
    node2:
      internal_ipv4: 10.1.0.2,fd00::2
  groups:
    k8s_cluster: {groups: [kube_control_plane]}
`;
    expect(nodes(text)).toEqual([
      { name: 'localhost', address: 'localhost', local: true },
      { name: 'node1', address: '192.168.6.4', user: 'kk', port: 22 },
      { name: 'node2', address: '10.1.0.2', user: 'root' },
    ]);
    expect(JSON.stringify(inventoryOf(text))).not.toContain('123456');
  });

  it.each([
    ['hosts: {}', 'spec.hosts: expected a list'],
    ['hosts: [1]', 'spec.hosts 1: expected an object'],
    ['hosts: [{name: a}]', 'spec.hosts 1: a name and an address are needed'],
    ['hosts: [{name: a, address: b, port: 99999}]', 'spec.hosts 1: a port is a number'],
    ['hosts: []', 'it names no node'],
    ['other: []', 'expected a list'],
  ])('with %s is refused with the place', (spec, why) => {
    expect(() => inventoryOf(`apiVersion: kubekey.kubesphere.io/v1alpha2\nkind: Cluster\nspec:\n  ${spec}\n`)).toThrow(
      why,
    );
  });
});

describe("Ansible's inventory", () => {
  const expected = [
    { name: 'lone', address: 'lone', user: 'everyone' },
    { name: 'm1', address: '10.0.0.1', user: 'admin', port: 2222 },
    { name: 'w01', address: 'w01', user: 'worker', keyFile: '/k e y' },
    { name: 'w02', address: 'w02', user: 'worker', keyFile: '/k e y' },
  ];

  it('in INI: groups, ranges, variables and who wins', () => {
    const found = inventoryOf(`# a comment
lone
[masters]
m1 ansible_host=10.0.0.1 ansible_port=2222 ansible_password='s3 cret'  # here

[workers]
w[01:02] ansible_ssh_private_key_file="/k e y"
[cluster:children]
masters
workers
[cluster:vars]
ansible_user=admin
[workers:vars]
ansible_user = worker
[all:vars]
ansible_user=everyone
ansible_ssh_common_args=-o ProxyCommand="touch /tmp/x"
`);
    expect(found.nodes).toEqual(expected);
    expect(found.unused).toEqual(['lone', 'm1', 'w01', 'w02']);
    expect(JSON.stringify(found)).not.toMatch(/s3 cret|ProxyCommand/);
  });

  it('in YAML: the same', () => {
    const found = inventoryOf(`all:
  hosts:
    lone:
  vars: {ansible_user: everyone}
  children:
    cluster:
      vars: {ansible_user: admin}
      children:
        masters:
          hosts:
            m1: {ansible_host: 10.0.0.1, ansible_port: 2222, ansible_become_password: x}
        workers:
          hosts:
            w[01:02]: {ansible_ssh_private_key_file: /k e y}
          vars: {ansible_user: worker}
`);
    expect(found.nodes).toEqual(expected);
    expect(found.unused).toEqual(['m1']);
  });

  it('knows a port in a name, letters in a range, steps, and the machine itself', () => {
    expect(nodes('a[b:d]:2200 ansible_user=u\n').map(({ address, port }) => [address, port])).toEqual([
      ['ab', 2200],
      ['ac', 2200],
      ['ad', 2200],
    ]);
    expect(nodes('n[0:9:3] x=1\n').map(({ name }) => name)).toEqual(['n0', 'n3', 'n6', 'n9']);
    expect(nodes('{"all": {"hosts": {"j": {"ansible_host": "10.0.0.9"}}}}')).toEqual([
      { name: 'j', address: '10.0.0.9' },
    ]);
    expect(nodes('h ansible_connection=local\n')).toEqual([{ name: 'h', address: 'h', local: true }]);
  });

  it.each([
    ['[a:children]\nb\n[b:children]\na\n[a]\nx y=1\n', 'children of each other'],
    ['h[1:99999999] a=1\n', 'no range'],
    ['h[1:9999][1:9999] a=1\n', 'more than 10000 hosts'],
    ['h a="x\n', 'line 1: a quote is not closed'],
    ['h word\n', 'line 1: expected NAME=VALUE'],
    ['[bad section]\n', 'line 1: expected [group]'],
    ['h ansible_host={{other}}\n', 'a template'],
    ['h ansible_port=x\n', 'a port is a number'],
    ['all:\n  hosts: [a]\n', 'hosts should be a mapping'],
    ['a: b: c\n', 'not YAML'],
    ['', 'names no node'],
  ])('%j is refused with the place', (text, why) => {
    expect(() => inventoryOf(text)).toThrow(why);
  });
});

describe('a plain list', () => {
  it('is one destination a line', () => {
    const text = '# nodes\nroot@10.0.0.1\nnode-2:2222   # two\n\n[fd00::1]:22\nroot@10.0.0.1\n';
    expect(inventoryOf(text)).toMatchObject({
      kind: 'list',
      nodes: [{ address: 'root@10.0.0.1' }, { address: 'node-2:2222' }, { address: '[fd00::1]:22' }],
    });
  });

  it('and any other text is read as something or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(...'abc[]:=\n "\'#{}-&*!|>@.0 \\') }), (text) => {
        try {
          expect(inventoryOf(text).nodes.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ name: 'InventoryError' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
