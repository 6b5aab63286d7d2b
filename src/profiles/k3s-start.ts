import type { Resetter, Want, WantedModule } from './profile.ts';

/**
 * What the k3s and RKE2 processes write each time they start, before containerd and the kubelet (k3s
 * pkg/agent/syssetup/setup.go, which RKE2 runs too). The IPv6 half of it only happens in clusters with IPv6.
 */
export function writesAtStart(unit: string): readonly Resetter[] {
  return [
    {
      unit,
      key: 'net/bridge/bridge-nf-call-iptables',
      value: '1',
      reason: {
        en: `${unit} writes 1 at every start, before the kubelet (k3s pkg/agent/syssetup); releases from mid-2026 leave it out where kube-proxy is off and flannel is not used`,
        'zh-CN': `${unit} 每次启动时都会在 kubelet 之前写入 1（k3s pkg/agent/syssetup）；2026 年年中之后的版本在禁用 kube-proxy 且不使用 flannel 时不再写入`,
      },
    },
    {
      unit,
      key: 'net/ipv4/ip_forward',
      value: '1',
      reason: {
        en: `${unit} writes net.ipv4.conf.all.forwarding=1 at every start, which is ip_forward under another name`,
        'zh-CN': `${unit} 每次启动都会写入 net.ipv4.conf.all.forwarding=1，它与 ip_forward 是同一个值`,
      },
    },
  ];
}

/** Routing for Pods: a node of any of these clusters forwards packets between its Pods and the others'. */
export const FORWARDING: readonly Want[] = [
  {
    key: 'net/ipv4/ip_forward',
    value: '1',
    compare: 'is',
    reason: {
      en: 'Packets between Pods and the rest of the network are routed by the node; with 0 they are dropped',
      'zh-CN': 'Pod 与外部之间的报文由节点转发；为 0 时会被丢弃',
    },
  },
  {
    key: 'net/ipv4/conf/default/forwarding',
    value: '1',
    compare: 'is',
    reason: {
      en: 'An interface made later (a Pod’s veth, a VLAN) copies this value; with 0 it would not forward',
      'zh-CN': '之后新建的接口（Pod 的 veth、VLAN 子接口）会继承该值；为 0 时新接口不转发',
    },
  },
];

/** Why a node of any distribution needs these two. */
export const OVERLAY: WantedModule = {
  name: 'overlay',
  reason: { en: 'containerd’s image layers are overlay mounts', 'zh-CN': 'containerd 的镜像层使用 overlay 挂载' },
};
export const CONNTRACK: WantedModule = {
  name: 'nf_conntrack',
  reason: {
    en: 'Services rest on connection tracking: without it no ClusterIP or NodePort is translated',
    'zh-CN': 'Service 依赖连接跟踪：没有它，ClusterIP 和 NodePort 都不会做地址转换',
  },
};

/** What RKE2's unit and k3s load themselves at start (rke2 bundle/lib/systemd/system, k3s pkg/agent/syssetup). */
export const K3S_MODULES: readonly WantedModule[] = [
  {
    name: 'br_netfilter',
    reason: {
      en: 'RKE2 sets net.bridge.* and Harvester’s network controller stops with an error where the keys are missing',
      'zh-CN': 'RKE2 会设置 net.bridge.*；缺少这些键时 Harvester 的 network-controller 会报错退出',
    },
  },
  OVERLAY,
  CONNTRACK,
];
