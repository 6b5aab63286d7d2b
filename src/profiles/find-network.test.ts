import { describe, expect, it } from 'vitest';
import { captureOf, type NodeTree } from '../../test/node-tree.ts';
import { EMPTY, link, seen, snapshotWith } from '../../test/parts.ts';
import { known, unknown } from '../hosts/reading.ts';
import { snapshotOf } from '../snapshot/snapshot.ts';
import type { Unit } from '../snapshot/units.ts';
import { findProfile } from './find.ts';

const ORDINARY = ['lo', 'eth0'];

/** A node of these files, with these interfaces; nothing was told of the interfaces where there are none. */
function found(files: NodeTree['files'], interfaces: readonly string[] = ORDINARY) {
  const links = interfaces.map((ifname, at) => ({ ifindex: at + 1, ifname, flags: ['UP'], mtu: 1500 }));
  const commands = interfaces.length === 0 ? {} : { 'ip -d -j link show': JSON.stringify(links) };
  const { profile, evidence } = findProfile(snapshotOf(captureOf({ files, commands })));
  return { name: profile.name, evidence };
}

// As the projects write them: rke2-charts' rke2-canal, Calico's operator, Cilium, Multus thick and thin, k3s pkg/agent/flannel.
const CANAL = `{
  "name": "k8s-pod-network", "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico", "log_level": "info", "datastore_type": "kubernetes", "nodename": "node-1", "mtu": 1450,
      "ipam": { "type": "host-local", "ranges": [[{ "subnet": "usePodCidr" }]] },
      "policy": { "type": "k8s" }, "kubernetes": { "kubeconfig": "/etc/cni/net.d/calico-kubeconfig" }
    },
    { "type": "portmap", "snat": true, "capabilities": { "portMappings": true } },
    { "type": "bandwidth", "capabilities": { "bandwidth": true } }
  ]
}`;
const CALICO = `{
  "name": "k8s-pod-network", "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico", "datastore_type": "kubernetes", "mtu": 0, "nodename_file_optional": false,
      "log_level": "Info", "log_file_path": "/var/log/calico/cni/cni.log",
      "ipam": { "type": "calico-ipam", "assign_ipv4": "true", "assign_ipv6": "false" },
      "container_settings": { "allow_ip_forwarding": false },
      "policy": { "type": "k8s" }, "kubernetes": { "kubeconfig": "/etc/cni/net.d/calico-kubeconfig" }
    },
    { "type": "bandwidth", "capabilities": { "bandwidth": true } },
    { "type": "portmap", "snat": true, "capabilities": { "portMappings": true } }
  ]
}`;
const CALICO_HOST_LOCAL = CALICO.replace(
  /"ipam": \{[^}]*\}/,
  '"ipam": { "type": "host-local", "subnet": "usePodCidr" }',
);
const CILIUM = `{
  "cniVersion": "0.3.1", "name": "cilium",
  "plugins": [{ "type": "cilium-cni", "enable-debug": false, "log-file": "/var/run/cilium/cilium-cni.log" }]
}`;
const MULTUS_THICK = (first: string) => `{
  "capabilities": { "bandwidth": true, "portMappings": true }, "cniVersion": "0.3.1", "logLevel": "verbose",
  "logToStderr": true, "name": "multus-cni-network", "clusterNetwork": "/host/etc/cni/net.d/${first}",
  "type": "multus-shim"
}`;
const MULTUS_THIN = (delegate: string) => `{
  "cniVersion": "0.3.1", "name": "multus-cni-network", "type": "multus", "capabilities": { "portMappings": true },
  "kubeconfig": "/etc/cni/net.d/multus.d/multus.kubeconfig", "delegates": [${delegate}]
}`;
const FLANNEL = `{
  "name":"cbr0",
  "cniVersion":"1.0.0",
  "plugins":[
    { "type":"flannel", "delegate":{ "hairpinMode":true, "forceAddress":true, "isDefaultGateway":true } },
    { "type":"portmap", "capabilities":{ "portMappings":true } },
    { "type":"bandwidth", "capabilities":{ "bandwidth":true } }
  ]
}
`;
const NET_D = '/etc/cni/net.d';
const K3S_NET_D = '/var/lib/rancher/k3s/agent/etc/cni/net.d';
const RKE2 = { '/var/lib/rancher/rke2/agent/etc/crictl.yaml': '' };
const K3S = { '/var/lib/rancher/k3s/agent/etc/crictl.yaml': '' };
const RKE2_SERVER = { ...RKE2, '/etc/rancher/rke2/rke2.yaml': 'apiVersion: v1\n' };
const K3S_SERVER = { ...K3S, '/etc/rancher/k3s/k3s.yaml': 'apiVersion: v1\n' };

describe('RKE2', () => {
  it.each([
    ['Canal', { [`${NET_D}/10-canal.conflist`]: CANAL }, ['flannel.1', 'cali0a1'], 'rke2-canal'],
    ['Canal whose flannel has not started', { [`${NET_D}/10-canal.conflist`]: CANAL }, ORDINARY, 'rke2-canal'],
    ['Calico', { [`${NET_D}/10-calico.conflist`]: CALICO }, ['vxlan.calico'], 'rke2-calico'],
    [
      'Calico after Canal, whose device is left',
      { [`${NET_D}/10-calico.conflist`]: CALICO },
      ['flannel.1'],
      'rke2-calico',
    ],
    [
      'Calico before a file of Canal that is left',
      { [`${NET_D}/10-calico.conflist`]: CALICO, [`${NET_D}/10-canal.conflist`]: CANAL },
      ['vxlan.calico'],
      'rke2-calico',
    ],
    [
      'Calico with addresses from host-local',
      { [`${NET_D}/10-calico.conflist`]: CALICO_HOST_LOCAL },
      ['tunl0', 'cali0a1'],
      'rke2-calico',
    ],
    ['Cilium', { [`${NET_D}/05-cilium.conflist`]: CILIUM }, ['cilium_host'], 'rke2'],
    [
      'Cilium before what Canal left behind',
      { [`${NET_D}/05-cilium.conflist`]: CILIUM, [`${NET_D}/10-canal.conflist`]: CANAL },
      ['flannel.1'],
      'rke2',
    ],
    [
      'Multus in front of Canal, as a daemon',
      { [`${NET_D}/00-multus.conf`]: MULTUS_THICK('10-canal.conflist'), [`${NET_D}/10-canal.conflist`]: CANAL },
      ['flannel.1'],
      'rke2-canal',
    ],
    [
      'Multus in front of Calico, as a plugin',
      { [`${NET_D}/00-multus.conf`]: MULTUS_THIN(CALICO) },
      ORDINARY,
      'rke2-calico',
    ],
    [
      'Multus in front of Canal, as a plugin',
      { [`${NET_D}/00-multus.conf`]: MULTUS_THIN(CANAL) },
      ['flannel.1'],
      'rke2-canal',
    ],
    [
      'Multus in front of Cilium',
      { [`${NET_D}/00-multus.conf`]: MULTUS_THICK('05-cilium.conflist'), [`${NET_D}/05-cilium.conflist`]: CILIUM },
      ORDINARY,
      'rke2',
    ],
  ])('with %s', (_, files, interfaces, name) => {
    expect(found({ ...RKE2, ...files }, interfaces).name).toBe(name);
  });

  it.each([
    ['cni: calico\n', 'rke2-calico'],
    ['cni: multus,canal\n', 'rke2-canal'],
    ['cni:\n- multus\n- calico\n', 'rke2-calico'],
    ['cni: cilium\n', 'rke2'],
    ['cni: none\n', 'rke2'],
    ['token: x\n', 'rke2-canal'],
  ])('whose server is configured with %j and has no CNI configuration yet', (config, name) => {
    expect(found({ ...RKE2_SERVER, '/etc/rancher/rke2/config.yaml': config }).name).toBe(name);
  });

  it('whose agent says nothing of the network keeps it open until a device shows it', () => {
    const agent = { ...RKE2, '/etc/rancher/rke2/config.yaml': 'server: https://10.0.0.1:9345\n' };
    expect(found(agent)).toEqual({
      name: 'rke2',
      evidence: ['/var/lib/rancher/rke2/agent', 'nothing tells its Pod network'],
    });
    expect(found(agent, ['vxlan.calico']).name).toBe('rke2-calico');
    expect(found(agent, ['flannel.1', 'cali12345678901']).name).toBe('rke2-canal');
    expect(found(agent, ['flannel.1']).name).toBe('rke2');
  });

  it('whose CNI configuration cannot be read is judged by what else tells, and never guessed', () => {
    const denied = known([unknown('denied', `${NET_D}/10-canal.conflist`, 'permission denied')], NET_D);
    const { kubernetes } = snapshotOf(captureOf({ files: RKE2 }));
    const blind = snapshotWith({ kubernetes, cni: denied });
    expect(findProfile(blind).profile.name).toBe('rke2');
    const devices = snapshotWith({ kubernetes, cni: denied, links: seen([link('vxlan.calico')]) });
    expect(findProfile(devices).profile.name).toBe('rke2-calico');
    expect(found({ ...RKE2, [`${NET_D}/10-canal.conflist`]: '{' }).name).toBe('rke2');
  });

  it('with host-local addresses and interfaces nobody told of may be either', () => {
    expect(found({ ...RKE2, [`${NET_D}/10-k8s.conflist`]: CANAL }, []).name).toBe('rke2');
  });
});

describe('k3s', () => {
  const UNIT = (flag: string) => `[Service]
Type=notify
EnvironmentFile=-/etc/systemd/system/k3s.service.env
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStart=/usr/local/bin/k3s \\
    server \\
\t'--disable-network-policy' \\
\t${flag} \\

`;

  it('with its own flannel says what shows it', () => {
    expect(found({ ...K3S_SERVER, [`${K3S_NET_D}/10-flannel.conflist`]: FLANNEL }, ['flannel.1', 'cni0'])).toEqual({
      name: 'k3s-flannel',
      evidence: [
        '/var/lib/rancher/k3s/agent',
        'flannel-backend vxlan: /etc/rancher/k3s/config.yaml (flannel-backend is not set: the default)',
        `${K3S_NET_D}/10-flannel.conflist: flannel, portmap, bandwidth`,
        'flannel.1',
      ],
    });
  });

  it.each([
    ['--flannel-backend=none in quotes', "'--flannel-backend=none'", 'k3s'],
    ['none as a word of its own', "'--flannel-backend' \\\n\t'none'", 'k3s'],
    ['--flannel-backend host-gw', '--flannel-backend host-gw', 'k3s-flannel'],
  ])('with %s, whatever flannel left behind', (_, flag, name) => {
    const files = {
      ...K3S_SERVER,
      '/etc/systemd/system/k3s.service': UNIT(flag),
      [`${K3S_NET_D}/10-flannel.conflist`]: FLANNEL,
      [`${NET_D}/05-cilium.conflist`]: CILIUM,
    };
    expect(found(files, ['flannel.1']).name).toBe(name);
  });

  it('whose flannel is asked for but stands behind another configuration', () => {
    const files = { [`${K3S_NET_D}/10-calico.conflist`]: CALICO, [`${K3S_NET_D}/10-flannel.conflist`]: FLANNEL };
    expect(found({ ...K3S_SERVER, ...files }, ['flannel.1'])).toEqual({
      name: 'k3s',
      evidence: ['/var/lib/rancher/k3s/agent', `${K3S_NET_D}/10-calico.conflist: calico, bandwidth, portmap`],
    });
  });

  it.each([
    ['flannel-backend: none\ndisable-network-policy: true\n', 'k3s'],
    ['flannel-backend: wireguard-native\n', 'k3s-flannel'],
  ])('configured with %j', (config, name) => {
    expect(found({ ...K3S_SERVER, '/etc/rancher/k3s/config.yaml': config }).name).toBe(name);
  });

  it.each([
    [
      'flannel’s configuration',
      { [`${K3S_NET_D}/10-flannel.conflist`]: FLANNEL },
      ['flannel.1', 'cni0'],
      'k3s-flannel',
    ],
    [
      'that configuration and Cilium’s devices',
      { [`${K3S_NET_D}/10-flannel.conflist`]: FLANNEL },
      ['cilium_host'],
      'k3s',
    ],
    ['that configuration and Calico’s', { [`${K3S_NET_D}/10-flannel.conflist`]: FLANNEL }, ['vxlan.calico'], 'k3s'],
    [
      'that configuration and Canal’s',
      { [`${K3S_NET_D}/10-flannel.conflist`]: FLANNEL },
      ['flannel.1', 'cali0a1'],
      'k3s',
    ],
    ['Multus before flannel', { [`${K3S_NET_D}/00-multus.conf`]: MULTUS_THIN(FLANNEL) }, ORDINARY, 'k3s-flannel'],
    ['nothing yet', {}, ORDINARY, 'k3s'],
  ])('on an agent with %s', (_, files, interfaces, name) => {
    expect(found({ ...K3S, ...files }, interfaces).name).toBe(name);
  });
});

describe('several installations on one node', () => {
  const KUBEADM = { '/etc/kubernetes/kubelet.conf': 'apiVersion: v1\n' };
  const KUBEKEY = { '/etc/modules-load.d/kubekey-br_netfilter.conf': 'br_netfilter\n' };
  const unit = (name: string, activeState: string): Unit => ({
    ...{ name, activeState, subState: '', loadState: 'loaded', unitFileState: 'enabled', files: [] },
  });

  it('KubeKey’s marks make a kubeadm node KubeKey’s; without them it is kubeadm’s', () => {
    expect(found({ ...KUBEADM, ...KUBEKEY }).name).toBe('kubekey-ipvs');
    const config = '/var/lib/kubelet/pods/7d/volumes/kubernetes.io~configmap/kube-proxy/config.conf';
    expect(found({ ...KUBEADM, [config]: 'mode: ipvs\nipvs:\n  strictARP: true\n' })).toEqual({
      name: 'kubeadm',
      evidence: ['/etc/kubernetes/kubelet.conf', `kube-proxy: ipvs (${config})`],
    });
    expect(found({ '/etc/kubernetes/manifests/kube-apiserver.yaml': 'spec: {}\n' }).name).toBe('kubeadm');
  });

  it.each([
    ['nothing that runs: RKE2 first', [], 'rke2'],
    ['a kubelet that runs beside what RKE2 left', [unit('kubelet.service', 'active')], 'kubeadm'],
    [
      'RKE2 that runs beside what kubeadm left',
      [
        unit('kubelet.service', 'inactive'),
        unit('rke2-server.service', 'inactive'),
        unit('rke2-agent.service', 'active'),
      ],
      'rke2',
    ],
    ['k3s that starts beside what RKE2 left', [unit('k3s.service', 'activating')], 'k3s'],
    ['k3s that runs beside both', [unit('rke2-agent.service', 'failed'), unit('k3s-agent.service', 'active')], 'k3s'],
  ])('%s', (_, units, name) => {
    const { kubernetes } = snapshotOf(captureOf({ files: { ...RKE2, ...KUBEADM } }));
    const snapshot = snapshotWith({ kubernetes, units: { systemd: seen(true), units: seen(units) } });
    expect(findProfile(snapshot).profile.name).toBe(name);
  });

  it('a kubelet that is only installed has joined nothing', () => {
    const units = { systemd: seen(true), units: seen([unit('kubelet.service', 'activating')]) };
    expect(findProfile(snapshotWith({ units })).profile.name).toBe('generic');
    expect(findProfile(snapshotOf(EMPTY)).profile.name).toBe('generic');
  });
});
