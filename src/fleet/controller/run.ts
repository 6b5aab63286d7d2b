import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type LeadEnd, lead, type Term } from '../../cluster/client/lead.ts';
import type { Settings } from '../../vm-networks/cluster/keep-network.ts';
import { LEASE } from '../../vm-networks/cluster/model.ts';
import type { Tell } from '../../vm-networks/controller/events.ts';
import { keepNetworks } from '../../vm-networks/controller/keeper.ts';
import type { Tally } from '../../vm-networks/controller/tally.ts';
import { type FleetOptions, keepFleet } from './keep-fleet.ts';

export interface HaywardControllerOptions extends FleetOptions {
  readonly client: KubeConnection;
  /** Where the Lease is. */
  readonly namespace: string;
  readonly networks: { readonly settings: Settings; readonly tell: Tell; readonly tally: Tally };
  readonly signal: AbortSignal;
}

/**
 * Stands by until it leads, then judges the nodes as one and keeps the VM networks until the lease is lost or the signal is aborted. The
 * Lease is that of `hayward networks controller`, whose work this does too: of both kinds one alone leads.
 */
export async function runHaywardController(options: HaywardControllerOptions): Promise<LeadEnd> {
  const { client, namespace, name, networks, tell, tally, signal } = options;
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
    async (term) => {
      tally.leads();
      try {
        await bothOf(term, [(own) => keepFleet(own, options), (own) => keepNetworks(own, networks)]);
      } finally {
        tally.stands();
      }
    },
  );
  tell(end.kind === 'lost' ? { type: 'lost', detail: end.detail } : { type: 'stopped' });
  return end;
}

/** Works of one term: where one has a bug, the others are ended, and the bug is thrown. */
async function bothOf(term: Term, works: readonly ((term: Term) => Promise<void>)[]): Promise<void> {
  const failed = new AbortController();
  const own = { ...term, lost: AbortSignal.any([term.lost, failed.signal]) };
  const under = works.map((work) =>
    work(own).catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  await Promise.allSettled(under);
  await Promise.all(under);
}
