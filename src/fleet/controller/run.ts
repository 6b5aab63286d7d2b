import type { LeadEnd, Term } from '../../cluster/client/lead.ts';
import type { Settings } from '../../vm-networks/cluster/keep-network.ts';
import type { Tell } from '../../vm-networks/controller/events.ts';
import { keepNetworks } from '../../vm-networks/controller/keeper.ts';
import { type LeadingOptions, leadTelling } from '../../vm-networks/controller/leading.ts';
import type { Tally } from '../../vm-networks/controller/tally.ts';
import { type FleetOptions, keepFleet } from './keep-fleet.ts';

export interface HaywardControllerOptions extends FleetOptions, LeadingOptions {
  readonly tell: FleetOptions['tell'];
  readonly networks: { readonly settings: Settings; readonly tell: Tell; readonly tally: Tally };
}

/**
 * Stands by until it leads, then judges the nodes as one and keeps the VM networks until the lease is lost or the signal is aborted. The
 * Lease is that of `hayward networks controller`, whose work this does too: of both kinds one alone leads.
 */
export async function runHaywardController(options: HaywardControllerOptions): Promise<LeadEnd> {
  const { networks, tally } = options;
  return leadTelling(options, async (term) => {
    tally.leads();
    try {
      await bothOf(term, [(own) => keepFleet(own, options), (own) => keepNetworks(own, networks)]);
    } finally {
      tally.stands();
    }
  });
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
