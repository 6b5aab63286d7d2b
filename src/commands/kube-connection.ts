import { type KubeConnection, openConnection } from '../cluster/client/connection.ts';
import { harmless } from '../hosts/sanitise.ts';
import { kubeconfigFor, unusable } from './found-kubeconfig.ts';

/**
 * Opens a connection by the kubeconfig a user names, or the one found as `status` finds it. Says on standard error which better one
 * could not be read. Throws UsageError, one line, where none can be used.
 */
export async function kubeConnection(kubeconfig: string | undefined, quiet = false): Promise<KubeConnection> {
  const found = await kubeconfigFor({ environment: process.env, ...(kubeconfig !== undefined && { kubeconfig }) });
  for (const { detail } of quiet ? [] : found.value.passedOver) {
    process.stderr.write(`hayward: ${harmless(detail)}; using ${harmless(found.source)}\n`);
  }
  const opened = await openConnection(found.value.access);
  if (!opened.known) throw unusable(opened);
  return opened.value;
}
