import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type ListedObject, list } from '../../cluster/client/list.ts';
import { type ExpiredRun, expiredRunOf, RUN_SELECTOR } from '../../dataplane/run-namespace.ts';
import type { FleetWrites } from './fleet-writes.ts';
import type { TellFleet } from './told.ts';

export interface SweepOptions {
  readonly client: KubeConnection;
  readonly writes: Pick<FleetWrites, 'removeNamespace'>;
  readonly everyMs: number;
  readonly tell: TellFleet;
  readonly signal: AbortSignal;
}

/** Removes the namespaces that killed runs of `hayward dataplane` left behind; resolves once the signal is aborted. */
export async function sweepRuns({ client, writes, everyMs, tell, signal }: SweepOptions): Promise<void> {
  while (!signal.aborted) {
    for (const { name, expired } of await expiredRuns(client, tell, signal)) {
      if (await writes.removeNamespace(name)) tell({ type: 'swept', namespace: name, expired });
    }
    await wait(everyMs * (0.9 + Math.random() / 5), undefined, { signal }).catch(() => undefined);
  }
}

async function expiredRuns(
  client: KubeConnection,
  tell: TellFleet,
  signal: AbortSignal,
): Promise<readonly ExpiredRun[]> {
  const nowMs = Date.now();
  const read = (object: ListedObject) => expiredRunOf(object, nowMs);
  const selection = { labelSelector: RUN_SELECTOR, metadataOnly: true, signal };
  const runs = await list(client, '/api/v1/namespaces', read, selection);
  if (signal.aborted) return [];
  tell({ type: 'sight', what: 'Namespaces', detail: runs.known ? '' : runs.detail });
  return runs.known ? runs.value.flatMap((run) => run ?? []) : [];
}
