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

/** So many places of a layer are told one by one, and so many more together; what those leave is no pattern. */
const MOST_PLACES = 8;
const MOST_MORE = 100;

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
  const own = all.filter((one) => one.kind === layer);
  if (!own.some((one) => left.has(one))) return [];
  const candidates = accused(layer, own);
  const dnsNodes = [...new Set(all.flatMap(({ kind, backend }) => (kind === 'dns' && backend ? [backend] : [])))];
  const claims: Claim[] = [];
  for (
    let best = mostOf(candidates, left);
    best && claims.length < MOST_PLACES + MOST_MORE;
    best = mostOf(candidates, left)
  ) {
    const { place, only } = best;
    const lost = [
      ...best.own.filter((one) => left.has(one)),
      ...all.filter((one) => left.has(one) && isMeant(only, one) && predicted(layer, place, one, dnsNodes) === 'may'),
    ];
    for (const one of lost) left.delete(one);
    claims.push({ layer, place, only, lost });
  }
  const rest = own.filter((one) => left.has(one));
  for (const one of rest) left.delete(one);
  const told = together(claims);
  return rest.length === 0 ? told : [...told, { layer, place: { where: 'scattered' }, only: ANY, lost: rest }];
}

/** The first as they are, all others as one. */
function together(claims: readonly Claim[]): readonly Claim[] {
  const [first, ...more] = claims.slice(MOST_PLACES);
  if (!first || more.length === 0) return claims;
  const further = [first, ...more];
  const nodes = [...new Set(further.flatMap(({ place }) => nodesOf(place)))];
  const lost = further.flatMap((claim) => claim.lost);
  return [...claims.slice(0, MOST_PLACES), { layer: first.layer, place: { where: 'more', nodes }, only: ANY, lost }];
}

interface Candidate {
  readonly place: Place;
  readonly only: Only;
  /** Of the layer itself: all of them lost. */
  readonly own: readonly Probed[];
  /** How many more cross it of which nothing is known. */
  readonly open: number;
}

/** All places nothing acquits, those that are accused whole before those of which only a part is. `all`: of the layer. */
function accused(layer: Kind, all: readonly Probed[]): readonly Candidate[] {
  const near = nearby(all);
  const byRestriction = RESTRICTIONS.map((): Candidate[] => []);
  for (const place of placesOf(layer, all.filter(isKnown))) {
    const crossing = near(place).filter((one) => predicted(layer, place, one) === 'must');
    if (!crossing.some(isLost)) continue;
    for (const [index, only] of RESTRICTIONS.entries()) {
      const meant = crossing.filter((one) => isMeant(only, one));
      const own = meant.filter(isKnown);
      if (own.length === 0 || !own.every(isLost)) continue;
      byRestriction[index]?.push({ place, only, own, open: meant.length - own.length });
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

function isKnown({ outcome }: Probed): boolean {
  return outcome.kind !== 'unknown';
}

function isMeant({ size, protocol }: Only, probed: Probed): boolean {
  return (size === undefined || size === probed.size) && (protocol === undefined || protocol === probed.protocol);
}

/**
 * The one that accounts for most of what is left; of equals, with the same restriction, the one of which least is open, else the
 * earlier: what could not be asked makes no place larger.
 */
function mostOf(candidates: readonly Candidate[], left: ReadonlySet<Probed>): Candidate | undefined {
  let best: Candidate | undefined;
  let most = 0;
  for (const candidate of candidates) {
    if (candidate.own.length < Math.max(1, most)) continue;
    const count = candidate.own.filter((one) => left.has(one)).length;
    const isSurer = count === most && candidate.only === best?.only && candidate.open < best.open;
    if (count <= most && !isSurer) continue;
    best = candidate;
    most = count;
  }
  return best;
}
