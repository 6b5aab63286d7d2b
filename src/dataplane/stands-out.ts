import { isLost, KINDS, type Kind, type Probed, type Protocol, type Size } from './matrix.ts';
import { nodesOf, type Place, placesOf, predicted } from './places.ts';

/** Only packets of this size, only this protocol; undefined: of any. */
export interface Only {
  readonly size: Size | undefined;
  readonly protocol: Protocol | undefined;
}

/** One thing that stands out: with `layer` at fault at `place` these probes are lost, and nothing else of that layer was seen to pass. */
export interface Claim {
  readonly layer: Kind;
  readonly place: Place;
  readonly only: Only;
  /** What was lost and is told by this: of the layer itself, then what may follow from it. */
  readonly lost: readonly Probed[];
}

/** Packets of every kind. */
export const ANY: Only = { size: undefined, protocol: undefined };

/** More places are no pattern: what they leave is told as scattered. */
const MOST_PLACES = 8;

/** From the least restricted: of two that explain as much the first is told. */
const RESTRICTIONS: readonly Only[] = [
  ANY,
  { size: 'full', protocol: undefined },
  { size: undefined, protocol: 'udp' },
  { size: undefined, protocol: 'tcp' },
  { size: 'full', protocol: 'udp' },
  { size: 'full', protocol: 'tcp' },
  { size: 'small', protocol: 'udp' },
  { size: 'small', protocol: 'tcp' },
];

/**
 * The fewest places that account for all that was lost, from the lowest layer up, by the pattern alone. A place is named only where
 * all that is known to cross it was lost: one answer acquits it. What is unknown neither accuses nor acquits. Empty where nothing
 * was lost; what has no pattern is scattered.
 */
export function standsOut(all: readonly Probed[]): readonly Claim[] {
  const left = new Set(all.filter(isLost));
  return KINDS.flatMap((layer) => claimsOf(layer, all, left));
}

/** Takes what it accounts for out of `left`. */
function claimsOf(layer: Kind, all: readonly Probed[], left: Set<Probed>): readonly Claim[] {
  const own = all.filter((one) => one.kind === layer && one.outcome.kind !== 'unknown');
  if (!own.some((one) => left.has(one))) return [];
  const candidates = accused(layer, own);
  const claims: Claim[] = [];
  for (let best = mostOf(candidates, left); best && claims.length < MOST_PLACES; best = mostOf(candidates, left)) {
    const { place, only } = best;
    const lost = [
      ...best.own.filter((one) => left.has(one)),
      ...all.filter((one) => left.has(one) && isMeant(only, one) && predicted(layer, place, one) === 'may'),
    ];
    for (const one of lost) left.delete(one);
    claims.push({ layer, place, only, lost });
  }
  const rest = own.filter((one) => left.has(one));
  for (const one of rest) left.delete(one);
  return rest.length === 0 ? claims : [...claims, { layer, place: { where: 'scattered' }, only: ANY, lost: rest }];
}

interface Candidate {
  readonly place: Place;
  readonly only: Only;
  /** Of the layer itself: all of them lost. */
  readonly own: readonly Probed[];
}

/** All places nothing acquits, those that are accused whole before those of which only a part is. */
function accused(layer: Kind, own: readonly Probed[]): readonly Candidate[] {
  const near = nearby(own);
  const byRestriction = RESTRICTIONS.map((): Candidate[] => []);
  for (const place of placesOf(layer, own)) {
    const crossing = near(place).filter((one) => predicted(layer, place, one) === 'must');
    if (!crossing.some(isLost)) continue;
    for (const [index, only] of RESTRICTIONS.entries()) {
      const meant = crossing.filter((one) => isMeant(only, one));
      if (meant.length === 0 || !meant.every(isLost)) continue;
      byRestriction[index]?.push({ place, only, own: meant });
      // All of it is lost: no part of it says more.
      if (only === ANY) break;
    }
  }
  return byRestriction.flat();
}

/** A hundred nodes have ten thousand pairs: each place looks only at what its nodes have a part in. */
function nearby(own: readonly Probed[]): (place: Place) => readonly Probed[] {
  const byNode = new Map<string, Probed[]>();
  const byWay = new Map<string, Probed[]>();
  for (const one of own) {
    for (const node of new Set([one.from, one.to])) listIn(byNode, node).push(one);
    listIn(byWay, `${one.from} ${one.to}`).push(one);
  }
  return (place) => {
    const [first, second] = nodesOf(place);
    if (first === undefined) return own;
    if (second === undefined) return byNode.get(first) ?? [];
    return [...(byWay.get(`${first} ${second}`) ?? []), ...(byWay.get(`${second} ${first}`) ?? [])];
  };
}

function listIn(lists: Map<string, Probed[]>, key: string): Probed[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function isMeant({ size, protocol }: Only, probed: Probed): boolean {
  return (size === undefined || size === probed.size) && (protocol === undefined || protocol === probed.protocol);
}

/** The one that accounts for most of what is left; the earlier of equals. */
function mostOf(candidates: readonly Candidate[], left: ReadonlySet<Probed>): Candidate | undefined {
  let best: Candidate | undefined;
  let most = 0;
  for (const candidate of candidates) {
    if (candidate.own.length <= most) continue;
    const count = candidate.own.filter((one) => left.has(one)).length;
    if (count <= most) continue;
    best = candidate;
    most = count;
  }
  return best;
}
