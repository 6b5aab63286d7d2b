import { shellWord } from '../hosts/shell-text.ts';
import type { ClusterSnapshot } from './model.ts';

/** Where kubectl looks by itself: KUBECONFIG, the user's own, a Pod's service account. By which a bundle's cluster is reached nobody knows. */
const FOUND_BY_KUBECTL: ReadonlySet<string> = new Set(['environment', 'home', 'service-account', 'bundle']);

/**
 * A command that asks the cluster that was judged, by the kubeconfig it was judged with: the node's own kubectl does not find, nor one
 * that was named, and without any it asks localhost:8080. Where a command begins `kubectl ` stands outside quotes.
 */
export function pasteable(command: string, { owner, path }: ClusterSnapshot['kubeconfig']): string {
  if (FOUND_BY_KUBECTL.has(owner)) return command;
  return command.replace(
    /(^|[;|] )kubectl (?!--kubeconfig )/g,
    (_, before: string) => `${before}kubectl --kubeconfig ${shellWord(path)} `,
  );
}
