import type { Words } from '../../judging/problem.ts';

export type IpvsFacts =
  | { readonly kind: 'one-way'; readonly service: string }
  | { readonly kind: 'conntrack-off' }
  | { readonly kind: 'device-missing' }
  | { readonly kind: 'masquerade-missing' }
  | { readonly kind: 'arp'; readonly key: string; readonly value: string };

const NODEPORT: Words['impact'] = {
  en: 'A NodePort answers on one node only, Services and DNS time out ("CoreDNS i/o timeout"), while ipvsadm shows connections: often "works after a reboot".',
  'zh-CN':
    'NodePort 只有一个节点能访问，Service 与 DNS 超时（“CoreDNS i/o timeout”），而 ipvsadm 里能看到连接：常见表现是“重启后就好了”。',
};

export function explainIpvs(facts: IpvsFacts): Words {
  switch (facts.kind) {
    case 'one-way':
      return {
        title: {
          en: `IPVS takes requests for ${facts.service} and no answer comes back`,
          'zh-CN': `IPVS 收到了 ${facts.service} 的请求，却没有任何应答返回`,
        },
        cause: {
          en: "InPkts rises while OutPkts stays 0: the request reaches the Pod, and the answer is lost before this node can translate it back. With forwarding, reverse-path filtering and the FORWARD chain in order here, look at the Pod's node and at masquerading (KUBE-POSTROUTING): an answer that does not pass this node again is never translated.",
          'zh-CN':
            'InPkts 增长而 OutPkts 始终为 0：请求到达了 Pod，应答在本节点还原地址之前丢失。若本机的转发、反向路径过滤和 FORWARD 链均正常，请检查 Pod 所在节点以及 masquerade（KUBE-POSTROUTING）：不再经过本节点的应答不会被还原。',
        },
        impact: NODEPORT,
      };
    case 'conntrack-off':
      return {
        title: { en: 'IPVS connections are hidden from connection tracking', 'zh-CN': 'IPVS 连接未纳入连接跟踪' },
        cause: {
          en: 'net.ipv4.vs.conntrack is 0. kube-proxy sets 1 at its start, because masquerading IPVS traffic needs it; something set it back, and kube-proxy does not look again.',
          'zh-CN':
            'net.ipv4.vs.conntrack 为 0。kube-proxy 启动时会设为 1，因为 IPVS 流量的 masquerade 依赖它；之后有程序改了回去，而 kube-proxy 不会再检查。',
        },
        impact: NODEPORT,
      };
    case 'device-missing':
      return {
        title: { en: 'kube-ipvs0 is missing', 'zh-CN': '缺少 kube-ipvs0 设备' },
        cause: {
          en: 'kube-proxy runs in IPVS mode, but the device that holds the virtual addresses does not exist: packets for a ClusterIP are not for this host and never reach IPVS.',
          'zh-CN':
            'kube-proxy 处于 IPVS 模式，但承载虚拟地址的设备不存在：发往 ClusterIP 的报文不属于本机，到不了 IPVS。',
        },
        impact: NODEPORT,
      };
    case 'masquerade-missing':
      return {
        title: {
          en: 'Nothing masquerades what IPVS sends to other nodes',
          'zh-CN': '没有任何规则对 IPVS 发往其他节点的报文做 masquerade',
        },
        cause: {
          en: 'kube-proxy runs in IPVS mode, but its MASQUERADE rule (KUBE-POSTROUTING) is gone: a Pod on another node answers the client directly, with an address the client never asked. A firewall that was flushed or restarted after kube-proxy does this.',
          'zh-CN':
            'kube-proxy 处于 IPVS 模式，但它的 MASQUERADE 规则（KUBE-POSTROUTING）不见了：其他节点上的 Pod 会直接应答客户端，而客户端从未访问过该地址。防火墙在 kube-proxy 之后被清空或重启就会这样。',
        },
        impact: NODEPORT,
      };
    case 'arp':
      return {
        title: {
          en: `This node answers ARP for addresses of Services (${facts.key})`,
          'zh-CN': `本节点会应答 Service 地址的 ARP（${facts.key}）`,
        },
        cause: {
          en: `kube-proxy's strictARP is on, so ${facts.key} should be ${facts.value}; every node carries every virtual address on kube-ipvs0 and would answer for it.`,
          'zh-CN': `kube-proxy 开启了 strictARP，${facts.key} 应为 ${facts.value}；每个节点的 kube-ipvs0 上都有全部虚拟地址，都会应答。`,
        },
        impact: {
          en: 'LoadBalancer addresses (MetalLB, kube-vip) flap between nodes.',
          'zh-CN': 'LoadBalancer 地址（MetalLB、kube-vip）在节点之间来回漂移。',
        },
      };
  }
}
