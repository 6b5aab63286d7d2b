import type { ListedObject } from '../../cluster/client/list.ts';
import type { KubeBody } from '../../cluster/client/write.ts';
import { identityOf, listAt, numberAt, objectAt, textAt } from '../../cluster/object-fields.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import { isIpv4 } from '../../probes/octets.ts';
import { cidrText, parseCidr } from '../../probes/vm-network/networks.ts';
import type { Attachment } from './attachment.ts';
import {
  type AgentStatus,
  API_VERSION,
  ATTACHMENTS,
  type Condition,
  NODE_PROBES,
  type NodeProbe,
  type NodeReport,
  type ProbeResult,
  type SeenServer,
  VM_NETWORKS,
  type VmNetworkReport,
  type WantedProbe,
} from './model.ts';
import type { ClusterNode } from './node.ts';

/** Reads a NodeNetworkProbe. What does not have the form of a probe or a result is left out, as if it were not there. */
export function nodeProbeOf(object: ListedObject): NodeProbe | undefined {
  const identity = identityOf(object);
  if (!identity) return undefined;
  const agent = agentOf(objectAt(object, 'status', 'agent'));
  return {
    node: identity.name,
    probes: entriesOf(objectAt(object, 'spec', 'probes'), wantedOf),
    results: entriesOf(objectAt(object, 'status', 'results'), resultOf),
    ...(agent && { agent }),
  };
}

function entriesOf<T>(
  fields: Readonly<Record<string, unknown>> | undefined,
  read: (value: unknown) => T | undefined,
): Readonly<Record<string, T>> {
  const entries = Object.entries(fields ?? {}).flatMap(([key, value]) => {
    const one = read(value);
    return one === undefined ? [] : [[key, one] as const];
  });
  return Object.fromEntries(entries);
}

function wantedOf(value: unknown): WantedProbe | undefined {
  const bridge = textAt(value, 'bridge');
  const vlan = numberAt(value, 'vlan');
  const ask = numberAt(value, 'ask');
  if (bridge === undefined || vlan === undefined || ask === undefined) return undefined;
  return { bridge, vlan, ...textsAt(value, 'cidr', 'gateway', 'server'), ask };
}

const STATES = ['active', 'inactive', 'unknown'] as const;
const SIDES = ['node', 'network'] as const;

function resultOf(value: unknown): ProbeResult | undefined {
  const ask = numberAt(value, 'ask');
  const state = STATES.find((one) => one === textAt(value, 'state'));
  const at = textAt(value, 'at');
  if (ask === undefined || !state || at === undefined) return undefined;
  const side = SIDES.find((one) => one === textAt(value, 'side'));
  const lossPercent = numberAt(value, 'lossPercent');
  const gatewayMacs = listAt(value, 'gatewayMacs').filter((mac) => typeof mac === 'string');
  const servers = listAt(value, 'servers').flatMap((one) => serverOf(one) ?? []);
  return {
    ask,
    state,
    reason: reasonFrom(textAt(value, 'reason') ?? ''),
    ...(side && { side }),
    message: firstLine(textAt(value, 'message') ?? ''),
    ...addressesAt(value),
    ...(gatewayMacs.length > 0 && { gatewayMacs }),
    ...(lossPercent !== undefined && { lossPercent }),
    ...(servers.length > 0 && { servers }),
    at,
  };
}

/** An agent of another version may know other reasons; what is no reason at all is none of the network's. */
function reasonFrom(text: string): ProbeResult['reason'] {
  return /^[a-z][a-z-]{0,39}$/.test(text) ? (text as ProbeResult['reason']) : 'failed';
}

/** They go into Harvester's annotation: only what is one is taken from a node. */
function addressesAt(value: unknown): { readonly cidr?: string; readonly gateway?: string } {
  const { cidr, gateway } = textsAt(value, 'cidr', 'gateway');
  const network = cidr === undefined ? undefined : parseCidr(cidr);
  return {
    ...(network && { cidr: cidrText(network) }),
    ...(gateway !== undefined && isIpv4(gateway) && { gateway }),
  };
}

function serverOf(value: unknown): SeenServer | undefined {
  const { address, mac } = textsAt(value, 'address', 'mac');
  if (address === undefined || mac === undefined) return undefined;
  return { address, mac, offerMs: numberAt(value, 'offerMs') ?? 0, ...textsAt(value, 'relay') };
}

function agentOf(value: unknown): AgentStatus | undefined {
  const { version, startedAt, seenAt } = textsAt(value, 'version', 'startedAt', 'seenAt');
  return version === undefined || startedAt === undefined || seenAt === undefined
    ? undefined
    : { version, startedAt, seenAt };
}

function textsAt<F extends string>(value: unknown, ...fields: readonly F[]): { readonly [K in F]?: string } {
  const found: { [K in F]?: string } = {};
  for (const field of fields) {
    const text = textAt(value, field);
    if (text !== undefined) found[field] = text;
  }
  return found;
}

/** Reads a VMNetwork; the key is its NetworkAttachmentDefinition's. */
export function vmNetworkReportOf(object: ListedObject): VmNetworkReport | undefined {
  const status = objectAt(object, 'status');
  if (!identityOf(object) || !status) return undefined;
  const text = (field: string): string => textAt(status, field) ?? '';
  return {
    clusterNetwork: text('clusterNetwork'),
    type: text('type'),
    vlan: numberAt(status, 'vlan') ?? 0,
    cidr: text('cidr'),
    gateway: text('gateway'),
    connectedNodes: text('connectedNodes'),
    nodes: listAt(status, 'nodes').flatMap((one) => nodeReportOf(one) ?? []),
    conditions: listAt(status, 'conditions').flatMap((one) => conditionOf(one) ?? []),
  };
}

function nodeReportOf(value: unknown): NodeReport | undefined {
  const { name, reason } = textsAt(value, 'name', 'reason');
  const state = STATES.find((one) => one === textAt(value, 'state'));
  if (name === undefined || reason === undefined || !state) return undefined;
  const message = textAt(value, 'message') ?? '';
  return { name, state, reason: reason as NodeReport['reason'], message, ...textsAt(value, 'at') };
}

const TYPES = ['Connected', 'HarvesterAgrees'] as const;
const STATUSES = ['True', 'False', 'Unknown'] as const;

function conditionOf(value: unknown): Condition | undefined {
  const type = TYPES.find((one) => one === textAt(value, 'type'));
  const status = STATUSES.find((one) => one === textAt(value, 'status'));
  const { lastTransitionTime, reason } = textsAt(value, 'lastTransitionTime', 'reason');
  if (!type || !status || lastTransitionTime === undefined || reason === undefined) return undefined;
  const observedGeneration = numberAt(value, 'observedGeneration') ?? 0;
  return { type, status, observedGeneration, lastTransitionTime, reason, message: textAt(value, 'message') ?? '' };
}

/** What is applied of a NodeNetworkProbe. It goes with its Node. */
export function nodeProbeBody({ name, uid }: ClusterNode, probes: Readonly<Record<string, WantedProbe>>): KubeBody {
  return {
    apiVersion: API_VERSION,
    kind: NODE_PROBES.kind,
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
    spec: { probes },
  };
}

/** What is applied of a VMNetwork. It goes with its NetworkAttachmentDefinition. */
export function vmNetworkBody({ name, namespace, uid }: Attachment, report: VmNetworkReport): KubeBody {
  const { apiVersion, kind } = ATTACHMENTS;
  return {
    apiVersion: API_VERSION,
    kind: VM_NETWORKS.kind,
    metadata: { name, namespace, ownerReferences: [{ apiVersion, kind, name, uid }] },
    status: report,
  };
}

/**
 * What is applied of a NetworkAttachmentDefinition. The uid keeps one that was deleted meanwhile from being made anew, the version
 * what somebody wrote meanwhile from being overwritten unseen: the API server answers 409 to both.
 */
export function routeBody(
  { name, namespace, uid, resourceVersion }: Attachment,
  annotations: Readonly<Record<string, string>>,
): KubeBody {
  const { apiVersion, kind } = ATTACHMENTS;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion, annotations } };
}

/** An object's own path: of a NetworkAttachmentDefinition or a VMNetwork. */
export function namespacedPath(
  kind: typeof ATTACHMENTS | typeof VM_NETWORKS,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  const group = kind.path.slice(0, -kind.plural.length);
  return `${group}namespaces/${encodeURIComponent(namespace)}/${kind.plural}/${encodeURIComponent(name)}`;
}
