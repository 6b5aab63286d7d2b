import type { KubeConnection } from '../../cluster/client/connection.ts';
import type { Written } from '../../cluster/client/write.ts';
import { KEYS } from '../../harvester/names.ts';
import { type Attachment, attachmentOf } from '../cluster/attachment.ts';
import {
  ATTACHMENTS,
  FIELD_MANAGER,
  type NetworkKey,
  NODE_PROBES,
  VM_NETWORKS,
  type VmNetworkReport,
} from '../cluster/model.ts';
import { namespacedPath, nodeProbeBody, routeBody, vmNetworkBody } from '../cluster/objects.ts';
import { type RouteMemory, type RouteWrite, routeNotWritten, routeWritten } from '../cluster/route-writing.ts';
import type { Tell } from './events.ts';
import type { NodeAsksOptions } from './node-asks.ts';
import type { Sight } from './sight.ts';
import type { Request, Tally } from './tally.ts';

/** Every write of the controller, each told and counted. */
export interface ClusterWrites {
  route(attachment: Attachment, write: RouteWrite, memory: RouteMemory): Promise<RouteOutcome>;
  /** False where it was refused. */
  report(attachment: Attachment, report: VmNetworkReport, before: VmNetworkReport | undefined): Promise<boolean>;
  removeReport(key: NetworkKey): Promise<void>;
  asksOf(sight: Pick<Sight, 'nodes'>): Pick<NodeAsksOptions, 'write' | 'remove' | 'refused'>;
}

/** `overtaken`: it was deleted or changed meanwhile, and the watch tells what became of it. */
export type RouteOutcome =
  | { readonly kind: 'written'; readonly after: RouteMemory; readonly attachment: Attachment | undefined }
  | { readonly kind: 'refused'; readonly after: RouteMemory }
  | { readonly kind: 'overtaken'; readonly detail: string };

interface Ground {
  readonly tell: Tell;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

export function clusterWrites(client: KubeConnection, { tell, tally, signal }: Ground): ClusterWrites {
  /** Told once each, until it comes through: a right that is missing is missing for a thousand networks, every ten seconds. */
  const complained = new Set<string>();
  function refused(object: string, { detail }: { readonly detail: string }): void {
    if (signal.aborted || complained.has(object)) return;
    complained.add(object);
    tell({ type: 'refused', object, detail });
  }
  async function counted(request: Request, writing: Promise<Written>): Promise<Written> {
    const written = await writing;
    tally.wrote(request, written.kind === 'done' ? 'done' : 'refused');
    return written;
  }
  const nodePath = (node: string): string => `${NODE_PROBES.path}/${encodeURIComponent(node)}`;
  return {
    async route(attachment, write, memory) {
      const body = routeBody(attachment, { [KEYS.route]: write.text });
      const options = { manager: FIELD_MANAGER, force: true, signal };
      const written = await counted('route', client.apply(namespacedPath(ATTACHMENTS, attachment), body, options));
      if (written.kind === 'done') {
        complained.delete(`the route of ${attachment.key}`);
        tell({ type: 'route-written', network: attachment.key, route: write.text });
        return { kind: 'written', after: routeWritten(memory, write), attachment: attachmentOf(written.object) };
      }
      if (written.kind === 'conflict' || written.kind === 'gone') return { kind: 'overtaken', detail: written.detail };
      refused(`the route of ${attachment.key}`, written);
      return { kind: 'refused', after: routeNotWritten(memory, written.detail, performance.now()) };
    },
    async report(attachment, report, before) {
      const { namespace, name } = attachment;
      const body = vmNetworkBody(attachment, report);
      const options = { manager: FIELD_MANAGER, force: true, signal };
      const written = await counted(
        'report',
        client.apply(namespacedPath(VM_NETWORKS, { namespace, name }), body, options),
      );
      if (written.kind !== 'done') {
        refused(`${VM_NETWORKS.kind} ${attachment.key}`, written);
        return false;
      }
      complained.delete(`${VM_NETWORKS.kind} ${attachment.key}`);
      tally.reported(attachment.key, report);
      tellChanges(tell, attachment.key, report, before);
      return true;
    },
    async removeReport(key) {
      const [namespace = '', name = ''] = key.split('/');
      const written = await counted(
        'remove',
        client.remove(namespacedPath(VM_NETWORKS, { namespace, name }), { signal }),
      );
      if (written.kind === 'denied' || written.kind === 'failed') refused(`${VM_NETWORKS.kind} ${key}`, written);
    },
    asksOf: ({ nodes }) => ({
      refused: (node, detail) => refused(`${NODE_PROBES.kind} ${node}`, { detail }),
      remove: (node) => counted('remove', client.remove(nodePath(node), { signal })),
      async write(name, probes) {
        const node = nodes.get(name);
        if (!node) return { kind: 'gone', detail: `there is no node ${name}` };
        const options = { manager: FIELD_MANAGER, force: true, signal };
        const written = await counted('asks', client.apply(nodePath(name), nodeProbeBody(node, probes), options));
        if (written.kind === 'done') complained.delete(`${NODE_PROBES.kind} ${name}`);
        return written;
      },
    }),
  };
}

function tellChanges(
  tell: Tell,
  network: NetworkKey,
  report: VmNetworkReport,
  before: VmNetworkReport | undefined,
): void {
  for (const { type, status, reason, message } of report.conditions) {
    const last = before?.conditions.find((one) => one.type === type);
    if (last?.status === status && last.reason === reason) continue;
    if (type === 'Connected') tell({ type: 'connected', network, status, reason, message });
    else if (status === 'False' && reason !== 'NotWritten') tell({ type: 'route-stale', network, reason, message });
  }
}
