import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

// Nodes as file trees, judged by the program itself: which distribution, which Pod network, where the leases are.

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hayward-trees-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hayward(...args: string[]) {
  const env = { ...process.env, LC_ALL: 'C', HAYWARD_STATE: join(folder, 'state') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

function treeOf(name: string, files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
  const tree = join(folder, name);
  for (const [path, text] of Object.entries({ ...COMMON, ...files })) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    symlinkSync(target, join(tree, path));
  }
  return tree;
}

const COMMON = {
  'etc/hostname': 'node-1\n',
  'etc/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  'proc/sys/kernel/osrelease': '6.1.0-28-amd64\n',
  'proc/sys/net/ipv4/ip_forward': '0\n',
  'proc/sys/net/ipv4/conf/all/rp_filter': '2\n',
  'proc/sys/net/ipv4/conf/default/forwarding': '0\n',
  'proc/swaps': 'Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n/dev/sda2 partition\t999420\t0\t-2\n',
};

const CALICO = `{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico",
      "datastore_type": "kubernetes",
      "mtu": 0,
      "log_level": "Info",
      "ipam": { "type": "calico-ipam", "assign_ipv4": "true", "assign_ipv6": "false" },
      "policy": { "type": "k8s" },
      "kubernetes": { "kubeconfig": "/etc/cni/net.d/calico-kubeconfig" }
    },
    { "type": "portmap", "snat": true, "capabilities": { "portMappings": true } }
  ]
}
`;

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

const PROXY = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
ipvs:
  strictARP: false
mode: ipvs
`;

const K3S_RELEASE = '9af0f0c4e5b1d1a4a7d8cb0d3a2c8a5d8f7c2b4c7b9f6a3e2d1c0b9a8f7e6d5c';

const RKE2_CALICO = treeOf(
  'rke2-calico',
  {
    'etc/rancher/rke2/config.yaml': 'token: K10x::server:y\ncni:\n- multus\n- calico\ncluster-cidr: 10.42.0.0/16\n',
    'etc/rancher/rke2/rke2.yaml': 'apiVersion: v1\nkind: Config\n',
    'var/lib/rancher/rke2/agent/etc/crictl.yaml': 'runtime-endpoint: unix:///run/k3s/containerd/containerd.sock\n',
    'etc/cni/net.d/00-multus.conf':
      '{"cniVersion":"0.3.1","name":"multus-cni-network","type":"multus-shim","clusterNetwork":"/host/etc/cni/net.d/10-calico.conflist"}\n',
    'etc/cni/net.d/10-calico.conflist': CALICO,
  },
  { 'var/lib/rancher/rke2/bin': '/var/lib/rancher/rke2/data/v1.33.5-rke2r1-4b1d3c2a9f00/bin' },
);

const K3S_FLANNEL = treeOf(
  'k3s-flannel',
  {
    'etc/rancher/k3s/config.yaml': 'cluster-cidr: 10.42.0.0/16\nwrite-kubeconfig-mode: "0644"\n',
    'etc/rancher/k3s/k3s.yaml': 'apiVersion: v1\nkind: Config\n',
    'etc/systemd/system/k3s.service':
      '[Service]\nType=notify\nExecStartPre=-/sbin/modprobe br_netfilter\nExecStartPre=-/sbin/modprobe overlay\nExecStart=/usr/local/bin/k3s \\\n    server \\\n',
    'var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist': FLANNEL,
    'run/flannel/subnet.env':
      'FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.0.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n',
    'var/lib/cni/networks/cbr0/10.42.0.7': `${'5f'.repeat(32)}\r\neth0`,
    'var/lib/cni/networks/cbr0/last_reserved_ip.0': '10.42.0.7',
  },
  { 'var/lib/rancher/k3s/data/current': `/var/lib/rancher/k3s/data/${K3S_RELEASE}` },
);

const PODS = 'var/lib/kubelet/pods/0c8f2a56-6a0e-4d58-9d4b-0a1b2c3d4e5f';
const KUBEADM = treeOf('kubeadm', {
  'etc/kubernetes/kubelet.conf': 'apiVersion: v1\nkind: Config\n',
  'etc/kubernetes/manifests/kube-apiserver.yaml':
    'spec:\n  containers:\n  - command:\n    - kube-apiserver\n    - --service-cluster-ip-range=10.96.0.0/12\n    image: registry.k8s.io/kube-apiserver:v1.33.4\n',
  [`${PODS}/volumes/kubernetes.io~configmap/kube-proxy/config.conf`]: PROXY,
  'etc/cni/net.d/10-calico.conflist': CALICO,
});

describe.each([
  ['rke2-calico', RKE2_CALICO, ['/var/lib/rancher/rke2/agent', '/etc/cni/net.d/10-calico.conflist: calico, portmap']],
  [
    'k3s-flannel',
    K3S_FLANNEL,
    [
      '/var/lib/rancher/k3s/agent',
      'flannel-backend vxlan: /etc/rancher/k3s/config.yaml (flannel-backend is not set: the default)',
      '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist: flannel, portmap, bandwidth',
    ],
  ],
  [
    'kubeadm',
    KUBEADM,
    [
      '/etc/kubernetes/manifests/kube-apiserver.yaml',
      `kube-proxy: ipvs (/${PODS}/volumes/kubernetes.io~configmap/kube-proxy/config.conf)`,
    ],
  ],
])('a tree of %s', (profile, tree, evidence) => {
  it('is known by what it holds, and judged as a cluster node', () => {
    const { targets, findings } = JSON.parse(hayward('doctor', '--root', tree, '--json').stdout);
    expect(targets).toMatchObject([{ name: 'node-1', profile, profileEvidence: evidence }]);
    const forward = findings.filter((one: { problem: string; status: string }) => one.problem === 'ip-forward');
    expect(forward).toMatchObject([{ status: 'problem', severity: 'critical', subject: 'net.ipv4.ip_forward' }]);
    const loose = findings.filter((one: { problem: string }) => one.problem === 'rp-filter');
    expect(loose.map(({ status }: { status: string }) => status)).not.toContain('problem');
  });

  it('is shown in a table before an installation', () => {
    const { stdout, stderr } = hayward('preflight', '--profile', profile, '--root', tree, '--lang', 'en');
    expect(stderr).not.toMatch(/^hayward: /m);
    expect(stdout).toMatch(/\| name +\|[\s\S]*\| node-1 \|[\s\S]*\nnode-1: /);
    for (const row of stdout.split('\n').filter((line) => line.startsWith('|'))) {
      expect(row.length, row).toBeLessThanOrEqual(80);
    }
    const verdict = stdout.replace(/\s+/g, ' ');
    if (profile === 'kubeadm')
      expect(verdict).toMatch(/node-1: the installer would stop \(.*ip-forward \S+, swap-on\)/);
  });
});

it("k3s's leases are found where flannel's bridge keeps them, in the range of this node", () => {
  const { networks } = JSON.parse(hayward('leases', '--root', K3S_FLANNEL, '--json').stdout);
  expect(networks).toMatchObject([
    {
      name: 'cbr0',
      dataDir: '/var/lib/cni/networks',
      ranges: ['10.42.0.1-10.42.0.254'],
      leases: [{ ip: '10.42.0.7' }],
    },
  ]);
});

it("Calico has an IPAM of its own: no leases of host-local's", () => {
  for (const tree of [RKE2_CALICO, KUBEADM]) {
    expect(JSON.parse(hayward('leases', '--root', tree, '--json').stdout).networks).toEqual([]);
  }
});
