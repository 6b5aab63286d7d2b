import { type KubeConnection, openConnection } from '../cluster/client/connection.ts';
import { harmless } from '../hosts/sanitise.ts';
import { kubeconfigFor, unusable } from './found-kubeconfig.ts';

/** A cluster, and the name of the context it was found by. */
export interface OpenedCluster {
  readonly client: KubeConnection;
  readonly context: string;
}

/**
 * Opens a connection by the kubeconfig a user names, or the one found as `status` finds it. Says on standard error which better one
 * could not be read. Throws UsageError, one line, where none can be used.
 */
export async function openedCluster(kubeconfig: string | undefined, quiet = false): Promise<OpenedCluster> {
  const found = await kubeconfigFor({ environment: process.env, ...(kubeconfig !== undefined && { kubeconfig }) });
  const { access, passedOver } = found.value;
  for (const { detail } of quiet ? [] : passedOver) {
    process.stderr.write(`hayward: ${harmless(detail)}; using ${harmless(found.source)}\n`);
  }
  const opened = await openConnection(access);
  if (!opened.known) throw unusable(opened);
  return { client: opened.value, context: access.context };
}

/** As openedCluster, where the name does not matter. */
export async function kubeConnection(kubeconfig: string | undefined, quiet = false): Promise<KubeConnection> {
  const { client } = await openedCluster(kubeconfig, quiet);
  return client;
}
