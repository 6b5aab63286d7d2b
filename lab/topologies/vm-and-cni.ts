import { BRIDGE_NETFILTER, bridgeNetfilter, FORWARDING, STATION, type Topology } from '../topology.ts';

const SERVICE = '10.43.0.10';

/**
 * Both kinds of bridge on one node: VMs, whose frames the node must not filter, and Pods of a bridge CNI, whose
 * Service is hair-pinned on the same bridge: the reply passes from port to port and must be seen by conntrack to be
 * translated back. Healthy is the global switch 0 and cni0's own 1.
 */
export const vmAndCni: Topology = {
  name: 'vm-and-cni',
  title: { en: 'A VM bridge beside a CNI bridge on one node', 'zh-CN': '同一节点上虚拟机网桥与 CNI 网桥并存' },
  drawing: `
   vm-1 10.77.0.11    vm-2 10.77.0.12   pod-1 10.42.0.2   pod-2 10.42.0.3
        |                  |                 |                 |
   +----+------- br0 ------+----+       +----+----- cni0 ------+----+
   |  node     10.77.0.1                        10.42.0.1           |
   |                  Service 10.43.0.10:80 -> pod-2:8080           |
   +----------------------------------------------------------------+
`,
  nodes: [
    {
      name: 'node',
      settings: { ...FORWARDING, ...bridgeNetfilter('0') },
      rules: `*filter
:INPUT ACCEPT
:FORWARD DROP
:OUTPUT ACCEPT
-A FORWARD -s 10.42.0.0/16 -j ACCEPT
-A FORWARD -d 10.42.0.0/16 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
-A PREROUTING -d ${SERVICE}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.0.3:8080
COMMIT
`,
      commands: ['ip link set dev cni0 type bridge nf_call_iptables 1'],
    },
    { name: 'vm-1', settings: STATION },
    { name: 'vm-2', settings: STATION },
    { name: 'pod-1', settings: STATION, routes: ['default via 10.42.0.1'] },
    { name: 'pod-2', settings: STATION, routes: ['default via 10.42.0.1'], answersOn: 8080 },
  ],
  bridges: [
    { node: 'node', name: 'br0', addresses: ['10.77.0.1/24'] },
    { node: 'node', name: 'cni0', addresses: ['10.42.0.1/24'] },
  ],
  cables: [
    [
      { node: 'node', link: 'port1', bridge: 'br0' },
      { node: 'vm-1', link: 'eth0', addresses: ['10.77.0.11/24'] },
    ],
    [
      { node: 'node', link: 'port2', bridge: 'br0' },
      { node: 'vm-2', link: 'eth0', addresses: ['10.77.0.12/24'] },
    ],
    [
      { node: 'node', link: 'veth1', bridge: 'cni0' },
      { node: 'pod-1', link: 'eth0', addresses: ['10.42.0.2/24'] },
    ],
    [
      { node: 'node', link: 'veth2', bridge: 'cni0' },
      { node: 'pod-2', link: 'eth0', addresses: ['10.42.0.3/24'] },
    ],
  ],
  probes: [
    { from: 'vm-1', to: '10.77.0.12' },
    { from: 'pod-1', to: SERVICE, port: 80 },
  ],
  needs: [BRIDGE_NETFILTER],
};
