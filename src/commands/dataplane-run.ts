import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { KubeConnection } from '../cluster/client/connection.ts';
import type { ChosenImage } from '../dataplane/kubernetes/image.ts';
import { type Keeper, keeper } from '../dataplane/kubernetes/keeper.ts';
import type { ClusterNode } from '../dataplane/kubernetes/nodes.ts';
import type { Run } from '../dataplane/kubernetes/objects.ts';
import { expiredRuns, takeDown } from '../dataplane/kubernetes/take-down.ts';
import { longestRoundMs } from '../dataplane/runner.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { RawDataplaneOptions } from './dataplane.ts';

/** Of one node's agent, and of the whole cluster. */
export const ASKED_AT_ONCE = 32;
export const NODES_AT_ONCE = 16;

const USUAL_EVERY_MS = 60_000;

/** From the end of one round of a watch to the next; 0 where there is one alone. */
export function everyMs(watch: RawDataplaneOptions['watch']): number {
  return typeof watch === 'number' ? watch : watch ? USUAL_EVERY_MS : 0;
}

/** For what has no limit of its own: looking at hosts, making and removing objects. */
const MARGIN_SECONDS = 900;
/** Pods of a watch end with their time, too, and a round with them: seldom. */
const LEAST_WATCHED_SECONDS = 90_000;

/** After how long what was left behind ends by itself: never while it asks. A watch puts it off at every round. */
function lifetimeOf(nodes: number, { watch, start, timeout }: Timing): number {
  const round = { pace: { timeoutMs: timeout, atOnce: ASKED_AT_ONCE }, nodesAtOnce: NODES_AT_ONCE };
  const seconds = MARGIN_SECONDS + Math.ceil((start + longestRoundMs(nodes, round) + everyMs(watch)) / 1000);
  return watch === undefined ? seconds : Math.max(seconds, LEAST_WATCHED_SECONDS);
}

type Timing = Pick<RawDataplaneOptions, 'watch' | 'start' | 'timeout'>;

/** A run with a name of its own, and when it is over at the latest. */
export function newRun(
  nodes: readonly ClusterNode[],
  { image, dialect }: ChosenImage,
  { hostNetwork, ...timing }: Timing & Pick<RawDataplaneOptions, 'hostNetwork'>,
): { readonly run: Run; readonly expires: Date } {
  const lifetimeSeconds = lifetimeOf(nodes.length, timing);
  const namespace = `hayward-dataplane-${randomBytes(4).toString('hex')}`;
  const run = { namespace, image, dialect, nodes: nodes.map(({ name }) => name), lifetimeSeconds, hostNetwork };
  return { run, expires: new Date(Date.now() + lifetimeSeconds * 1000) };
}

/** Takes down what earlier runs left behind, where theirs and this cluster's controllers were all away. */
export async function leftBehind(client: KubeConnection, quiet: boolean): Promise<void> {
  for (const namespace of await expiredRuns(client, new Date())) {
    await takeDown(client, namespace);
    if (!quiet) process.stderr.write(`hayward: ${harmless(namespace)} of an earlier run was left behind; taken down\n`);
  }
}

/** From now on the run is taken down when this process ends, however it does. */
export function takenDownLater(namespace: string, kubeconfig: string | undefined): Keeper {
  const [, program = ''] = process.argv;
  const named = kubeconfig === undefined ? [] : ['--kubeconfig', resolve(kubeconfig)];
  return keeper([process.execPath, program, 'dataplane-agent', 'take-down', namespace, ...named]);
}
