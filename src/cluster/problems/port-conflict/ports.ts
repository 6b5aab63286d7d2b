import type { Bilingual } from '../../../lang.ts';

export interface Port {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Whose it is, for people. */
  readonly owner: Bilingual;
  /** Programs that rightly have it, by the kernel's name for them (15 characters of it). */
  readonly programs: readonly string[];
  readonly without: Bilingual;
  /** The management address needs it. */
  readonly ofVip?: true;
}

const RKE2 = ['rke2', 'k3s', 'k3s-server', 'k3s-agent'];

const ALWAYS: readonly Port[] = [
  {
    port: 6443,
    protocol: 'tcp',
    owner: { en: 'kube-apiserver', 'zh-CN': 'kube-apiserver' },
    // Agents and load balancers stand for it on nodes that have none.
    programs: ['kube-apiserver', ...RKE2, 'haproxy', 'nginx', 'kube-vip', 'envoy'],
    without: { en: 'The API server of this node does not start.', 'zh-CN': '本节点的 API server 无法启动。' },
  },
  {
    port: 10250,
    protocol: 'tcp',
    owner: { en: 'kubelet', 'zh-CN': 'kubelet' },
    programs: ['kubelet', ...RKE2],
    without: {
      en: 'The kubelet does not start; the node goes NotReady.',
      'zh-CN': 'kubelet 无法启动，节点变为 NotReady。',
    },
  },
  {
    port: 8472,
    protocol: 'udp',
    owner: { en: 'the VXLAN of flannel and Canal', 'zh-CN': 'flannel 与 Canal 的 VXLAN' },
    // The kernel's own socket: no program has it.
    programs: [],
    without: { en: 'Pods reach no Pods of other nodes.', 'zh-CN': 'Pod 无法访问其他节点的 Pod。' },
  },
];

const SUPERVISOR: Port = {
  port: 9345,
  protocol: 'tcp',
  owner: { en: "RKE2's supervisor", 'zh-CN': 'RKE2 supervisor' },
  programs: RKE2,
  without: { en: 'No node can join through this one.', 'zh-CN': '其他节点无法通过本节点加入。' },
};

const INGRESS: readonly Port[] = [443, 80].map((port) => ({
  port,
  protocol: 'tcp',
  ofVip: true,
  owner: { en: 'the ingress controller', 'zh-CN': 'ingress 控制器' },
  programs: ['nginx', 'nginx-ingress-c', 'nginx-ingress', 'traefik', 'kube-vip', ...RKE2],
  without: { en: 'The management address leads to another program.', 'zh-CN': '管理地址会连到其他程序。' },
}));

/** kube-vip cmd/kube-vip.go: up to 0.8 log.Fatalf, from 0.9.2 on log.Error. */
const METRICS: Port = {
  port: 2112,
  protocol: 'tcp',
  ofVip: true,
  owner: { en: "kube-vip's metrics", 'zh-CN': 'kube-vip 的指标' },
  programs: ['kube-vip'],
  without: {
    en: 'kube-vip before 0.9.2 (Harvester v1.5, v1.6) ends over it, again and again, and the management address with it.',
    'zh-CN': 'kube-vip 0.9.2 之前（Harvester v1.5、v1.6）会因此反复退出，管理地址随之不可用。',
  },
};

/** harvester#8389, #6563: wicked holds *:68 where the management interface uses DHCP too. */
const DHCP: Port = {
  port: 68,
  protocol: 'udp',
  ofVip: true,
  owner: { en: "kube-vip's DHCP client", 'zh-CN': 'kube-vip 的 DHCP 客户端' },
  programs: ['kube-vip'],
  without: {
    en: 'kube-vip cannot renew the address it has by DHCP: it is lost when its lease ends, or kube-vip restarts over and over.',
    'zh-CN': 'kube-vip 无法续租 DHCP 地址：租约到期后丢失，或 kube-vip 反复重启。',
  },
};

/** The ports that matter on a node: those of a VIP only where there is one, DHCP's only where it has its address so. */
export function portsFor({ vip, dhcp, rke2 }: Readonly<Record<'vip' | 'dhcp' | 'rke2', boolean>>): readonly Port[] {
  return [
    ...ALWAYS,
    ...(rke2 ? [SUPERVISOR] : []),
    ...(vip ? [...INGRESS, METRICS] : []),
    ...(vip && dhcp ? [DHCP] : []),
  ];
}
