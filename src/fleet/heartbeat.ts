import type { KubeBody } from '../cluster/client/write.ts';

/** Where each node's guard has its Lease. */
export const HEARTBEAT_NAMESPACE = 'hayward';
/** By which the controller finds them among the Leases there. */
export const HEARTBEAT_LABELS = { 'app.kubernetes.io/name': 'hayward-guard' } as const;
const PREFIX = 'hayward-guard-';
/** As Kubernetes takes an object's name: a DNS subdomain. */
const LONGEST_NAME = 253;

/** A guard that has not renewed its Lease for so long is silent: three renewals missed. */
export const LEASE_SECONDS = 180;
/** Between two renewals; each comes up to a tenth earlier, so that a thousand guards started at once do not stay together. */
export const RENEW_MS = 60_000;

/** The Lease by which a node's guard says that it lives, as the kubelet does by that of its Node (KEP-589). */
export function heartbeatName(node: string): string {
  return `${PREFIX}${node}`.slice(0, LONGEST_NAME).replace(/[^a-z0-9]+$/, '');
}

export function heartbeatPath(node: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${HEARTBEAT_NAMESPACE}/leases/${encodeURIComponent(heartbeatName(node))}`;
}

/** What is applied of a Lease at each renewal. It goes with the Node that has this `uid`; the Lease's holder is the node's name. */
export function heartbeatBody(node: string, uid: string, at: Date): KubeBody {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: heartbeatName(node),
      namespace: HEARTBEAT_NAMESPACE,
      labels: HEARTBEAT_LABELS,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }],
    },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: LEASE_SECONDS,
      // Kubernetes' MicroTime (apimachinery/pkg/apis/meta/v1/micro_time.go).
      renewTime: at.toISOString().replace('Z', '000Z'),
    },
  };
}
