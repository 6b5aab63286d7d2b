import {
  type ClusterObjects,
  listKey,
  NAMESPACES_THAT_MATTER,
  type Resource,
  resourceOf,
} from '../../../bundle/cluster/record.ts';
import { known, type Reading, unknown } from '../../../hosts/reading.ts';
import { isObject } from '../../../plain-object.ts';
import { type KubeClient, rawSource } from '../../client/client.ts';
import { pieceOf } from '../objects.ts';
import { selects } from './label-selector.ts';

/** In-cluster name of whichever API server it was. */
const SERVER = 'https://kubernetes.default.svc';

/** What servers and machines say at the moment they are asked is in no recording. */
export const LIVE = 'a bundle holds no live answer; ask the cluster itself: hayward status';

/**
 * Dumped objects as an API server's answers, so that they are read by what reads a server's. Lists, single objects by name, label
 * selectors. What was not dumped is `not-collected`; what is missing in a list that was is absent.
 */
export function objectClient(objects: ClusterObjects): KubeClient {
  const notCollected = (source: string, what: string) => unknown('not-collected', source, `${what} ${objects.hint}`);
  const client: KubeClient = {
    server: SERVER,
    async text(path) {
      const [, namespace, pod] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/log\?/.exec(path) ?? [];
      const log = objects.logs.get(`${namespace}/${pod}`);
      return log === undefined ? notCollected(rawSource(path), 'logs:') : known(log, rawSource(path));
    },
    async json(path) {
      const source = rawSource(path);
      if (path === '/version') {
        return objects.version === undefined
          ? notCollected(source, 'the version of the API server:')
          : known({ gitVersion: objects.version }, source);
      }
      const asked = askedOf(path);
      if (asked === undefined) return notCollected(source, `${path}:`);
      const found = listed(objects, asked, source);
      if (!found.known) return found;
      return asked.name === undefined
        ? known({ kind: 'List', metadata: {}, items: found.value.filter((one) => isSelected(one, asked)) }, source)
        : named(found.value, asked, source);
    },
    outcome: async (path) => unknown('not-collected', rawSource(path), LIVE),
    review: async (path) => unknown('not-collected', `POST ${path}`, LIVE),
    at: () => client,
    close: () => undefined,
  };
  return client;
}

interface Asked {
  readonly resource: Resource;
  /** Empty: of the cluster, or of all namespaces. */
  readonly namespace: string;
  readonly name: string | undefined;
  readonly selector: string;
}

const PATH = /^\/(?:api\/v1|apis\/([^/]+)\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/;

function askedOf(path: string): Asked | undefined {
  const { pathname, searchParams } = new URL(path, SERVER);
  const [, group = '', namespace = '', plural = '', name] = PATH.exec(pathname) ?? [];
  const resource = resourceOf(group, plural);
  return (
    resource && {
      resource,
      namespace: decodeURIComponent(namespace),
      name: name === undefined ? undefined : decodeURIComponent(name),
      selector: searchParams.get('labelSelector') ?? '',
    }
  );
}

function listed(objects: ClusterObjects, asked: Asked, source: string): Reading<readonly unknown[]> {
  const { resource, namespace } = asked;
  if (resource.namespaces === undefined || namespace !== '') return listIn(objects, resource, namespace, source);
  const dumped = [...objects.lists.keys()].filter((key) => key.endsWith(listKey(resource, '')));
  const wanted = new Set([...NAMESPACES_THAT_MATTER, ...dumped.map((key) => key.slice(0, key.indexOf('/')))]);
  const all: unknown[] = [];
  for (const one of wanted) {
    const items = listIn(objects, resource, one, source);
    if (!items.known) return items;
    all.push(...items.value);
  }
  return known(all, source);
}

function listIn(
  { lists, namespaces, hint }: ClusterObjects,
  resource: Resource,
  namespace: string,
  source: string,
): Reading<readonly unknown[]> {
  const items = lists.get(listKey(resource, namespace));
  if (items !== undefined) {
    return 'state' in items ? unknown(items.state, source, items.detail) : known(items, source);
  }
  if (namespace !== '' && namespaces !== undefined && !namespaces.has(namespace)) return known([], source);
  const what = namespace === '' ? resource.plural : `${resource.plural} of ${namespace}`;
  return unknown('not-collected', source, `${what}: ${hint}`);
}

function isSelected(object: unknown, { selector }: Asked): boolean {
  return selector === '' || selects(selector, pieceOf(object).map('metadata', 'labels'));
}

/** An item of a list need not say its kind: the list does. */
function named(items: readonly unknown[], { resource, name }: Asked, source: string): Reading<unknown> {
  const found = items.find((one) => pieceOf(one).text('metadata', 'name') === name);
  return isObject(found)
    ? known({ ...found, kind: resource.kind }, source)
    : unknown('absent', source, `there is no ${resource.kind} ${name}`);
}
