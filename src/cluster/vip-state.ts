import { unknown } from '../hosts/reading.ts';
import type { Member } from './decide.ts';
import type { ClusterSnapshot } from './model.ts';

/**
 * Whether the management address answers over HTTPS, whatever it says; `absent` where there is none. Not known where silence may be
 * the way's fault.
 */
export function vipState({
  managementAddress: { address, https },
  vantage,
}: Pick<ClusterSnapshot, 'managementAddress' | 'vantage'>): Member | 'absent' {
  if (!address.known) return address.reason === 'absent' || address.reason === 'not-collected' ? 'absent' : address;
  if (!https.known) return https;
  const outcome = https.value;
  if (outcome.kind === 'answered') return 'good';
  if (outcome.kind !== 'cut' && (outcome.kind !== 'unreachable' || vantage !== 'routed')) return 'bad';
  const detail = `${address.value} does not answer here (${outcome.detail}); whether it does on the nodes' own network was not seen`;
  return unknown('failed', https.source, detail);
}
