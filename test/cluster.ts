import { judgeCluster } from '../src/cluster/judge.ts';
import type { Certificate } from '../src/cluster/model/machine.ts';
import type { NodeLook } from '../src/cluster/model/nodes.ts';
import type { Answered, Outcome, Unanswered } from '../src/cluster/model/outcome.ts';
import type { Part, Webhook } from '../src/cluster/model/parts.ts';
import type { ApiServer, ClusterSnapshot } from '../src/cluster/model.ts';
import { known, type Reading, unknown } from '../src/hosts/reading.ts';
import type { Finding } from '../src/judging/finding.ts';

/** The moment every sample cluster is looked at. */
export const NOW = '2026-03-01T12:00:00.000Z';

/** `seconds` before (after, where negative) the moment. */
export function ago(seconds: number): string {
  return new Date(Date.parse(NOW) - seconds * 1000).toISOString();
}

export const denied = unknown(
  'denied',
  'kubectl get',
  'HTTP 403: pods is forbidden: User "nobody" cannot list resource "pods"',
);
export const notCollected = unknown('not-collected', 'kubectl get', 'not asked for');
export const absent = unknown('absent', 'kubectl get', 'HTTP 404: not found');

export function answered(status: number, text = ''): Answered {
  return { kind: 'answered', status, text };
}

export function unanswered(kind: Unanswered['kind'], detail = `${kind}, as the system says`): Outcome {
  return { kind, detail };
}

export function certificate(place: string, differing: Partial<Certificate> = {}): Certificate {
  return {
    place,
    subject: 'CN=kube-apiserver',
    issuer: 'CN=rke2-server-ca',
    names: ['10.0.0.10', 'kubernetes'],
    notBefore: ago(100 * 86_400),
    notAfter: ago(-265 * 86_400),
    fingerprint: 'a'.repeat(64),
    coversName: true,
    ...differing,
  };
}

export const PASSED =
  '[+]ping ok\n[+]etcd ok\n[+]poststarthook/start-apiextensions-controllers ok\nreadyz check passed\n';

export function apiServerLook(differing: Partial<ApiServer> = {}): ApiServer {
  const url = differing.url ?? 'https://10.0.0.11:6443';
  return {
    url,
    via: 'kubeconfig',
    livez: known(answered(200, 'ok'), `${url}/livez`),
    readyz: known(answered(200, PASSED), `${url}/readyz?verbose`),
    version: known('v1.32.7+rke2r1', `${url}/version`),
    certificate: known(certificate(url), url),
    ...differing,
  };
}

export function node(name: string, differing: Partial<NodeLook> = {}): NodeLook {
  return {
    name,
    roles: ['control-plane', 'etcd'],
    internalAddresses: ['10.0.0.11'],
    conditions: [readyCondition('True', 'KubeletReady', 'kubelet is posting ready status', 86_400)],
    taints: [],
    unschedulable: false,
    kubeletVersion: 'v1.32.7+rke2r1',
    bootId: `boot-${name}`,
    createdAt: ago(90 * 86_400),
    leaseRenewedAt: known(ago(4), `lease ${name}`),
    leaseReadAt: NOW,
    ...differing,
  };
}

export function readyCondition(
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  forSeconds: number,
) {
  const lastTransitionTime = ago(forSeconds);
  return { type: 'Ready', status, reason, message, lastTransitionTime, lastHeartbeatTime: ago(10) } as const;
}

/** A node whose kubelet says it is not ready, for so long. */
export function unreadyNode(name: string, forSeconds: number, message = 'container runtime is down'): NodeLook {
  return node(name, { conditions: [readyCondition('False', 'KubeletNotReady', message, forSeconds)] });
}

export function part(name: string, differing: Partial<Part> = {}): Part {
  return {
    kind: 'Deployment',
    namespace: 'harvester-system',
    name,
    wanted: 3,
    ready: 3,
    updated: 3,
    waiting: [],
    restarts: 0,
    ...differing,
  };
}

export function webhook(differing: Partial<Webhook> = {}): Webhook {
  return {
    kind: 'validating',
    configuration: 'guard',
    name: 'pods.guard.example.com',
    failurePolicy: 'Fail',
    timeoutSeconds: 10,
    rules: ['CREATE pods'],
    narrowed: false,
    calls: {
      namespace: 'guard',
      name: 'guard',
      port: 443,
      endpoints: known({ ready: ['10.52.1.9'], notReady: [] }, 'endpoints'),
    },
    authority: known(certificate('caBundle of pods.guard.example.com'), 'caBundle'),
    handshake: notCollected,
    counted: known({ calls: 1000, failed: 0, seconds: 9 }, '/metrics'),
    ...differing,
  };
}

function behind(namespace: string, name: string) {
  const source = `kubectl -n ${namespace} get endpoints ${name}`;
  return { namespace, name, addresses: known({ ready: ['10.52.0.7'], notReady: [] }, source) } as const;
}

/** The endpoints of a sample cluster, with those of one Service another reading. */
export function endpointsWith(name: string, addresses: ClusterSnapshot['endpoints'][number]['addresses']) {
  return healthy().endpoints.map((one) => (one.name === name ? { ...one, addresses } : one));
}

/** A Harvester of three nodes in good order, as an administrator sees it from a machine beside it. */
export function healthy(differing: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return {
    schemaVersion: 1,
    takenAt: NOW,
    target: 'harvester',
    kubeconfig: { owner: 'option', path: '/root/harvester.yaml' },
    vantage: 'on-link',
    identity: known(
      { username: 'system:admin', groups: ['system:masters', 'system:authenticated'] },
      'kubectl auth whoami',
    ),
    serverClock: known(NOW, 'Date'),
    apiServers: [apiServerLook()],
    permissions: [
      {
        request: 'list pods --all-namespaces',
        ofEveryNode: false,
        review: known(true, 'kubectl auth can-i list pods'),
        answered: known(true, 'kubectl get pods -A'),
      },
    ],
    nodes: known([node('node-1'), node('node-2'), node('node-3')], 'kubectl get nodes'),
    ownNode: notCollected,
    services: known([], 'kubectl get services -A'),
    endpoints: [
      behind('harvester-system', 'harvester'),
      behind('harvester-system', 'harvester-webhook'),
      behind('cattle-system', 'rancher'),
      behind('cattle-system', 'rancher-webhook'),
    ],
    webhooks: known([webhook()], 'kubectl get validatingwebhookconfigurations'),
    parts: known([part('harvester'), part('rancher', { namespace: 'cattle-system' })], 'kubectl get deployments'),
    ownPods: notCollected,
    managedCharts: known(
      [{ name: 'harvester', ready: true, message: '', since: ago(86_400) }],
      'kubectl get managedcharts',
    ),
    harvester: known(answered(200), 'https://10.0.0.10/v1/harvester/cluster/local'),
    harvesterVersion: known('v1.5.1', 'kubectl get settings server-version'),
    managementAddress: {
      address: known('10.0.0.10', 'service kube-system/ingress-expose'),
      configured: known({ ip: '10.0.0.10', mode: 'static', hwAddress: '' }, 'configmap harvester-system/vip'),
      vipHost: known('node-1', 'kube-vip.io/vipHost'),
      lease: known({ holder: 'node-1', renewedAt: ago(3), durationSeconds: 15 }, 'lease plndr-svcs-lock'),
      https: known(answered(200), 'https://10.0.0.10/'),
      certificate: known(certificate('https://10.0.0.10'), 'https://10.0.0.10'),
      arp: known(['02:00:00:00:00:01'], 'arp 10.0.0.10'),
      carriers: notCollected,
      offeredBy: known([], 'dhcp'),
    },
    registration: absent,
    listeners: notCollected,
    apiServerArguments: notCollected,
    certificates: notCollected,
    ...differing,
  };
}

export function withVip(differing: Partial<ClusterSnapshot['managementAddress']>): ClusterSnapshot {
  return healthy({ managementAddress: { ...healthy().managementAddress, ...differing } });
}

/**
 * What node-1's own credentials see of a cluster on Kubernetes 1.32 and later, as the API server says it (measured on a real one in
 * lab/kube/node-authorization.kube.test.ts): its own Node, all Services, Endpoints by name; no other Node, no list of Pods, no ConfigMap.
 */
export function asNode(seen: ClusterSnapshot): ClusterSnapshot {
  const refused = (what: string, why: string) =>
    unknown(
      'denied',
      `kubectl get ${what}`,
      `HTTP 403: ${what} is forbidden: User "system:node:node-1" cannot list resource "${what}"${why}`,
    );
  const nodes = seen.nodes;
  const own = nodes.known ? nodes.value.find(({ name }) => name === 'node-1') : undefined;
  return {
    ...seen,
    vantage: 'node',
    identity: known(
      { username: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] },
      'kubectl auth whoami',
    ),
    permissions: [
      {
        request: 'list pods --all-namespaces',
        ofEveryNode: false,
        review: known(false, 'kubectl auth can-i list pods'),
        answered: refused(
          'pods',
          ' in API group "" at the cluster scope: can only list/watch pods with spec.nodeName field selector',
        ),
      },
      {
        request: 'list pods --field-selector spec.nodeName=node-1',
        ofEveryNode: true,
        review: known(true, 'kubectl auth can-i list pods'),
        answered: known(true, 'kubectl get pods'),
      },
    ],
    nodes: refused('nodes', ": node 'node-1' cannot read all nodes, only its own Node object"),
    ownNode: own ? known(own, 'kubectl get node node-1') : notFoundUnless(nodes),
    webhooks: refused('validatingwebhookconfigurations', ''),
    parts: refused('deployments', ''),
    ownPods: known(
      [{ namespace: 'harvester-system', name: 'harvester-7d4b9c-x2x4z', part: 'harvester', restarts: 0 }],
      'kubectl get pods --field-selector spec.nodeName=node-1',
    ),
    managedCharts: refused('managedcharts', ''),
    harvesterVersion: refused('settings', ''),
    managementAddress: {
      ...seen.managementAddress,
      configured: refused('configmaps', ": no relationship found between node 'node-1' and this object"),
      lease: refused('leases', ''),
    },
    registration: refused('deployments', ''),
  };
}

function notFoundUnless(nodes: Reading<unknown>): Reading<NodeLook> {
  return nodes.known ? absent : nodes;
}

/** What is found of one problem, past every deadline unless said otherwise. */
export function findingsOf(problem: string, snapshot: ClusterSnapshot, deadlineSeconds = 0): readonly Finding[] {
  const options = { lang: 'en', only: [problem], deadlineSeconds } as const;
  return judgeCluster(snapshot, options).findings;
}

/** The ids of everything wrong but the verdict itself, each once, what a cause hides not counted. */
export function wrongWith(snapshot: ClusterSnapshot): readonly string[] {
  const { findings } = judgeCluster(snapshot, { lang: 'zh-CN', deadlineSeconds: 0 });
  const wrong = findings.filter(
    (one) => one.status === 'problem' && one.problem !== 'cluster-ready' && !one.consequenceOf,
  );
  return [...new Set(wrong.map(({ problem }) => problem))];
}
