import { isIP } from 'node:net';
import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { ManagementAddress } from '../model/management-address.ts';
import type { Service } from '../model/parts.ts';
import { isVipService, VIP_SERVICES } from '../vip-state.ts';
import { pieceOf } from './objects.ts';
import type { Web, WebLimit } from './web.ts';
import type { Wire } from './wire.ts';

const LOCK = '/apis/coordination.k8s.io/v1/namespaces/harvester-system/leases/plndr-svcs-lock';
const CONFIG = '/api/v1/namespaces/harvester-system/configmaps/vip';

/** The VIP's Service: it alone says, to every node, what the address is. */
export function managementService(services: Reading<readonly Service[]>): Reading<Service> {
  if (!services.known) return services;
  const service = services.value.find(isVipService);
  const looked = `${services.source} (kube-system/${VIP_SERVICES.join(', kube-system/')})`;
  return service
    ? known(service, `kubectl get service -n kube-system ${service.name}`)
    : unknown('absent', looked, 'no Service has a management address');
}

/** What it has been given, else what it is to have; by DHCP `0.0.0.0` stands for the one it was offered (kube-vip's annotations). */
export function addressOf(service: Reading<Service>): Reading<string> {
  if (!service.known) return service;
  const { ingress, annotations } = service.value;
  const wanted = [annotations['kube-vip.io/loadbalancerIPs'], annotations['kube-vip.io/requestedIP']];
  const address = [...ingress, ...wanted].find((one) => one !== undefined && isIP(one) !== 0 && one !== '0.0.0.0');
  return address === undefined
    ? unknown('absent', service.source, 'the Service has no address yet')
    : known(address, service.source);
}

/** Annotation kube-vip.io/hwaddr: in DHCP mode the hardware address of kube-vip's macvlan, else empty. */
export function hardwareAddressOf(service: Reading<Service>): string {
  return service.known ? (service.value.annotations['kube-vip.io/hwaddr'] ?? '') : '';
}

/** By ConfigMap, which an administrator may read; the Service's annotations say the same to every node. */
function configuredOf(config: Reading<unknown>, service: Reading<Service>): ManagementAddress['configured'] {
  const told = mapReading(config, (object) => {
    const data = pieceOf(object).map('data');
    return { ip: data['ip'] ?? '', mode: data['mode'] ?? '', hwAddress: data['hwAddress'] ?? '' };
  });
  const wanted = service.known ? service.value.annotations['kube-vip.io/loadbalancerIPs'] : undefined;
  if (told.known || !service.known || wanted === undefined) return told;
  const mode = wanted === '0.0.0.0' ? 'dhcp' : 'static';
  const ip = mode === 'dhcp' ? (service.value.annotations['kube-vip.io/requestedIP'] ?? '') : wanted;
  return known({ ip, mode, hwAddress: hardwareAddressOf(service) }, service.source);
}

/** What is known of the VIP from the API, what answers there, and who has it on the wire. Its carriers are of the nodes' own files. */
export async function collectManagementAddress(
  client: KubeClient,
  service: Reading<Service>,
  { limit, web, wire }: { readonly limit: WebLimit; readonly web: Web; readonly wire: Wire },
): Promise<Omit<ManagementAddress, 'carriers'>> {
  const address = addressOf(service);
  const [config, lock, answers, seen] = await Promise.all([
    client.json(CONFIG),
    client.json(LOCK),
    webOf(address, web),
    wire.look(address, limit),
  ]);
  const vipHost = mapReading(service, ({ annotations }) => annotations['kube-vip.io/vipHost'] ?? '');
  return {
    address,
    configured: configuredOf(config, service),
    vipHost:
      vipHost.known && vipHost.value === ''
        ? unknown('absent', vipHost.source, 'no annotation kube-vip.io/vipHost')
        : vipHost,
    lease: mapReading(lock, (object) => {
      const spec = pieceOf(object).at('spec');
      return {
        holder: spec.text('holderIdentity'),
        renewedAt: spec.text('renewTime'),
        durationSeconds: spec.number(['leaseDurationSeconds']),
      };
    }),
    ...answers,
    ...seen,
  };
}

/** `https://ADDRESS`, with brackets around IPv6. */
export function urlOf(address: string, port?: number): string {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return `https://${host}${port === undefined ? '' : `:${port}`}`;
}

async function webOf(address: Reading<string>, web: Web): Promise<Pick<ManagementAddress, 'https' | 'certificate'>> {
  if (!address.known) {
    const why = unknown('not-collected', 'https', 'there is no management address to ask');
    return { https: why, certificate: why };
  }
  const [https, shaken] = await Promise.all([
    web.get(`${urlOf(address.value)}/`),
    web.shake({ host: address.value, port: 443 }),
  ]);
  return { https, certificate: shaken.known ? shaken.value.certificate : shaken };
}
