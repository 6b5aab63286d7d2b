import { known, mapReading, type Reading } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { Permission } from '../model.ts';
import { pieceOf } from './objects.ts';

/** A request a check makes, and the attributes an access review knows it by. */
interface Request {
  /** As a person would write it. */
  readonly text: string;
  readonly path: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Given to every node by the Node authorizer (plugin/pkg/auth/authorizer/node/node_authorizer.go) or by RBAC's system:node. */
  readonly ofEveryNode: boolean;
}

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/**
 * Asks for each thing the checks need both ways: what the server says it would allow, and the request itself, of one object at the
 * most. The two differ where a gate or another authorizer comes between: then the request is right.
 */
export async function collectPermissions(client: KubeClient, node: Reading<string>): Promise<readonly Permission[]> {
  const requests = [...OF_ANYBODY, ...(node.known ? ofNode(node.value) : [])];
  return Promise.all(
    requests.map(async ({ text, path, attributes, ofEveryNode }) => {
      const question = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: attributes },
      };
      const [review, answer] = await Promise.all([client.review(REVIEWS, question), client.json(path)]);
      return {
        request: text,
        ofEveryNode,
        review: mapReading(review, (object) => pieceOf(object).at('status', 'allowed').value === true),
        answered: answeredOf(answer),
      };
    }),
  );
}

/** That something does not exist is an answer too: whoever may not look is told nothing. */
function answeredOf(answer: Reading<unknown>): Reading<true> {
  if (answer.known || answer.reason === 'absent') return known(true, answer.source);
  return answer;
}

const OF_ANYBODY: readonly Request[] = [
  {
    text: 'list pods --all-namespaces',
    path: '/api/v1/pods?limit=1',
    attributes: { verb: 'list', resource: 'pods' },
    ofEveryNode: false,
  },
  {
    // What Harvester's console asked up to v1.5.0-rc.
    text: 'list pods --namespace harvester-system',
    path: '/api/v1/namespaces/harvester-system/pods?limit=1',
    attributes: { verb: 'list', resource: 'pods', namespace: 'harvester-system' },
    ofEveryNode: false,
  },
  {
    text: 'list nodes',
    path: '/api/v1/nodes?limit=1',
    attributes: { verb: 'list', resource: 'nodes' },
    ofEveryNode: false,
  },
  {
    text: 'list services --all-namespaces',
    path: '/api/v1/services?limit=1',
    attributes: { verb: 'list', resource: 'services' },
    ofEveryNode: true,
  },
  {
    text: 'get endpoints kubernetes --namespace default',
    path: '/api/v1/namespaces/default/endpoints/kubernetes',
    attributes: { verb: 'get', resource: 'endpoints', namespace: 'default', name: 'kubernetes' },
    ofEveryNode: true,
  },
  {
    text: 'get configmap vip --namespace harvester-system',
    path: '/api/v1/namespaces/harvester-system/configmaps/vip',
    attributes: { verb: 'get', resource: 'configmaps', namespace: 'harvester-system', name: 'vip' },
    ofEveryNode: false,
  },
  {
    text: 'list deployments --namespace harvester-system',
    path: '/apis/apps/v1/namespaces/harvester-system/deployments?limit=1',
    attributes: { verb: 'list', group: 'apps', resource: 'deployments', namespace: 'harvester-system' },
    ofEveryNode: false,
  },
  {
    text: 'list validatingwebhookconfigurations',
    path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?limit=1',
    attributes: { verb: 'list', group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' },
    ofEveryNode: false,
  },
];

function ofNode(name: string): readonly Request[] {
  const own = encodeURIComponent(name);
  const requirements = [{ key: 'spec.nodeName', operator: 'In', values: [name] }];
  return [
    {
      text: `list pods --all-namespaces --field-selector spec.nodeName=${name}`,
      path: `/api/v1/pods?limit=1&fieldSelector=spec.nodeName%3D${own}`,
      // Known to reviews from 1.31 on; older servers leave it out, and their answer is of all Pods.
      attributes: { verb: 'list', resource: 'pods', fieldSelector: { requirements } },
      ofEveryNode: true,
    },
    {
      text: `get node ${name}`,
      path: `/api/v1/nodes/${own}`,
      attributes: { verb: 'get', resource: 'nodes', name },
      ofEveryNode: true,
    },
    {
      text: `get lease ${name} --namespace kube-node-lease`,
      path: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${own}`,
      attributes: { verb: 'get', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease', name },
      ofEveryNode: true,
    },
  ];
}
