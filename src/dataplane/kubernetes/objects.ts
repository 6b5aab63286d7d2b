import type { KubeBody } from '../../cluster/client/write.ts';
import type { Dialect } from '../agent/dialects.ts';
import { EXPIRES, RUN_LABELS } from '../run-namespace.ts';

/** What echoes listens here, in Pods and behind Services alike: no port that takes a privilege. */
export const ECHO_PORT = 17_070;

/** Which of a run's DaemonSets a Pod is of. */
export const ROLE = 'hayward.internal/dataplane-role';

export interface Run {
  readonly namespace: string;
  readonly image: string;
  readonly dialect: Dialect;
  readonly nodes: readonly string[];
  readonly lifetimeSeconds: number;
  /** Whether the nodes are looked at first, by a Pod of their own network. */
  readonly hostNetwork: boolean;
}

/** The object that owns the others; `uid` once it was made. */
export interface Owner {
  readonly name: string;
  readonly uid: string;
}

export const LIFETIME = 'lifetime';
export const WITNESS = 'witness';

/**
 * Everything of a run is below it. What runs needs no right at all, as Pod security's level `restricted` asks; but one Pod a node is on
 * the node's own network, which `privileged` alone allows (pod-security.kubernetes.io).
 */
export function namespaceBody({ namespace, hostNetwork }: Run, expires: Date): KubeBody {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      labels: { ...RUN_LABELS, 'pod-security.kubernetes.io/enforce': hostNetwork ? 'privileged' : 'restricted' },
      annotations: { [EXPIRES]: expires.toISOString() },
    },
  };
}

/**
 * Owns all the others. Its time is over after so many seconds, whoever is left to see it: the cluster's own controllers then delete it
 * (ttlSecondsAfterFinished) and with it what it owns. It runs no Pod (parallelism 0): one that failed would end it too early.
 */
export function lifetimeBody(run: Run): KubeBody {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: LIFETIME },
    spec: {
      parallelism: 0,
      completions: 1,
      activeDeadlineSeconds: run.lifetimeSeconds,
      ttlSecondsAfterFinished: 0,
      template: { spec: { ...podSpec(run, LIFETIME, run.dialect.wait(1)), restartPolicy: 'Never' } },
    },
  };
}

/**
 * What looks at a node before Pods are added, which alone may switch its forwarding on: on the host's network no plugin is called. It
 * reads, and needs no more than that.
 */
export function witnessBody(run: Run, owner: Owner): KubeBody {
  return daemonSet(run, owner, WITNESS, run.dialect.wait(run.lifetimeSeconds), { hostNetwork: true });
}

/** What echoes and what asks: two Pods a node, so that a node's own inside is tried too. */
export function daemonSetBodies(run: Run, owner: Owner): readonly KubeBody[] {
  const { dialect, lifetimeSeconds } = run;
  return [
    daemonSet(run, owner, 'echo', dialect.echo(ECHO_PORT)),
    daemonSet(run, owner, 'agent', dialect.wait(lifetimeSeconds)),
  ];
}

function daemonSet(
  run: Run,
  owner: Owner,
  name: string,
  command: readonly string[],
  more: { readonly hostNetwork?: true } = {},
): KubeBody {
  const labels = { [ROLE]: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, ownerReferences: [ownedBy(owner)] },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...podSpec(run, name, command), ...more, affinity: on(run.nodes) } },
    },
  };
}

function podSpec({ image }: Run, name: string, command: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    automountServiceAccountToken: false,
    // A cluster's Services as environment variables: hundreds, and none is wanted.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    tolerations: [{ operator: 'Exists' }],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_534,
      runAsGroup: 65_534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name,
        image,
        imagePullPolicy: 'IfNotPresent',
        command,
        resources: { requests: { cpu: '5m', memory: '16Mi' }, limits: { memory: '256Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  };
}

/** One term a node: matchFields takes a single name (k8s.io/api core/v1, NodeSelectorTerm). */
function on(nodes: readonly string[]): object {
  const terms = nodes.map((name) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }));
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
}

export function serviceName(index: number): string {
  return `echo-${index}`;
}

/** One a node, without a selector: what is behind it is said by `endpointBody`, so that "to" is a node. */
export function serviceBody(index: number, owner: Owner): KubeBody {
  const port = (name: string, protocol: string) => ({ name, protocol, port: ECHO_PORT });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceName(index), ownerReferences: [ownedBy(owner)] },
    spec: { type: 'NodePort', ports: [port('tcp', 'TCP'), port('udp', 'UDP')] },
  };
}

/** The node's one Pod behind its Service. */
export function endpointBody(
  index: number,
  { address, node }: { address: string; node: string },
  owner: Owner,
): KubeBody {
  const port = (name: string, protocol: string) => ({ name, protocol, port: ECHO_PORT });
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: serviceName(index),
      labels: { 'kubernetes.io/service-name': serviceName(index), 'endpointslice.kubernetes.io/managed-by': 'hayward' },
      ownerReferences: [ownedBy(owner)],
    },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], nodeName: node, conditions: { ready: true } }],
    ports: [port('tcp', 'TCP'), port('udp', 'UDP')],
  };
}

function ownedBy({ name, uid }: Owner): object {
  return { apiVersion: 'batch/v1', kind: 'Job', name, uid };
}
