import { type Ask, sourceOf } from '../hosts/ask.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { both, IPV6_PRESENT } from './both-families.ts';
import { type Fields, ipObjects, numberAt, numberIn, textIn } from './fields.ts';
import { subject } from './subject.ts';

/** A policy routing rule (`ip rule`). */
export interface RoutingRule {
  readonly family: 'ipv4' | 'ipv6';
  readonly priority: number;
  /** CIDR, or `all`. */
  readonly from: string;
  readonly to: string;
  readonly inputLink?: string;
  readonly outputLink?: string;
  /** As printed: 0x2000/0x2000 */
  readonly mark?: string;
  /** A table's name or number, or the action (`unreachable`…). */
  readonly table: string;
  /** The rule applies to what does *not* match. */
  readonly not?: true;
  /** Selectors that are not in this record (ipproto, sport, uidrange, tos …), by iproute2's name, where there are any. */
  readonly otherSelectors?: readonly string[];
}

const ASKS = {
  ipv4: { kind: 'run', argv: ['ip', '-j', 'rule', 'show'] },
  ipv6: { kind: 'run', argv: ['ip', '-6', '-j', 'rule', 'show'], onlyIf: IPV6_PRESENT },
} as const satisfies Readonly<Record<RoutingRule['family'], Ask>>;

/** Fields of `ip -j rule` that narrow a rule and that RoutingRule has no place for. */
const OTHER_SELECTORS = [
  'tos',
  'dsfield',
  'uid_start',
  'uid_end',
  'ipproto',
  'sport',
  'sport_start',
  'dport',
  'dport_start',
  'tun_id',
  'flowlabel',
  'suppress_prefixlen',
  'suppress_ifgroup',
];

function ruleOf(family: RoutingRule['family'], entry: Fields): RoutingRule {
  const inputLink = textIn(entry, 'iif');
  const outputLink = textIn(entry, 'oif');
  const mark = textIn(entry, 'fwmark');
  const mask = textIn(entry, 'fwmask');
  const other = OTHER_SELECTORS.filter((name) => name in entry.object);
  return {
    family,
    priority: numberAt(entry, 'priority'),
    from: prefixOf(entry, 'src', 'srclen'),
    to: prefixOf(entry, 'dst', 'dstlen'),
    ...(inputLink === undefined ? {} : { inputLink }),
    ...(outputLink === undefined ? {} : { outputLink }),
    ...(mark === undefined ? {} : { mark: mask === undefined ? mark : `${mark}/${mask}` }),
    table: textIn(entry, 'table') ?? textIn(entry, 'action') ?? ('l3mdev' in entry.object ? 'l3mdev' : 'main'),
    ...('not' in entry.object ? { not: true as const } : {}),
    ...(other.length === 0 ? {} : { otherSelectors: other }),
  };
}

function prefixOf(entry: Fields, address: string, length: string): string {
  const prefix = textIn(entry, address);
  if (prefix === undefined || prefix === 'all') return 'all';
  return `${prefix}/${numberIn(entry, length) ?? (prefix.includes(':') ? 128 : 32)}`;
}

export const rules = subject<Reading<readonly RoutingRule[]>>({
  asks: Object.values(ASKS),
  parse: (view) => {
    const read = (family: RoutingRule['family']) =>
      mapReading(view.text(sourceOf(ASKS[family].argv)), (text) =>
        ipObjects(text).map((entry) => ruleOf(family, entry)),
      );
    return both(read('ipv4'), read('ipv6'));
  },
});
