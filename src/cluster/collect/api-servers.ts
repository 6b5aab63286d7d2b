import { mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { DatedOutcome, KubeClient } from '../client/client.ts';
import type { Outcome } from '../model/outcome.ts';
import type { ApiServer } from '../model.ts';
import { urlOf } from './management-address.ts';
import { pieceOf } from './objects.ts';
import { backendsOf } from './services.ts';
import type { Web } from './web.ts';

export interface LookedServer {
  readonly server: ApiServer;
  /** RFC 3339. */
  readonly clock?: string;
}

/** Every API server's certificate holds this name (kubeadm, k3s and RKE2 alike), whichever address it is asked at. */
const SERVER_NAME = 'kubernetes';

/** One API server's own words on whether it lives and is ready, asked once: what is retried is no longer what was seen. */
export async function lookAtServer(client: KubeClient, via: ApiServer['via'], web: Web): Promise<LookedServer> {
  const { hostname, port } = new URL(client.server);
  const host = hostname.replace(/^\[|\]$/g, '');
  const [livez, readyz, version, shaken] = await Promise.all([
    client.outcome('/livez'),
    client.outcome('/readyz?verbose'),
    client.json('/version'),
    web.shake({ host, port: Number(port || 443) }),
  ]);
  const clock = [livez, readyz].map(dateOf).find((date) => date !== undefined);
  const server = {
    url: client.server,
    via,
    livez: undated(livez),
    readyz: undated(readyz),
    version: versionOf(version),
    certificate: shaken.known ? shaken.value.certificate : shaken,
  };
  return { server, ...(clock === undefined ? {} : { clock }) };
}

function versionOf(answer: Reading<unknown>): Reading<string> {
  const version = mapReading(answer, (object) => pieceOf(object).text('gitVersion'));
  return version.known && version.value === ''
    ? unknown('failed', version.source, 'the answer tells no version')
    : version;
}

function dateOf(outcome: Reading<DatedOutcome>): string | undefined {
  return outcome.known && outcome.value.kind === 'answered' ? outcome.value.date : undefined;
}

function undated(outcome: Reading<DatedOutcome>): Reading<Outcome> {
  return mapReading(outcome, (value) => {
    if (value.kind !== 'answered') return value;
    const { kind, status, text } = value;
    return { kind, status, text };
  });
}

/**
 * The API server at the management address, and each one by itself: those that keep themselves in the Endpoints of Service
 * default/kubernetes (pkg/controlplane/reconcilers). Their addresses need not be in their certificates: the name is verified.
 */
export async function lookAtOthers(
  client: KubeClient,
  address: Reading<string>,
  web: Web,
): Promise<readonly ApiServer[]> {
  const backends = await backendsOf(client, 'default', 'kubernetes');
  const port = backends.known ? (Object.values(backends.value.ports)[0] ?? 6443) : 6443;
  const others = [
    ...(address.known ? ([['vip', urlOf(address.value, 6443)]] as const) : []),
    ...(backends.known ? backends.value.ready.map((ip) => ['server', urlOf(ip, port)] as const) : []),
  ];
  const looks = others
    .filter(([, url]) => url !== new URL(client.server).origin)
    .map(([via, url]) => lookAtServer(client.at(url, SERVER_NAME), via, web));
  return (await Promise.all(looks)).map(({ server }) => server);
}
