import { type KubeConnection, openConnection } from '../connection.ts';
import { findKubeconfig } from '../find-kubeconfig.ts';

/** Opens a connection with a kubeconfig's credentials, as the product does. */
export async function connectionFor(kubeconfig: string): Promise<KubeConnection> {
  const found = await findKubeconfig({ option: kubeconfig });
  if (!found.known) throw new Error(found.detail);
  const opened = await openConnection(found.value.access);
  if (!opened.known) throw new Error(opened.detail);
  return opened.value;
}
