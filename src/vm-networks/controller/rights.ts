import type { Right } from '../../cluster/client/rights.ts';
import { ATTACHMENTS, GROUP, LEASE, VM_NETWORKS } from '../cluster/model.ts';

/** What the controller of VM networks asks of the API server (sight.ts, writes.ts, ../../cluster/client/lead.ts). */
export const NETWORKS_CONTROLLER_RIGHTS: readonly Right[] = [
  {
    verbs: ['list', 'watch', 'patch'],
    group: 'k8s.cni.cncf.io',
    resources: [ATTACHMENTS.plural],
    why: "Which networks there are; patch sets Harvester's route annotation. No create: a network that was just deleted stays so.",
  },
  {
    verbs: ['list', 'watch'],
    group: '',
    resources: ['nodes'],
    why: 'Which cluster networks a node has: its labels.',
  },
  {
    verbs: ['list', 'watch', 'create', 'patch', 'delete'],
    group: GROUP,
    resources: [VM_NETWORKS.plural, 'nodenetworkprobes'],
    why: 'What it says of each network, and what it asks of each node: not what the nodes answer, which is nodenetworkprobes/status.',
  },
  {
    verbs: ['create'],
    group: 'coordination.k8s.io',
    resources: ['leases'],
    namespace: LEASE.namespace,
    why: 'The name of what is created cannot be told beforehand.',
  },
  {
    verbs: ['get', 'update'],
    group: 'coordination.k8s.io',
    resources: ['leases'],
    names: [LEASE.name],
    namespace: LEASE.namespace,
    why: 'One of the replicas leads.',
  },
];
