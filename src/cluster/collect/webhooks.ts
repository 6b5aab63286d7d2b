import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import { certificatesIn } from '../client/certificate.ts';
import type { KubeClient } from '../client/client.ts';
import { list } from '../client/list.ts';
import type { Certificate } from '../model/machine.ts';
import type { Webhook, WebhookService } from '../model/parts.ts';
import type { Vantage } from '../model.ts';
import { objectOf, type Piece, pieceOf } from './objects.ts';
import { type Backends, backendsBehind, backendsOf } from './services.ts';
import type { Handshake, Web } from './web.ts';
import { countsOf, type WebhookCounts } from './webhook-counts.ts';

const KINDS = [
  ['validating', 'validatingwebhookconfigurations'],
  ['mutating', 'mutatingwebhookconfigurations'],
] as const;

/** Of a Service's ready endpoints so many are tried: one that does not answer is enough to be told. */
const TRIED = 3;

/** Every webhook the API server calls, with what stands behind it and whether that can be reached from here. */
export async function collectWebhooks(
  client: KubeClient,
  vantage: Vantage,
  web: Web,
): Promise<Reading<readonly Webhook[]>> {
  const lists = await Promise.all(
    KINDS.map(async ([kind, plural]) => {
      const path = `/apis/admissionregistration.k8s.io/v1/${plural}`;
      return mapReading(await list(client, path, pieceOf), (all) => all.flatMap((one) => hooksOf(kind, one)));
    }),
  );
  const hooks: Hook[] = [];
  for (const one of lists) {
    if (!one.known) return one;
    hooks.push(...one.value);
  }
  const counts =
    hooks.length > 0 ? await countsOf(client) : unknown('not-collected', '/metrics', 'there is no webhook');
  const services = new Map<string, Promise<Reading<Target>>>();
  const looks = hooks.map((hook) => lookAt(hook, { client, vantage, web, counts, services }));
  return known(await Promise.all(looks), KINDS.map(([, plural]) => `kubectl get ${plural}`).join('; '));
}

interface Hook {
  readonly kind: Webhook['kind'];
  readonly configuration: string;
  readonly object: Piece;
}

function hooksOf(kind: Webhook['kind'], configuration: Piece): Hook[] {
  const name = configuration.text('metadata', 'name');
  return configuration.list('webhooks').map((object) => ({ kind, configuration: name, object }));
}

interface Look {
  readonly client: KubeClient;
  readonly vantage: Vantage;
  readonly web: Web;
  readonly counts: Reading<WebhookCounts>;
  /** By namespace and name: many webhooks are one Service. */
  readonly services: Map<string, Promise<Reading<Target>>>;
}

async function lookAt({ kind, configuration, object }: Hook, look: Look): Promise<Webhook> {
  const config = object.at('clientConfig');
  const pem = Buffer.from(config.text('caBundle'), 'base64').toString('utf8');
  const name = object.text('name');
  const url = config.text('url');
  const base = {
    kind,
    configuration,
    name,
    failurePolicy: object.text('failurePolicy') === 'Ignore' ? ('Ignore' as const) : ('Fail' as const),
    timeoutSeconds: object.number(['timeoutSeconds'], 10),
    rules: object.list('rules').map(ruleOf),
    narrowed: isNarrowed(object),
    authority: authorityOf(pem, `caBundle of ${configuration} ${name}`),
    counted: mapReading(look.counts, (counts) => counts(kind, name)),
  };
  const authority = pem === '' ? {} : { authority: pem };
  if (URL.canParse(url)) {
    const { hostname, port } = new URL(url);
    const ask = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443), ...authority };
    return { ...base, calls: { url }, handshake: await handshakeOf([ask], look) };
  }
  const service = await serviceOf(config.at('service'), look);
  const serverName = `${service.calls.name}.${service.calls.namespace}.svc`;
  const asks = service.addresses.map(({ host, port }) => ({ host, port, serverName, ...authority }));
  return { ...base, calls: service.calls, handshake: await handshakeOf(asks, look) };
}

/** `CREATE,UPDATE virtualmachines.kubevirt.io`, as kubectl names a resource of a group. */
function ruleOf(rule: Piece): string {
  const groups = rule.texts('apiGroups').filter((group) => group !== '');
  const suffix = groups.length > 0 ? `.${groups.join('|')}` : '';
  return `${rule.texts('operations').join(',')} ${rule.texts('resources').join(',')}${suffix}`;
}

function isNarrowed(hook: Piece): boolean {
  const selectors = [hook.at('namespaceSelector'), hook.at('objectSelector')];
  const selects = selectors.some(
    (one) => one.list('matchExpressions').length > 0 || Object.keys(one.map('matchLabels')).length > 0,
  );
  return selects || hook.list('matchConditions').length > 0;
}

/** The first that ends: from then on no certificate it signed holds. */
function authorityOf(pem: string, place: string): Reading<Certificate> {
  if (pem === '') return unknown('absent', place, 'the caBundle is empty');
  return mapReading(known(pem, place), () => {
    const [first] = certificatesIn(pem, place).sort((a, b) => a.notAfter.localeCompare(b.notAfter));
    if (!first) throw new Error('the caBundle holds no certificate');
    return first;
  });
}

interface Target {
  readonly backends: Backends;
  /** Of the Service's port. */
  readonly port: number;
}

interface Served {
  readonly calls: WebhookService;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
}

async function serviceOf(reference: Piece, { client, services }: Look): Promise<Served> {
  const namespace = reference.text('namespace');
  const name = reference.text('name');
  const port = reference.number(['port'], 443);
  const key = `${namespace}/${name}:${port}`;
  const asked = services.get(key) ?? targetOf(client, { namespace, name, port });
  services.set(key, asked);
  const target = await asked;
  const endpoints = mapReading(target, ({ backends: { ready, notReady } }) => ({ ready, notReady }));
  const addresses = target.known
    ? target.value.backends.ready.slice(0, TRIED).map((host) => ({ host, port: target.value.port }))
    : [];
  return { calls: { namespace, name, port, endpoints }, addresses };
}

/** Which port of the Pods a port of the Service is: the Endpoints know it by the name the Service gives it. */
async function targetOf(
  client: KubeClient,
  { namespace, name, port }: { namespace: string; name: string; port: number },
): Promise<Reading<Target>> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
  const [endpoints, answer] = await Promise.all([backendsOf(client, namespace, name), client.json(path)]);
  const service = objectOf(answer, 'Service');
  if (!service.known) return service;
  const backends = backendsBehind(service, endpoints);
  if (!backends.known) return backends;
  const ports = service.value.list('spec', 'ports');
  const wanted = ports.find((one) => one.number(['port']) === port)?.text('name') ?? '';
  return known({ backends: backends.value, port: backends.value.ports[wanted] ?? port }, backends.source);
}

/** The first that fails, else the last. Where Pods cannot be reached from here, silence says nothing of the webhook. */
async function handshakeOf(asks: readonly Handshake[], { vantage, web }: Look): Promise<Webhook['handshake']> {
  const source = asks.map(({ host, port }) => `openssl s_client -connect ${host}:${port}`).join('; ');
  if (asks.length === 0) return unknown('not-collected', 'TLS', 'there is no endpoint to ask');
  const shaken = await Promise.all(asks.map((ask) => web.shake(ask)));
  const told = shaken.find((one) => !one.known || one.value.outcome.kind !== 'answered') ?? shaken.at(-1);
  if (told === undefined) throw new TypeError('one handshake for each endpoint');
  if (!told.known) return { ...told, source };
  const isFar =
    vantage !== 'node' && (told.value.outcome.kind === 'unreachable' || told.value.outcome.kind === 'silent');
  if (isFar) return unknown('not-collected', source, 'its endpoints cannot be reached from here');
  return known(told.value, source);
}
