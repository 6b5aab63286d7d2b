import type { ListedObject } from '../../cluster/client/list.ts';
import { type Identity, identityOf, listAt, objectAt, textAt } from '../../cluster/object-fields.ts';
import { GROUP_PREFIX, KEYS } from '../../harvester/names.ts';
import { isRoute, type Route, type RouteFault, readRoute } from '../../harvester/route.ts';
import { type VmNetwork, vmNetworkOf } from '../../harvester/vm-network.ts';
import type { NetworkKey } from './model.ts';

/** The route annotation as it stands. */
export type AttachmentRoute =
  | { readonly kind: 'none' }
  | { readonly kind: 'read'; readonly text: string; readonly route: Route }
  /** What Harvester refuses too, or what cannot work: the user's own words, which we leave alone. */
  | { readonly kind: 'faulty'; readonly text: string; readonly fault: RouteFault };

/** A NetworkAttachmentDefinition that is a VM network of Harvester's, as the API server has it. */
export interface Attachment extends Identity {
  readonly key: NetworkKey;
  readonly network: VmNetwork;
  readonly route: AttachmentRoute;
  /** The field managers whose value the annotation is: whoever wrote it last, and those who applied the same since. */
  readonly routeWriters: readonly string[];
}

/** Reads one; undefined for what is none of Harvester's, and for one that is being deleted. */
export function attachmentOf(object: ListedObject): Attachment | undefined {
  const identity = identityOf(object);
  if (!identity) return undefined;
  const metadata = objectAt(object, 'metadata');
  const annotations = textsOf(objectAt(metadata, 'annotations'));
  const { name, namespace } = identity;
  const network = vmNetworkOf({
    name,
    namespace,
    labels: textsOf(objectAt(metadata, 'labels')),
    annotations,
    config: textAt(objectAt(object, 'spec'), 'config'),
  });
  if (!network) return undefined;
  return {
    ...identity,
    key: `${namespace}/${name}`,
    network,
    route: routeFrom(annotations.get(KEYS.route)),
    routeWriters: routeWritersIn(listAt(metadata, 'managedFields')),
  };
}

const KEPT: readonly string[] = [KEYS.storageNetwork, KEYS.rwxNetwork, KEYS.isolated];

/** Only what means something here: a thousand networks are kept, each perhaps with what kubectl last applied. */
function textsOf(fields: Readonly<Record<string, unknown>> | undefined): ReadonlyMap<string, string> {
  const kept = Object.entries(fields ?? {}).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && (entry[0].startsWith(GROUP_PREFIX) || KEPT.includes(entry[0])),
  );
  return new Map(kept);
}

function routeFrom(text: string | undefined): AttachmentRoute {
  if (!isRoute(text)) return { kind: 'none' };
  const read = readRoute(text);
  return read.ok ? { kind: 'read', text, route: read.route } : { kind: 'faulty', text, fault: read.faults[0] };
}

function routeWritersIn(managedFields: readonly unknown[]): readonly string[] {
  return managedFields.flatMap((entry) => {
    const annotations = objectAt(entry, 'fieldsV1', 'f:metadata', 'f:annotations');
    return annotations && `f:${KEYS.route}` in annotations ? [textAt(entry, 'manager') ?? ''] : [];
  });
}
