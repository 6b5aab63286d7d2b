import { describe, expect, it } from 'vitest';
import { asNode, findingsOf, healthy, notCollected, wrongWith } from '../../../test/cluster.ts';
import { known, unknown } from '../../hosts/reading.ts';
import { judgeCluster } from '../judge.ts';
import type { Permission } from '../model.ts';

const ID = 'node-authorization';

/** As kube-apiserver 1.33.13 says it (lab/kube/node-authorization.kube.test.ts). */
const MESSAGES: readonly (readonly [string, string])[] = [
  [
    'pods is forbidden: User "system:node:node-1" cannot list resource "pods" in API group "" at the cluster scope: can only list/watch pods with spec.nodeName field selector',
    'AuthorizeNodeWithSelectors, on since Kubernetes 1.32: a node may list the Pods of its own node alone',
  ],
  [
    'nodes is forbidden: User "system:node:node-1" cannot list resource "nodes" in API group "" at the cluster scope: node \'node-1\' cannot read all nodes, only its own Node object',
    'a node may read its own Node object alone',
  ],
  [
    'nodes "node-2" is forbidden: User "system:node:node-1" cannot get resource "nodes" in API group "" at the cluster scope: node \'node-1\' cannot read \'node-2\', only its own Node object',
    'a node may read its own Node object alone',
  ],
  [
    'configmaps "vip" is forbidden: User "system:node:node-1" cannot get resource "configmaps" in API group "" in the namespace "harvester-system": no relationship found between node \'node-1\' and this object',
    'a node may read what Pods bound to it use',
  ],
  [
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope',
    'RBAC: no rule allows it',
  ],
];

function asked(answered: Permission['answered'], ofEveryNode = false) {
  const permissions = [{ request: 'list pods', ofEveryNode, review: known(false, 'kubectl auth can-i'), answered }];
  return { ...asNode(healthy()), permissions };
}

describe(ID, () => {
  it.each(MESSAGES)('names the rule that refuses: %s', (message, rule) => {
    const [found] = findingsOf(ID, asked(unknown('denied', 'kubectl get', `HTTP 403: ${message}`)));
    expect(found).toMatchObject({ status: 'unknown', severity: 'info', unknown: { reason: 'denied' } });
    expect(found?.unknown?.detail).toContain(rule);
  });

  it('is found where a node is refused what every node is given', () => {
    const refused = unknown('denied', 'kubectl get', `HTTP 403: ${MESSAGES[0]?.[0]}`);
    expect(findingsOf(ID, asked(refused, true))).toMatchObject([{ status: 'problem', severity: 'warning' }]);
    expect(wrongWith(asked(refused, true))).toEqual([ID]);
    expect(judgeCluster(asked(refused, true), { lang: 'en' }).verdict).toBe('ready');
    const jane = { ...asked(refused, true), identity: known({ username: 'jane', groups: [] }, 'whoami') };
    expect(findingsOf(ID, jane)).toMatchObject([{ status: 'unknown', severity: 'info' }]);
  });

  it('is clear where it was answered', () => {
    expect(findingsOf(ID, asked(known(true, 'kubectl get'), true))).toMatchObject([{ status: 'ok' }]);
    const gone = unknown('absent', 'kubectl get', 'HTTP 404: nodes "node-1" not found');
    expect(findingsOf(ID, asked(gone))).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where asking failed', () => {
    const failed = unknown('failed', 'kubectl get', 'no answer in 10 s');
    expect(findingsOf(ID, asked(failed, true))).toMatchObject([{ status: 'unknown', severity: 'info' }]);
    expect(findingsOf(ID, { ...asked(failed), permissions: [], identity: notCollected })).toMatchObject([
      { status: 'not-applicable' },
    ]);
  });
});
