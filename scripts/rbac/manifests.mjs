// Which manifest grants what to whom. The rights themselves stand beside the code that uses them.
import { account, boundRole, clusterRole, manifestText, namespace, ownNodeOnly, policy, viewRole } from './text.mjs';

/** Where the code states its rights, and what else manifests say of it, by the name it is exported under. */
export const SOURCES = {
  CONTROLLER_RIGHTS: 'src/fleet/controller/rights.ts',
  SWEEP_RIGHTS: 'src/fleet/controller/rights.ts',
  RUN_LABELS: 'src/dataplane/run-namespace.ts',
  STATUS_RIGHTS: 'src/cluster/collect/rights.ts',
  REPORTER_RIGHTS: 'src/fleet/reporter-rights.ts',
  NETWORKS_AGENT_RIGHTS: 'src/vm-networks/agent/rights.ts',
  NETWORKS_CONTROLLER_RIGHTS: 'src/vm-networks/controller/rights.ts',
};

const SEE = ['get', 'list', 'watch'];
const OWN_NODE =
  "A role is the same for the agents of all nodes. That one node's does not answer for another, whoever has taken that node over, the API server sees by the Pod's token, which names its node (Kubernetes 1.30 and newer; older ones do not know this kind).";

/** Each manifest's text, by its path. */
export function manifests(rights) {
  return {
    'deploy/networks/rbac.yaml': manifestText({
      heading:
        'Who hayward networks controller and its agents are to the API server, and all they may do there: each verb below is one they use, and none is missing (rbac.kube.test.ts). After crds.yaml: kubectl apply -f rbac.yaml',
      objects: [
        namespace(
          "The agents look at the node's own network: host namespaces and capabilities are what the baseline forbids.",
        ),
        ...account({ name: 'hayward-networks-controller', rights: rights.NETWORKS_CONTROLLER_RIGHTS }),
        ...account({ name: 'hayward-networks-agent', rights: rights.NETWORKS_AGENT_RIGHTS }),
        ...ownNodeOnly({
          name: 'hayward-networks-agent',
          why: OWN_NODE,
          resources: [{ group: 'hayward.internal', resource: 'nodenetworkprobes/status' }],
          rule: 'object.metadata.name == node',
          message: 'an agent answers for its own node alone',
        }),
        viewRole({
          name: 'hayward-networks-view',
          why: 'Whoever may view a cluster sees what is known of its VM networks: kubectl get vmnetworks -A, hayward networks list.',
          rights: [{ verbs: SEE, group: 'hayward.internal', resources: ['vmnetworks', 'nodenetworkprobes'], why: '' }],
        }),
      ],
    }),
    'deploy/guard/rbac.yaml': manifestText({
      heading:
        'Who a guard that reports to the cluster is to the API server, and all it may do there: each verb below is one it uses, and none is missing (reporting.kube.test.ts). After deploy/controller/crds.yaml: kubectl apply -f rbac.yaml',
      objects: [
        namespace('Host namespaces, host paths and capabilities are what the baseline forbids.'),
        ...account({ name: 'hayward-guard', rights: rights.REPORTER_RIGHTS, automount: false }),
        ...ownNodeOnly({
          name: 'hayward-guard',
          why: `${OWN_NODE} Without it a guard could also write over the Leases by which others in this namespace lead.`,
          resources: [
            { group: 'hayward.internal', resource: 'nodereports' },
            { group: 'coordination.k8s.io', resource: 'leases' },
          ],
          rule: "object.metadata.name == (request.resource.resource == 'leases' ? 'hayward-guard-' + node : node)",
          message: 'a guard reports of its own node alone',
        }),
        viewRole({
          name: 'hayward-guard-view',
          why: 'Whoever may view a cluster sees what its nodes report: kubectl get nodereports.',
          rights: [{ verbs: SEE, group: 'hayward.internal', resources: ['nodereports'], why: '' }],
        }),
      ],
    }),
    'deploy/controller/rbac.yaml': manifestText({
      heading:
        'Who hayward controller is to the API server, and all it may do there: each verb below is one it uses, and none is missing (rbac.kube.test.ts). After crds.yaml and deploy/networks/crds.yaml: kubectl apply -f rbac.yaml',
      objects: [
        namespace(
          'The guards look at the node itself: host namespaces, host paths and capabilities are what the baseline forbids.',
        ),
        ...account({ name: 'hayward-controller', rights: rights.CONTROLLER_RIGHTS }),
        viewRole({
          name: 'hayward-controller-view',
          why: 'Whoever may view a cluster sees what it tells of itself: kubectl get clusterreports, nodereports.',
          rights: [{ verbs: SEE, group: 'hayward.internal', resources: ['clusterreports', 'nodereports'], why: '' }],
        }),
      ],
    }),
    'deploy/controller/sweep.yaml': manifestText({
      heading:
        'By which hayward controller removes the namespaces that killed runs of hayward dataplane left behind, and no others. For Kubernetes 1.30 and newer alone: older ones do not know the policy, without which the role below would let it delete any namespace. After rbac.yaml: kubectl apply -f sweep.yaml',
      objects: [
        ...policy({
          name: 'hayward-controller-sweep',
          account: 'hayward-controller',
          why: 'A role cannot say which namespaces may be deleted: those of runs of hayward dataplane.',
          resources: [{ group: '', resource: 'namespaces' }],
          operations: ['DELETE'],
          expression: ownLabels(rights.RUN_LABELS),
          message: 'only a namespace that a run of hayward dataplane made is deleted',
        }),
        ...boundRole({
          name: 'hayward-controller-sweep',
          account: 'hayward-controller',
          rights: rights.SWEEP_RIGHTS,
        }),
      ],
    }),
    'deploy/status/rbac.yaml': manifestText({
      heading:
        'What hayward status asks of the API server, for whoever runs it without being an administrator: each verb below is one it uses (deploy/controller/rbac.kube.test.ts). It is bound to nobody yet:\n  kubectl create clusterrolebinding hayward-status --clusterrole hayward-status --user NAME',
      objects: [clusterRole({ name: 'hayward-status', rights: rights.STATUS_RIGHTS })],
    }),
  };
}

function ownLabels(labels) {
  const each = Object.entries(labels).map(
    ([key, value]) => `'${key}' in oldObject.metadata.labels && oldObject.metadata.labels['${key}'] == '${value}'`,
  );
  return ['has(oldObject.metadata.labels)', ...each].join(' &&\n        ');
}
