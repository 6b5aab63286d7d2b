import { type Ask, sourceOf } from '../hosts/ask.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { type Fields, ipObjects, numberAt, objectsIn, textAt, textIn } from './fields.ts';
import { subject } from './subject.ts';

export interface Address {
  readonly link: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly prefixLength: number;
  readonly scope: string;
  /** Other end of a point-to-point address. */
  readonly peer?: string;
}

const ASK = { kind: 'run', argv: ['ip', '-j', 'addr', 'show'] } as const satisfies Ask;

const FAMILIES: Readonly<Record<string, Address['family']>> = { inet: 'ipv4', inet6: 'ipv6' };

function addressesOf(entry: Fields): Address[] {
  const link = textAt(entry, 'ifname');
  return objectsIn(entry, 'addr_info').flatMap((info) => {
    const family = FAMILIES[textIn(info, 'family') ?? ''];
    // Older releases leave empty objects behind for addresses they filtered out.
    if (!family) return [];
    const peer = textIn(info, 'address');
    return [
      {
        link,
        family,
        address: textAt(info, 'local'),
        prefixLength: numberAt(info, 'prefixlen'),
        scope: textIn(info, 'scope') ?? 'global',
        ...(peer === undefined ? {} : { peer }),
      },
    ];
  });
}

export const addresses = subject<Reading<readonly Address[]>>({
  asks: [ASK],
  parse: (view) => mapReading(view.text(sourceOf(ASK.argv)), (text) => ipObjects(text).flatMap(addressesOf)),
});
