import { FORWARDING, STATION, type Topology } from '../topology.ts';

/** Two nodes that route, with a second path between them: what goes over the one comes back over the other. */
export const twoRoutedNodes: Topology = {
  name: 'two-routed-nodes',
  title: { en: 'Two nodes that route, and two paths between them', 'zh-CN': '两个做路由转发的节点，其间有两条路径' },
  drawing: `
                  node-1                   node-2
   client --- eth0      eth1 ---------> eth1      eth0 --- server
   10.70.1.2            eth2 <--------- eth2            10.70.2.2
                         requests go above, replies come below
`,
  nodes: [
    { name: 'node-1', settings: FORWARDING, routes: ['10.70.2.0/24 via 10.70.12.2'] },
    { name: 'node-2', settings: FORWARDING, routes: ['10.70.1.0/24 via 10.70.21.1'] },
    { name: 'client', settings: STATION, routes: ['default via 10.70.1.1'] },
    { name: 'server', settings: STATION, routes: ['default via 10.70.2.1'] },
  ],
  cables: [
    [
      { node: 'client', link: 'eth0', addresses: ['10.70.1.2/24'] },
      { node: 'node-1', link: 'eth0', addresses: ['10.70.1.1/24'] },
    ],
    [
      { node: 'node-1', link: 'eth1', addresses: ['10.70.12.1/24'] },
      { node: 'node-2', link: 'eth1', addresses: ['10.70.12.2/24'] },
    ],
    [
      { node: 'node-1', link: 'eth2', addresses: ['10.70.21.1/24'] },
      { node: 'node-2', link: 'eth2', addresses: ['10.70.21.2/24'] },
    ],
    [
      { node: 'node-2', link: 'eth0', addresses: ['10.70.2.1/24'] },
      { node: 'server', link: 'eth0', addresses: ['10.70.2.2/24'] },
    ],
  ],
  probes: [
    { from: 'client', to: '10.70.2.2' },
    { from: 'server', to: '10.70.1.2' },
  ],
  needs: [],
};
