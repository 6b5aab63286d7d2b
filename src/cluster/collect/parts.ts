import { known, type Reading } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import { list } from '../client/list.ts';
import { PARTS, type Part, type WaitingPod } from '../model/parts.ts';
import { nameOf, type Piece, pieceOf } from './objects.ts';

const KINDS = [
  ['Deployment', 'deployments'],
  ['DaemonSet', 'daemonsets'],
] as const;

/** Waiting Pods told of one part. */
const TOLD = 10;
/** Of a Pod's message, characters. */
const LONGEST_MESSAGE = 300;

/** The rollouts of `PARTS` that exist, with the Pods that hold them up. Unknown as soon as any list of them is. */
export async function collectParts(client: KubeClient): Promise<Reading<readonly Part[]>> {
  const namespaces = [...new Set(PARTS.map(({ namespace }) => namespace))];
  const lists = await Promise.all(
    namespaces.flatMap((namespace) => KINDS.map(([kind, plural]) => partsIn(client, namespace, { kind, plural }))),
  );
  const parts: Part[] = [];
  for (const one of lists) {
    if (!one.known) return one;
    parts.push(...one.value);
  }
  return known(parts, 'kubectl get deployments,daemonsets --all-namespaces');
}

interface Kind {
  readonly kind: Part['kind'];
  readonly plural: string;
}

async function partsIn(client: KubeClient, namespace: string, { kind, plural }: Kind): Promise<Reading<Part[]>> {
  const path = `/apis/apps/v1/namespaces/${namespace}/${plural}`;
  const all = await list(client, path, pieceOf);
  if (!all.known) return all;
  const names = new Set<string>(PARTS.filter((part) => part.namespace === namespace).map(({ name }) => name));
  const parts: Part[] = [];
  for (const object of all.value.filter((one) => names.has(nameOf(one).name))) {
    const pods = await podsOf(client, object);
    if (!pods.known) return pods;
    const waiting = pods.value.flatMap((pod) => pod.waiting ?? []);
    parts.push({
      kind,
      ...nameOf(object),
      ...countsOf(object, kind),
      waiting: waiting.slice(0, TOLD),
      restarts: pods.value.reduce((sum, { restarts }) => sum + restarts, 0),
    });
  }
  return known(parts, all.source);
}

/**
 * A status that its controller wrote for an older spec says nothing of this one: then nothing is updated, and a DaemonSet that no
 * controller has seen yet is not complete for having no Pods.
 */
function countsOf(object: Piece, kind: Part['kind']): Pick<Part, 'wanted' | 'ready' | 'updated'> {
  const isSeen = object.number(['status', 'observedGeneration']) >= object.number(['metadata', 'generation']);
  const status = object.at('status');
  if (kind === 'DaemonSet') {
    const desired = status.number(['desiredNumberScheduled']);
    return {
      wanted: isSeen ? desired : Math.max(1, desired),
      ready: status.number(['numberReady']),
      updated: isSeen ? status.number(['updatedNumberScheduled']) : 0,
    };
  }
  return {
    wanted: object.number(['spec', 'replicas'], 1),
    ready: status.number(['readyReplicas']),
    updated: isSeen ? status.number(['updatedReplicas']) : 0,
  };
}

export interface PodLook {
  readonly waiting?: WaitingPod;
  readonly restarts: number;
}

/** Of a rollout's own Pods what matters; a Pod is 6 kB, and its look a hundredth of that. */
function podsOf(client: KubeClient, workload: Piece): Promise<Reading<PodLook[]>> {
  const path = `/api/v1/namespaces/${workload.text('metadata', 'namespace')}/pods`;
  return list(client, path, (object) => podLook(pieceOf(object)), { labelSelector: selectorOf(workload) });
}

/** A LabelSelector as the API takes it in a query. */
export function selectorOf(workload: Piece): string {
  const labels = Object.entries(workload.map('spec', 'selector', 'matchLabels')).map(
    ([key, value]) => `${key}=${value}`,
  );
  const expressions = workload.list('spec', 'selector', 'matchExpressions').map((expression) => {
    const key = expression.text('key');
    const values = `(${expression.texts('values').join(',')})`;
    switch (expression.text('operator')) {
      case 'In':
        return `${key} in ${values}`;
      case 'NotIn':
        return `${key} notin ${values}`;
      case 'Exists':
        return key;
      default:
        return `!${key}`;
    }
  });
  return [...labels, ...expressions].join(',');
}

/** Why a Pod is not Ready, where it is not. */
export function podLook(pod: Piece): PodLook {
  const containers = [...pod.list('status', 'initContainerStatuses'), ...pod.list('status', 'containerStatuses')];
  const restarts = containers.reduce((sum, container) => sum + container.number(['restartCount']), 0);
  const ready = pod.list('status', 'conditions').find((condition) => condition.text('type') === 'Ready');
  const isFinished = pod.text('status', 'phase') === 'Succeeded';
  if (isFinished || ready?.text('status') === 'True') return { restarts };
  const { reason, message } = whyNotReady(pod, containers, ready);
  return {
    restarts,
    waiting: {
      name: pod.text('metadata', 'name'),
      node: pod.text('spec', 'nodeName'),
      reason,
      message: message.slice(0, LONGEST_MESSAGE),
      since: ready?.text('lastTransitionTime') || pod.text('metadata', 'creationTimestamp'),
    },
  };
}

/** What every container says before it is its turn. */
const PLAIN = new Set(['', 'PodInitializing', 'ContainerCreating']);

function whyNotReady(
  pod: Piece,
  containers: readonly Piece[],
  ready: Piece | undefined,
): { readonly reason: string; readonly message: string } {
  if (pod.text('metadata', 'deletionTimestamp') !== '') return { reason: 'Terminating', message: '' };
  const states = containers.flatMap((container) => [
    container.at('state', 'waiting'),
    container.at('state', 'terminated'),
  ]);
  const unscheduled = pod
    .list('status', 'conditions')
    .find((condition) => condition.text('type') === 'PodScheduled' && condition.text('status') === 'False');
  const told =
    states.find((state) => !PLAIN.has(state.text('reason')) && state.text('reason') !== 'Completed') ??
    unscheduled ??
    states.find((state) => state.text('reason') !== '' && state.text('reason') !== 'Completed') ??
    ready;
  return {
    reason: told?.text('reason') || pod.text('status', 'phase') || 'Unknown',
    message: told?.text('message') ?? '',
  };
}
