import { FORWARDING, IPVS, type NodeSpec, STATION, type Topology } from '../topology.ts';

const NODE_PORT = 30080;
const POD = '10.80.2.2';

/** A node as kube-proxy leaves it in IPVS mode: the NodePort on its own address, masqueraded to the Pod. */
function ipvsNode(name: string, address: string, routes: readonly string[]): NodeSpec {
  return {
    name,
    settings: { ...FORWARDING, 'net/ipv4/vs/conntrack': '1' },
    routes,
    rules: `*nat
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
-A POSTROUTING -d ${POD}/32 -p tcp -m tcp --dport 8080 -j MASQUERADE
COMMIT
`,
    commands: [
      'ip link add kube-ipvs0 type dummy',
      `ipvsadm -A -t ${address}:${NODE_PORT} -s rr`,
      `ipvsadm -a -t ${address}:${NODE_PORT} -r ${POD}:8080 -m`,
    ],
  };
}

/** A NodePort on two nodes whose Pod runs on the second: what KubeKey sets up by default. */
export const ipvsNodes: Topology = {
  name: 'ipvs-nodes',
  title: { en: 'A NodePort by IPVS on two nodes', 'zh-CN': '两个节点上由 IPVS 提供的 NodePort' },
  drawing: `
              10.80.1.1:30080
   client ---- eth0 node-1 eth1 ------ eth0 node-2 eth1 ---- pod 10.80.2.2
     |                                    eth2                   :8080
     +-----------------------------------------+
                           10.80.3.1:30080
`,
  nodes: [
    ipvsNode('node-1', '10.80.1.1', ['10.80.2.0/24 via 10.80.12.2']),
    ipvsNode('node-2', '10.80.3.1', []),
    { name: 'client', settings: STATION },
    { name: 'pod', settings: STATION, routes: ['default via 10.80.2.1'], answersOn: 8080 },
  ],
  cables: [
    [
      { node: 'client', link: 'eth0', addresses: ['10.80.1.2/24'] },
      { node: 'node-1', link: 'eth0', addresses: ['10.80.1.1/24'] },
    ],
    [
      { node: 'node-1', link: 'eth1', addresses: ['10.80.12.1/24'] },
      { node: 'node-2', link: 'eth0', addresses: ['10.80.12.2/24'] },
    ],
    [
      { node: 'node-2', link: 'eth1', addresses: ['10.80.2.1/24'] },
      { node: 'pod', link: 'eth0', addresses: [`${POD}/24`] },
    ],
    [
      { node: 'client', link: 'eth1', addresses: ['10.80.3.2/24'] },
      { node: 'node-2', link: 'eth2', addresses: ['10.80.3.1/24'] },
    ],
  ],
  probes: [
    { from: 'client', to: '10.80.1.1', port: NODE_PORT },
    { from: 'client', to: '10.80.3.1', port: NODE_PORT },
  ],
  needs: [IPVS],
};
