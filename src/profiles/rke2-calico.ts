import { CONNTRACK, FORWARDING, OVERLAY } from './k3s-start.ts';
import type { Profile, Want, WantedModule } from './profile.ts';
import { rke2 } from './rke2.ts';

/**
 * Felix makes each cali… interface forward, and writes ip_forward when it starts (its IPForwarding, on by default); the
 * interface by which a packet leaves for another node is the host's (calico felix/dataplane/linux/endpoint_mgr.go,
 * configureInterface; felix/config).
 */
const ROUTED: Want['reason'] = {
  en: 'Calico has no bridge: every packet of a Pod, even to its neighbour, is routed by the node; with 0 it is dropped',
  'zh-CN': 'Calico 没有网桥：Pod 的每个报文（包括发往同节点 Pod 的）都由节点路由；为 0 时会被丢弃',
};

const BRIDGE_KEYS: WantedModule = {
  name: 'br_netfilter',
  reason: {
    en: 'RKE2 loads it and sets net.bridge.* at every start, as long as kube-proxy runs; Calico itself has no bridge to filter',
    'zh-CN': '只要启用 kube-proxy，RKE2 每次启动都会加载它并设置 net.bridge.*；Calico 自身没有需要过滤的网桥',
  },
};

/**
 * RKE2 with Calico: Pods behind routed veths (cali…), VXLAN between nodes unless configured otherwise (the rke2-calico
 * chart), addresses from Calico's own IPAM, so host-local has no leases here.
 *
 * rp_filter is not in the table. Felix once refused to start while conf.all was 2 unless FELIX_IGNORELOOSERPF was set;
 * since felix#2189 (merged 2020, before RKE2 had Calico) it asks the raw table instead, and a cali… interface gets what
 * conf.default had when Felix started (0 in eBPF mode). So loose harms nothing here, and strict is judged by the paths.
 */
export const rke2Calico: Profile = {
  ...rke2,
  name: 'rke2-calico',
  title: { en: 'RKE2 with Calico', 'zh-CN': 'RKE2（Calico 网络）' },
  wants: FORWARDING.map((want) => (want.key === 'net/ipv4/ip_forward' ? { ...want, reason: ROUTED } : want)),
  modules: [BRIDGE_KEYS, OVERLAY, CONNTRACK],
};
