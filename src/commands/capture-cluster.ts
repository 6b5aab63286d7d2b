import { openClient } from '../cluster/client/client.ts';
import { captureCluster } from '../cluster/collect/recorded/collect-recorded.ts';
import type { Capture } from '../hosts/capture.ts';
import { kubeconfigFor, unusable } from './found-kubeconfig.ts';
import { progressLine } from './progress.ts';

/** Asks the cluster that a kubeconfig leads to. Throws UsageError, one line, where none can be used. */
export async function clusterCapture(
  kubeconfig: string | undefined,
  { quiet }: { readonly quiet: boolean },
): Promise<Capture> {
  const found = await kubeconfigFor({ environment: process.env, ...(kubeconfig !== undefined && { kubeconfig }) });
  const { access } = found.value;
  const client = await openClient(access);
  if (!client.known) throw unusable(client);
  const progress = progressLine(!quiet);
  progress.update(`asking ${access.server} …`);
  try {
    return await captureCluster(client.value, access.context, new AbortController().signal);
  } finally {
    progress.end();
    client.value.close();
  }
}
