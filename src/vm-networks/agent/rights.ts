import type { Right } from '../../cluster/client/rights.ts';
import { GROUP } from '../cluster/model.ts';

/** What the agent on a node asks of the API server (agent.ts). */
export const NETWORKS_AGENT_RIGHTS: readonly Right[] = [
  { verbs: ['list', 'watch'], group: GROUP, resources: ['nodenetworkprobes'], why: 'What it is asked to probe.' },
  { verbs: ['patch'], group: GROUP, resources: ['nodenetworkprobes/status'], why: 'What it found.' },
];
