import type { Right } from '../cluster/client/rights.ts';
import { GROUP } from '../vm-networks/cluster/model.ts';
import { HEARTBEAT_NAMESPACE } from './heartbeat.ts';
import { NODE_REPORTS } from './node-report.ts';

/** What a guard that reports asks of the API server (speaker.ts). */
export const REPORTER_RIGHTS: readonly Right[] = [
  { verbs: ['get'], group: '', resources: ['nodes'], why: "Its Node's uid: what it writes goes with that Node." },
  {
    verbs: ['get', 'create', 'patch'],
    group: GROUP,
    resources: [NODE_REPORTS.plural],
    why: 'What it says of its node, and what was said of it before.',
  },
  {
    verbs: ['create', 'patch'],
    group: 'coordination.k8s.io',
    resources: ['leases'],
    namespace: HEARTBEAT_NAMESPACE,
    why: 'That it lives.',
  },
];
