import { known, mapReading, type Reading, type UnknownReason } from '../../hosts/reading.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { PlanFacts } from '../model.ts';

/** What nodes of one cluster are compared by: what should be the same on all. What they run on, metal or a hypervisor, need not be. */
function readings({ os, kubernetes, harvester, cni, netfilter }: Snapshot): Readonly<Record<string, Reading<string>>> {
  return {
    os: mapReading(os.release, ({ prettyName }) => prettyName),
    kernel: os.kernel,
    kubernetes: kubernetes.version,
    harvester: harvester.version,
    cni: inForceIn(cni),
    'kube-proxy-mode': kubernetes.proxyMode,
    'kube-proxy-strict-arp': mapReading(kubernetes.strictArp, String),
    'pod-cidrs': mapReading(kubernetes.podCidrs, (cidrs) => cidrs.join(', ')),
    'service-cidrs': mapReading(kubernetes.serviceCidrs, (cidrs) => cidrs.join(', ')),
    'iptables-backend': netfilter.kubernetesBackend,
  };
}

/** libcni takes the first in name order. */
function inForceIn(cni: Snapshot['cni']): Reading<string> {
  if (!cni.known) return cni;
  const [first] = cni.value;
  return first ? mapReading(first, ({ name, plugins }) => `${name}: ${plugins.join(', ')}`) : known('', cni.source);
}

/** What a node has; what it has not is not there, and what could not be seen has its reason. Pure. */
export function factsOf(snapshot: Snapshot): PlanFacts {
  const values: Record<string, string> = {};
  const unseen: Record<string, UnknownReason> = {};
  for (const [name, reading] of Object.entries(readings(snapshot))) {
    if (!reading.known) {
      if (reading.reason !== 'absent') unseen[name] = reading.reason;
    } else if (reading.value !== '') values[name] = reading.value;
  }
  return { values, unseen };
}
