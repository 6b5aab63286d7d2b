import { networkInterfaces } from 'node:os';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { FoundKubeconfig } from '../client/find-kubeconfig.ts';
import type { Certificate } from '../model/machine.ts';
import type { ApiServer, ClusterSnapshot, Vantage } from '../model.ts';
import { lookAtServer } from './api-servers.ts';
import { collectIdentity, ownNodeName } from './identity.ts';
import { lookFurther } from './look-further.ts';
import { addressOf, hardwareAddressOf, managementService } from './management-address.ts';
import { argumentsNamed } from './own-machine/apiserver-arguments.ts';
import { isThisMachine, lookAtOwnMachine, noOwnMachine, ownCarriers, withOwn } from './own-machine/own-machine.ts';
import { paced } from './paced.ts';
import { collectServices } from './services.ts';
import { vantageOf } from './vantage.ts';
import { liveWeb, type WebLimit } from './web.ts';
import { openWire, type Wire } from './wire.ts';

export interface CollectOptions {
  readonly found: FoundKubeconfig;
  /** Where the kubeconfig was found, for people. */
  readonly path: string;
  /** One request; 5 s unless said otherwise. */
  readonly requestMs?: number;
  /** The whole look; 30 s unless said otherwise. What is not there by then is unknown. */
  readonly wholeMs?: number;
  /** Remembers between looks what need not be asked at each. */
  readonly wire?: Wire;
  /** kube-apiserver's arguments are judged of these files instead of this machine's. */
  readonly argumentFiles?: readonly string[];
  /** Ends the look early. */
  readonly signal?: AbortSignal;
}

const REQUEST_MS = 5_000;
const WHOLE_MS = 30_000;
const AT_ONCE = 6;

/**
 * Looks at a cluster once, with the credentials in hand, everything at the same time but at a bounded pace. Never rejects for what the
 * cluster does, and never takes longer than its limit: whatever could not be asked is unknown, with the reason.
 */
export async function collectCluster(client: KubeClient, options: CollectOptions): Promise<ClusterSnapshot> {
  const { found, path, requestMs = REQUEST_MS, wholeMs = WHOLE_MS, wire = openWire() } = options;
  const over = new AbortController();
  const signals = [over.signal, AbortSignal.timeout(wholeMs), ...(options.signal ? [options.signal] : [])];
  const limit: WebLimit = { timeoutMs: requestMs, signal: AbortSignal.any(signals) };
  const web = liveWeb(limit);
  const asking = paced(client, { ...limit, bound: AT_ONCE });
  const first = await lookAtServer(asking, 'kubeconfig', web);
  const takenAt = new Date().toISOString();
  const silence = silenceOf(first.server);
  // Every further request would cost its whole limit and say the same.
  if (silence !== undefined) over.abort(silence);
  const [identity, services] = await Promise.all([collectIdentity(asking), collectServices(asking)]);
  const service = managementService(services);
  const vantage = vantageFrom({ found, path }, client, addressOf(service));
  const nodeName = ownNodeName(identity, vantage === 'node');
  // Not by the limit that ends where the API server is silent: then its own files tell why.
  const lookHere = () =>
    lookAtOwnMachine(AbortSignal.any([AbortSignal.timeout(wholeMs), ...(options.signal ? [options.signal] : [])]));
  const [seen, early, named] = await Promise.all([
    lookFurther({
      client: asking,
      limit,
      services,
      service,
      vantage,
      nodeName,
      web,
      wire,
      clock: () => new Date().toISOString(),
      asksPermissions: true,
    }),
    vantage === 'node' ? lookHere() : undefined,
    options.argumentFiles && argumentsNamed(options.argumentFiles),
  ]);
  const own = early ?? (isThisMachine(seen.ownNode) ? await lookHere() : noOwnMachine());
  const { address } = seen.managementAddress;
  const carriers = ownCarriers(own, nodeName, { address, hwAddress: hardwareAddressOf(service) });
  return {
    schemaVersion: 1,
    takenAt,
    target: found.access.context,
    kubeconfig: { owner: found.owner, path },
    vantage,
    identity,
    serverClock:
      first.clock === undefined
        ? unknown('failed', `${client.server}/livez`, 'no answer tells its time')
        : known(first.clock, `${client.server}/livez`),
    services,
    certificates: withOwn(own.certificates, ownCertificates(client, path)),
    listeners: own.listeners,
    apiServerArguments: named ?? own.apiServerArguments,
    ...seen,
    managementAddress: { ...seen.managementAddress, carriers },
    apiServers: [first.server, ...seen.apiServers],
  };
}

/** Why nothing more need be asked: no HTTP answer came at all. */
function silenceOf({ livez }: ApiServer): string | undefined {
  return livez.known && livez.value.kind !== 'answered' ? livez.value.detail : undefined;
}

function vantageFrom(
  { found, path }: Pick<CollectOptions, 'found' | 'path'>,
  client: KubeClient,
  address: Reading<string>,
): Vantage {
  const server = new URL(client.server).hostname.replace(/^\[|\]$/g, '');
  const targets = [server, ...(address.known ? [address.value] : [])];
  return vantageOf({ owner: found.owner, path, interfaces: networkInterfaces(), targets });
}

/** Our own is the one certificate everybody has. */
function ownCertificates({ certificate }: KubeClient, path: string): Reading<readonly Certificate[]> {
  if (certificate === undefined) return unknown('not-collected', path, 'one comes without a certificate');
  return known([{ ...certificate, place: path }], path);
}
