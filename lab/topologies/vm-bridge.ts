import { BRIDGE_NETFILTER, bridgeNetfilter, FORWARDING, STATION, type Topology } from '../topology.ts';

/** A hypervisor as Harvester builds it: VMs on a bridge without an address, the node's own address beside it. */
export const vmBridge: Topology = {
  name: 'vm-bridge',
  title: { en: 'Two virtual machines on a bridge of a node', 'zh-CN': '节点网桥上的两台虚拟机' },
  drawing: `
   vm-1 10.77.0.11                      vm-2 10.77.0.12
        |                                    |
   +----+---------------- br0 ---------------+----+
   |    port1                            port2    |
   |  node          mgmt0 192.0.2.10              |
   +------------------------+---------------------+
                            |
                    gateway 192.0.2.1
`,
  nodes: [
    { name: 'node', settings: { ...FORWARDING, ...bridgeNetfilter('0') }, routes: ['default via 192.0.2.1'] },
    { name: 'vm-1', settings: STATION },
    { name: 'vm-2', settings: STATION },
    { name: 'gateway', settings: STATION },
  ],
  bridges: [{ node: 'node', name: 'br0' }],
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
      { node: 'node', link: 'mgmt0', addresses: ['192.0.2.10/24'] },
      { node: 'gateway', link: 'eth0', addresses: ['192.0.2.1/24'] },
    ],
  ],
  probes: [
    { from: 'vm-1', to: '10.77.0.12' },
    { from: 'vm-2', to: '10.77.0.11' },
  ],
  needs: [BRIDGE_NETFILTER],
};
