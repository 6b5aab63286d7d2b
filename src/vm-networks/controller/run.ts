import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type LeadEnd, lead } from '../../cluster/client/lead.ts';
import type { Settings } from '../cluster/keep-network.ts';
import { LEASE } from '../cluster/model.ts';
import type { Tell } from './events.ts';
import { keepNetworks } from './keeper.ts';
import type { Tally } from './tally.ts';

export interface ControllerOptions {
  readonly client: KubeConnection;
  /** Where the Lease is. */
  readonly namespace: string;
  /** Who this one is among the replicas. */
  readonly name: string;
  readonly settings: Settings;
  readonly tell: Tell;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** Stands by until it leads, then keeps the networks until the lease is lost or the signal is aborted. */
export async function runController(options: ControllerOptions): Promise<LeadEnd> {
  const { client, namespace, name, settings, tell, tally, signal } = options;
  tell({ type: 'started', name, server: client.server });
  const end = await lead(
    {
      client,
      namespace,
      name: LEASE.name,
      identity: name,
      signal,
      onNews(news) {
        if (news.kind === 'trouble') tell({ type: 'lease', detail: news.detail });
        else if (news.identity !== '' && news.identity !== name) tell({ type: 'waiting', leader: news.identity });
      },
    },
    (term) => keepNetworks(term, { settings, tell, tally }),
  );
  tell(end.kind === 'lost' ? { type: 'lost', detail: end.detail } : { type: 'stopped' });
  return end;
}
