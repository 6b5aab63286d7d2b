import type { Right } from '../../cluster/client/rights.ts';
import { STATUS_RIGHTS } from '../../cluster/collect/rights.ts';
import { GROUP } from '../../vm-networks/cluster/model.ts';
import { NETWORKS_CONTROLLER_RIGHTS } from '../../vm-networks/controller/rights.ts';
import { CLUSTER_REPORTS } from '../cluster-report.ts';
import { HEARTBEAT_NAMESPACE } from '../heartbeat.ts';
import { NODE_REPORTS } from '../node-report.ts';

/** What judging all nodes as one asks of the API server (watch-fleet.ts, fleet-writes.ts, node-conditions.ts, sweep-runs.ts). */
const FLEET_RIGHTS: readonly Right[] = [
  { verbs: ['list', 'watch'], group: GROUP, resources: [NODE_REPORTS.plural], why: 'What each node says of itself.' },
  { verbs: ['list', 'watch'], group: '', resources: ['nodes'], why: 'Which nodes there are.' },
  {
    verbs: ['list', 'watch'],
    group: 'coordination.k8s.io',
    resources: ['leases'],
    namespace: HEARTBEAT_NAMESPACE,
    why: 'Which guards live.',
  },
  {
    verbs: ['list', 'watch', 'create', 'patch'],
    group: GROUP,
    resources: [CLUSTER_REPORTS.plural],
    why: 'What it says of the whole.',
  },
  { verbs: ['patch'], group: GROUP, resources: [`${CLUSTER_REPORTS.plural}/status`], why: '' },
  {
    verbs: ['patch'],
    group: '',
    resources: ['nodes/status'],
    why: 'The condition HaywardNetworkProblem; not used with --node-conditions=off.',
  },
  {
    verbs: ['create', 'patch'],
    group: 'events.k8s.io',
    resources: ['events'],
    namespace: 'default',
    why: 'Events of what has no namespace are kept there.',
  },
];

/**
 * What removing namespaces asks (sweep-runs.ts), granted apart: only where an admission policy says which ones may it be granted, and API
 * servers before Kubernetes 1.30 do not know such a policy.
 */
export const SWEEP_RIGHTS: readonly Right[] = [
  {
    verbs: ['list', 'delete'],
    group: '',
    resources: ['namespaces'],
    why: 'What killed runs of hayward dataplane left behind; no other may be deleted (the policy above).',
  },
];

/** What `hayward controller` asks of the API server but for sweeping: that of all nodes, what `networks controller` asks, and what a look of `status` does. */
export const CONTROLLER_RIGHTS: readonly Right[] = [...FLEET_RIGHTS, ...NETWORKS_CONTROLLER_RIGHTS, ...STATUS_RIGHTS];
