import { unknown } from '../hosts/reading.ts';
import type { Member } from './decide.ts';
import type { Service } from './model/parts.ts';
import type { ClusterSnapshot } from './model.ts';

/**
 * Whether the management address answers over HTTPS, whatever it says; `absent` where there is none. Not known where silence may be
 * the way's fault.
 */
export function vipState({
  managementAddress: { address, https },
  vantage,
}: Pick<ClusterSnapshot, 'managementAddress' | 'vantage'>): Member | 'absent' {
  if (!address.known) return address.reason === 'absent' || address.reason === 'not-collected' ? 'absent' : address;
  if (!https.known) return https;
  const outcome = https.value;
  if (outcome.kind === 'answered') return 'good';
  if (outcome.kind !== 'cut' && (outcome.kind !== 'unreachable' || vantage !== 'routed')) return 'bad';
  const detail = `${address.value} does not answer here (${outcome.detail}); whether it does on the nodes' own network was not seen`;
  return unknown('failed', https.source, detail);
}

/** Where Harvester has its Service for the VIP; from v1.9 on it is Traefik's own (harvester pkg/controller/master/rancher). */
export const VIP_SERVICES: readonly string[] = ['ingress-expose', 'rke2-traefik'];

/** Whether a Service is to have a management address by kube-vip. */
export function isVipService({ namespace, name, annotations }: Service): boolean {
  return namespace === 'kube-system' && VIP_SERVICES.includes(name) && Object.keys(annotations).length > 0;
}

/** The Service whose management address is still to come: by DHCP kube-vip asks for it when it starts. */
export function awaitingService({ services }: Pick<ClusterSnapshot, 'services'>): Service | undefined {
  return services.known
    ? services.value.find((one) => isVipService(one) && one.type === 'LoadBalancer' && one.ingress.length === 0)
    : undefined;
}
