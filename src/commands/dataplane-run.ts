import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { KubeConnection } from '../cluster/client/connection.ts';
import type { ChosenImage } from '../dataplane/kubernetes/image.ts';
import { type Keeper, keeper } from '../dataplane/kubernetes/keeper.ts';
import type { ClusterNode } from '../dataplane/kubernetes/nodes.ts';
import type { Run } from '../dataplane/kubernetes/objects.ts';
import { expiredRuns, takeDown } from '../dataplane/kubernetes/take-down.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { RawDataplaneOptions } from './dataplane.ts';

/** When what was left behind ends by itself; a watch puts it off at every round. */
const LIFETIME_SECONDS = 900;
export const WATCHED_LIFETIME_SECONDS = 90_000;

/** A run with a name of its own, and when it is over at the latest. */
export function newRun(
  nodes: readonly ClusterNode[],
  { image, dialect }: ChosenImage,
  { watch, hostNetwork }: Pick<RawDataplaneOptions, 'watch' | 'hostNetwork'>,
): { readonly run: Run; readonly expires: Date } {
  const lifetimeSeconds = watch !== undefined ? WATCHED_LIFETIME_SECONDS : LIFETIME_SECONDS;
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
