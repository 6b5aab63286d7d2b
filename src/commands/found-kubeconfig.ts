import { homedir } from 'node:os';
import { type FoundKubeconfig, findKubeconfig } from '../cluster/client/find-kubeconfig.ts';
import type { Known, Unknown } from '../hosts/reading.ts';
import { UsageError } from './usage.ts';

export interface KubeconfigOptions {
  /** From --kubeconfig. */
  readonly kubeconfig?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds how to reach the cluster as every command does: --kubeconfig, KUBECONFIG, the node's own, the user's, the Pod's. Throws
 * UsageError, one line, where none can be used.
 */
export async function kubeconfigFor({ kubeconfig, environment }: KubeconfigOptions): Promise<Known<FoundKubeconfig>> {
  // `--kubeconfig "$UNSET"`: another cluster's would be found, and judged.
  if (kubeconfig === '') throw new UsageError('--kubeconfig: expected a file, and it is empty');
  const { KUBECONFIG: named, HOME: home = homedir() } = environment;
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  // Of a Pod that has the node's /run, where the kubelet cannot mount the token at its usual place.
  const { HAYWARD_SERVICE_ACCOUNT: account } = environment;
  const found = await findKubeconfig({
    ...(kubeconfig === undefined ? {} : { option: kubeconfig }),
    ...(named === undefined ? {} : { environment: named }),
    home,
    ...(host && port ? { service: { host, port, ...(account && { account }) } } : {}),
  });
  if (found.known) return found;
  throw unusable(found, kubeconfig === undefined && named === undefined);
}

const NONE_FOUND = 'no kubeconfig (RKE2, k3s, kubeadm, kubelet, ~/.kube); --kubeconfig FILE';

/** What keeps from the cluster, as words for a user. `searched`: no kubeconfig was named. */
export function unusable({ reason, detail }: Unknown, searched = false): UsageError {
  if (reason === 'denied') return new UsageError(`${detail} (run it as root, or name another with --kubeconfig)`);
  // Where it looked is in --help: seven paths make no line.
  return new UsageError(searched && reason === 'absent' ? NONE_FOUND : detail);
}
