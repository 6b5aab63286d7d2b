import { describe, expect, it } from 'vitest';
import type { NodeTree } from '../../test/node-tree.ts';
import { parsed, unseen } from '../../test/parse.ts';
import { kubernetes } from './kubernetes.ts';

const POD = '/var/lib/kubelet/pods/3f0d/volumes/kubernetes.io~configmap/kube-proxy/config.conf';
const RKE2_PROXY = '/var/lib/rancher/rke2/agent/pod-manifests/kube-proxy.yaml';
const IPVS0 = JSON.stringify([
  { ifindex: 3, ifname: 'kube-ipvs0', mtu: 1500, flags: [], linkinfo: { info_kind: 'dummy' } },
]);

const at = (files: NodeTree['files'], commands: NodeTree['commands'] = {}) => parsed(kubernetes, { files, commands });

function manifest(...args: string[]): string {
  return `kind: Pod\nspec:\n  containers:\n  - command: [program]\n    args: ${JSON.stringify(args)}\n`;
}

describe('the release that runs here', () => {
  const versionOf = (tree: Partial<NodeTree>) => parsed(kubernetes, { files: {}, ...tree }).version;
  const rke2 = (target: string) => versionOf({ links: { '/var/lib/rancher/rke2/bin': target } });

  it('is where RKE2 links its programs', () => {
    const target = '/var/lib/rancher/rke2/data/v1.31.5-rke2r1-1f5e9bc6a1d2/bin';
    expect(rke2(target)).toEqual({ known: true, value: 'RKE2 v1.31.5+rke2r1', source: '/var/lib/rancher/rke2/bin' });
    expect(rke2('/opt/rke2/bin')).toMatchObject({ known: false, reason: 'failed' });
  });

  it('is the digest k3s unpacked last, which tells one release from another', () => {
    const links = { '/var/lib/rancher/k3s/data/current': '/var/lib/rancher/k3s/data/9f0c1b2a3d4e5f60718293a4b5c6d7e8' };
    expect(versionOf({ links })).toMatchObject({ value: 'k3s 9f0c1b2a3d4e' });
  });

  it('is the API server’s tag on a control plane', () => {
    const text = 'spec:\n  containers:\n  - image: registry.k8s.io/kube-apiserver:v1.30.4\n';
    const files = { '/etc/kubernetes/manifests/kube-apiserver.yaml': text };
    expect(versionOf({ files })).toMatchObject({ value: 'Kubernetes v1.30.4' });
  });

  it('is absent on a worker, and not known where nobody looked', () => {
    expect(versionOf({ files: { '/etc/kubernetes/kubelet.conf': '' } })).toMatchObject({ reason: 'absent' });
    expect(unseen(kubernetes).version).toMatchObject({ known: false, reason: 'not-collected' });
  });
});

describe('distributions', () => {
  it.each([
    [{ '/var/lib/rancher/rke2/agent/kubelet.kubeconfig': '' }, 'rke2', '/var/lib/rancher/rke2/agent'],
    [{ '/etc/rancher/rke2/config.yaml': '' }, 'rke2', '/etc/rancher/rke2/config.yaml'],
    [{ '/var/lib/rancher/k3s/server/token': '' }, 'k3s', '/var/lib/rancher/k3s/server'],
    [
      { '/etc/modules-load.d/kubekey-br_netfilter.conf': '' },
      'kubekey',
      '/etc/modules-load.d/kubekey-br_netfilter.conf',
    ],
    [{ '/usr/local/bin/kube-scripts/initOS.sh': '' }, 'kubekey', '/usr/local/bin/kube-scripts'],
    [{ '/etc/kubernetes/kubelet.conf': '' }, 'kubeadm', '/etc/kubernetes/kubelet.conf'],
  ])('finds %o', (files, name, evidence) => {
    expect(at(files).distributions).toEqual([{ name, evidence }]);
  });

  it('tells KubeKey before kubeadm, by which it installs', () => {
    const found = at({
      '/etc/kubernetes/manifests/kube-apiserver.yaml': manifest(),
      '/usr/local/bin/kube-scripts/initOS.sh': '',
    });
    expect(found.distributions.map(({ name }) => name)).toEqual(['kubekey', 'kubeadm']);
  });

  it('finds none on other machines, and says whether that is the whole truth', () => {
    expect(at({ '/etc/modules-load.d/modules.conf': '', '/etc/rancher/rke2/notes': '' })).toMatchObject({
      distributions: [],
      complete: true,
    });
    expect(unseen(kubernetes)).toMatchObject({ distributions: [], complete: false });
  });
});

describe('proxyMode', () => {
  it('believes the configuration the kubelet mounted', () => {
    const found = at({
      [POD]:
        'kind: KubeProxyConfiguration\nmode: ipvs\nipvs:\n  strictARP: true\nclusterCIDR: 10.233.64.0/18,fd00::/108\n',
    });
    expect(found).toMatchObject({
      proxyMode: { value: 'ipvs', source: POD },
      strictArp: { value: true },
      podCidrs: { value: ['10.233.64.0/18', 'fd00::/108'] },
    });
    expect(at({ [POD]: 'mode: ""\n' })).toMatchObject({
      proxyMode: { value: 'iptables' },
      strictArp: { value: false },
    });
  });

  it('believes neither of two that differ', () => {
    const found = at({ [POD]: 'mode: ipvs\n', [POD.replace('3f0d', '4a11')]: 'mode: iptables\n' });
    expect(found.proxyMode).toMatchObject({ known: false, reason: 'failed' });
    const device = at(
      { [POD]: 'mode: ipvs\n', [POD.replace('3f0d', '4a11')]: 'mode: iptables\n' },
      { 'ip -d -j link show': IPVS0 },
    );
    expect(device.proxyMode).toMatchObject({ value: 'ipvs', source: 'ip -d -j link show' });
  });

  it('reads RKE2’s manifest and configuration', () => {
    expect(at({ [RKE2_PROXY]: manifest('--proxy-mode=iptables', '--cluster-cidr=10.42.0.0/16') })).toMatchObject({
      proxyMode: { value: 'iptables', source: RKE2_PROXY },
      podCidrs: { value: ['10.42.0.0/16'], source: RKE2_PROXY },
    });
    const config = '/etc/rancher/rke2/config.yaml';
    const configured = at({
      [config]: 'kube-proxy-arg: proxy-mode=iptables\nservice-cidr: 10.53.0.0/16\n',
      [`${config}.d/10-a.yaml`]: 'kube-proxy-arg+:\n  - ipvs-strict-arp=true\ncluster-cidr: [10.52.0.0/16]\n',
      [`${config}.d/20-b.yaml`]: 'kube-proxy-arg+: ["proxy-mode=ipvs"]\n',
    });
    expect(configured).toMatchObject({
      proxyMode: { value: 'ipvs' },
      strictArp: { value: true },
      podCidrs: { value: ['10.52.0.0/16'], source: `${config}.d/10-a.yaml` },
      serviceCidrs: { value: ['10.53.0.0/16'], source: config },
    });
    expect(at({ [config]: 'disable-kube-proxy: true\n' }).proxyMode).toMatchObject({ value: 'none' });
  });

  it('reads a k3s server’s unit', () => {
    const unit = '/etc/systemd/system/k3s.service';
    expect(at({ [unit]: 'ExecStart=/usr/local/bin/k3s server\n' }).proxyMode).toMatchObject({
      value: 'iptables',
      source: unit,
    });
    expect(
      at({ [unit]: 'ExecStart=/usr/local/bin/k3s server --kube-proxy-arg=proxy-mode=ipvs\n' }).proxyMode,
    ).toMatchObject({ value: 'ipvs' });
    expect(at({ [unit]: 'ExecStart=/usr/local/bin/k3s server --disable-kube-proxy\n' }).proxyMode).toMatchObject({
      value: 'none',
    });
  });

  it('sees the device of ipvs mode, by a command or by its settings', () => {
    expect(at({}, { 'ip -d -j link show': IPVS0 }).proxyMode).toMatchObject({
      value: 'ipvs',
      source: 'ip -d -j link show',
    });
    const device = '/proc/sys/net/ipv4/conf/kube-ipvs0/forwarding';
    expect(at({ [device]: '1\n' }).proxyMode).toMatchObject({ value: 'ipvs', source: device });
  });

  it('is unknown where nothing tells, or where what would tell cannot be read', () => {
    expect(at({}).proxyMode).toMatchObject({ known: false, reason: 'absent' });
    expect(at({ [RKE2_PROXY]: 'spec: [' }).proxyMode).toMatchObject({
      known: false,
      reason: 'failed',
      source: RKE2_PROXY,
    });
    expect(at({ [RKE2_PROXY]: manifest('--proxy-mode=magic') }).proxyMode).toMatchObject({
      detail: 'mode: "magic" is none of kube-proxy\'s',
    });
    expect(unseen(kubernetes).proxyMode).toMatchObject({ known: false, reason: 'not-collected' });
  });
});

describe('CIDRs', () => {
  it('come from a control plane’s command lines', () => {
    const found = at({
      '/etc/kubernetes/manifests/kube-apiserver.yaml': manifest('--service-cluster-ip-range=10.233.0.0/18'),
      '/etc/kubernetes/manifests/kube-controller-manager.yaml': manifest('--cluster-cidr', '10.233.64.0/18'),
    });
    expect(found.serviceCidrs).toMatchObject({ value: ['10.233.0.0/18'] });
    expect(found.podCidrs).toMatchObject({ value: ['10.233.64.0/18'] });
    expect(at({}).serviceCidrs).toMatchObject({ known: false, reason: 'absent' });
  });
});
