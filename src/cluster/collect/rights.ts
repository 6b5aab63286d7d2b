import type { Right } from '../client/rights.ts';

/**
 * What a look at the cluster asks of the API server (hayward status): it only reads. What is refused is told as unknown, never as not
 * ready. Not among them: the log of cattle-cluster-agent, in a namespace that few clusters have; it names a cause and decides nothing.
 */
export const STATUS_RIGHTS: readonly Right[] = [
  { verbs: ['list'], group: '', resources: ['nodes', 'pods', 'services'], why: 'What runs, and where.' },
  {
    verbs: ['get'],
    group: '',
    resources: ['services', 'endpoints'],
    why: "What stands behind webhooks and behind Harvester's and Rancher's Services.",
  },
  {
    verbs: ['list'],
    group: 'apps',
    resources: ['deployments', 'daemonsets'],
    why: 'Whether its parts are rolled out.',
  },
  {
    verbs: ['get'],
    group: 'apps',
    resources: ['deployments'],
    names: ['cattle-cluster-agent'],
    why: 'By which it reports to a Rancher elsewhere.',
  },
  {
    verbs: ['list'],
    group: 'coordination.k8s.io',
    resources: ['leases'],
    namespace: 'kube-node-lease',
    why: 'When each kubelet was last heard.',
  },
  {
    verbs: ['get'],
    group: 'coordination.k8s.io',
    resources: ['leases'],
    names: ['plndr-svcs-lock'],
    why: 'Which node has the management address; in harvester-system, which only Harvester has.',
  },
  { verbs: ['get'], group: '', resources: ['configmaps'], names: ['vip'], why: 'What that address is to be.' },
  {
    verbs: ['list'],
    group: 'admissionregistration.k8s.io',
    resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
    why: 'Webhooks that may hold up every request.',
  },
  { verbs: ['list'], group: 'management.cattle.io', resources: ['managedcharts'], why: 'What Rancher installs.' },
  {
    verbs: ['get'],
    group: 'harvesterhci.io',
    resources: ['settings'],
    names: ['server-version'],
    why: "Harvester's release.",
  },
  { verbs: ['get'], urls: ['/metrics'], why: 'How often webhooks failed, as the API server counted.' },
];
