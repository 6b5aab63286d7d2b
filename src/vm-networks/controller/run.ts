import type { LeadEnd } from '../../cluster/client/lead.ts';
import type { Settings } from '../cluster/keep-network.ts';
import type { Tell } from './events.ts';
import { keepNetworks } from './keeper.ts';
import { type LeadingOptions, leadTelling } from './leading.ts';
import type { Tally } from './tally.ts';

export interface ControllerOptions extends LeadingOptions {
  readonly settings: Settings;
  readonly tell: Tell;
  readonly tally: Tally;
}

/** Stands by until it leads, then keeps the networks until the lease is lost or the signal is aborted. */
export async function runController({ settings, tally, ...leading }: ControllerOptions): Promise<LeadEnd> {
  const { tell } = leading;
  return leadTelling(leading, (term) => keepNetworks(term, { settings, tell, tally }));
}
