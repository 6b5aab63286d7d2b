import type { ManagementAddress } from '../../cluster/model/management-address.ts';

/** A management address that is to be, and what the wire says of it. */
export interface VipQuestion {
  /** IPv4. */
  readonly address: string;
  /** Asked from the machine that looks, once for all hosts: they are of one segment. */
  readonly wire: Pick<ManagementAddress, 'arp' | 'offeredBy'>;
}
