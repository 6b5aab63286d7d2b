import type { NodeLook } from '../../model/nodes.ts';
import { ageSeconds } from '../../time.ts';

export interface NodeTrouble {
  readonly kind: 'not-ready' | 'network' | 'not-heard' | 'stale' | 'pressure' | 'cordoned';
  /** The kubelet's words, or a time. */
  readonly detail: string;
  /** RFC 3339, where an object says since when. */
  readonly since?: string;
}

/**
 * The kubelet renews its Lease every 10 s; the controller manager marks a node NotReady (Unknown) after 40 or
 * 50 s without, by version (node-monitor-grace-period; kubernetes#127352). Twice that and still Ready: nobody marks nodes.
 */
const STALE_SECONDS = 100;

/** What the kubelet says while its CNI has no configuration (pkg/kubelet, containerd's CRI status). */
const NETWORK = /NetworkPluginNotReady|cni plugin not initialized|cni config uninitialized|network is not ready/i;

/** What is wrong with one node, worst first. */
export function troubleOf(node: NodeLook, now: number): NodeTrouble | undefined {
  const ready = condition(node, 'Ready');
  if (ready?.status !== 'True') return unready(ready);
  const network = condition(node, 'NetworkUnavailable');
  if (network?.status === 'True') {
    return { kind: 'network', detail: network.message, since: network.lastTransitionTime };
  }
  const lease = node.leaseRenewedAt;
  const age = lease.known ? ageSeconds(lease.value, now) : undefined;
  if (lease.known && age !== undefined && age > STALE_SECONDS) {
    return { kind: 'stale', detail: lease.value, since: lease.value };
  }
  const pressed = node.conditions.find(
    ({ type, status }) => /^(?:Memory|Disk|PID)Pressure$/.test(type) && status === 'True',
  );
  if (pressed) return { kind: 'pressure', detail: pressed.type, since: pressed.lastTransitionTime };
  return node.unschedulable ? { kind: 'cordoned', detail: '' } : undefined;
}

function unready(ready: NodeLook['conditions'][number] | undefined): NodeTrouble {
  if (ready === undefined) return { kind: 'not-ready', detail: '' };
  const { status, message, lastTransitionTime: since } = ready;
  if (status === 'Unknown') return { kind: 'not-heard', detail: message, since };
  return { kind: NETWORK.test(message) ? 'network' : 'not-ready', detail: message, since };
}

function condition({ conditions }: NodeLook, type: string) {
  return conditions.find((one) => one.type === type);
}
