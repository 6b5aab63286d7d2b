import { type Ask, sourceOf } from '../hosts/ask.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { type Fields, ipObjects, textAt, textIn, textsIn } from './fields.ts';
import { subject } from './subject.ts';

export interface Neighbour {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly link: string;
  readonly mac?: string;
  /** REACHABLE, STALE, FAILED, PERMANENT … */
  readonly states: readonly string[];
}

const ASK = { kind: 'run', argv: ['ip', '-j', 'neigh', 'show'] } as const satisfies Ask;

function neighbourOf(entry: Fields): Neighbour {
  const address = textAt(entry, 'dst');
  const mac = textIn(entry, 'lladdr');
  return {
    family: address.includes(':') ? 'ipv6' : 'ipv4',
    address,
    link: textAt(entry, 'dev'),
    ...(mac === undefined ? {} : { mac }),
    states: textsIn(entry, 'state'),
  };
}

export const neighbours = subject<Reading<readonly Neighbour[]>>({
  asks: [ASK],
  parse: (view) => mapReading(view.text(sourceOf(ASK.argv)), (text) => ipObjects(text).map(neighbourOf)),
});
