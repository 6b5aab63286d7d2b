import type { Topology } from '../topology.ts';
import { ipvsNodes } from './ipvs-nodes.ts';
import { twoRoutedNodes } from './two-routed-nodes.ts';
import { vmAndCni } from './vm-and-cni.ts';
import { vmBridge } from './vm-bridge.ts';

export const TOPOLOGIES = {
  'vm-bridge': vmBridge,
  'two-routed-nodes': twoRoutedNodes,
  'vm-and-cni': vmAndCni,
  'ipvs-nodes': ipvsNodes,
} as const satisfies Readonly<Record<string, Topology>>;

export type TopologyName = keyof typeof TOPOLOGIES;

export const TOPOLOGY_NAMES = Object.keys(TOPOLOGIES) as readonly TopologyName[];
