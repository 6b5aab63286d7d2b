import type { Bilingual } from '../src/lang.ts';
import type { TopologyName } from './topologies/catalogue.ts';
import type { Probe } from './topology.ts';

/** One way to break a topology, as data. */
export interface Fault {
  readonly id: string;
  readonly topology: TopologyName;
  readonly title: Bilingual;
  /** The problem the doctor must find it as. */
  readonly problem: string;
  /** Shell lines, run in the topology's first node. */
  readonly commands: readonly string[];
  /** What is lost by it. */
  readonly loses: Probe;
  /** What the operator does about it, where hayward leaves it to whoever did it: rules are not its own. */
  readonly byHand?: string;
}

const BETWEEN_VMS: Probe = { from: 'vm-1', to: '10.77.0.12' };
const TO_SERVER: Probe = { from: 'client', to: '10.70.2.2' };
const TO_SERVICE: Probe = { from: 'pod-1', to: '10.43.0.10', port: 80 };

const BRIDGE_NF_ON = 'echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables';

export const FAULTS: readonly Fault[] = [
  {
    id: 'bridge-nf-on-with-forward-drop',
    topology: 'vm-bridge',
    title: {
      en: 'Bridged frames go through iptables, and FORWARD drops them',
      'zh-CN': '桥接帧经过 iptables，被 FORWARD 丢弃',
    },
    problem: 'bridge-netfilter',
    commands: ['iptables -P FORWARD DROP', BRIDGE_NF_ON],
    loses: BETWEEN_VMS,
  },
  {
    id: 'bridge-nf-on-with-masquerade',
    topology: 'vm-bridge',
    title: {
      en: 'Bridged frames go through iptables, and get the address of the node',
      'zh-CN': '桥接帧经过 iptables，源地址被改写为节点地址',
    },
    problem: 'bridge-netfilter',
    commands: ['iptables -t nat -A POSTROUTING -j MASQUERADE', BRIDGE_NF_ON],
    loses: BETWEEN_VMS,
  },
  {
    id: 'ip-forward-off',
    topology: 'two-routed-nodes',
    title: { en: 'The node no longer forwards', 'zh-CN': '节点不再转发' },
    problem: 'ip-forward',
    commands: ['echo 0 > /proc/sys/net/ipv4/ip_forward'],
    loses: TO_SERVER,
  },
  {
    id: 'rp-filter-strict',
    topology: 'two-routed-nodes',
    title: {
      en: 'Strict reverse path filtering where replies come another way',
      'zh-CN': '回程路径不同，却启用了严格反向路径过滤',
    },
    problem: 'rp-filter',
    commands: ['echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter'],
    loses: TO_SERVER,
  },
  {
    id: 'forward-drop',
    topology: 'two-routed-nodes',
    title: { en: 'FORWARD drops what nobody accepts', 'zh-CN': 'FORWARD 链默认丢弃' },
    problem: 'forward-policy',
    commands: ['iptables -P FORWARD DROP'],
    loses: TO_SERVER,
    byHand: 'iptables -P FORWARD ACCEPT',
  },
  {
    id: 'bridge-nf-on-for-all',
    topology: 'vm-and-cni',
    title: { en: 'What the Pods need is switched on for the VMs too', 'zh-CN': 'Pod 需要的开关对虚拟机也打开了' },
    problem: 'bridge-netfilter',
    commands: [BRIDGE_NF_ON],
    loses: BETWEEN_VMS,
  },
  {
    id: 'bridge-nf-off-for-all',
    topology: 'vm-and-cni',
    title: { en: 'What the VMs need is switched off for the Pods too', 'zh-CN': '为虚拟机关闭的开关对 Pod 也关闭了' },
    problem: 'bridge-netfilter',
    commands: ['ip link set dev cni0 type bridge nf_call_iptables 0'],
    loses: TO_SERVICE,
  },
  {
    id: 'ipvs-without-forwarding',
    topology: 'ipvs-nodes',
    title: { en: 'IPVS takes the request in, and the reply gets no further', 'zh-CN': 'IPVS 收到请求，应答却出不去' },
    problem: 'ip-forward',
    commands: ['echo 0 > /proc/sys/net/ipv4/ip_forward'],
    loses: { from: 'client', to: '10.80.1.1', port: 30080 },
  },
];
