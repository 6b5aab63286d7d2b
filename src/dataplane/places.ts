import type { Kind, Probe } from './matrix.ts';

/**
 * Where something may be wrong, seen from what fails. `across`: between every two nodes. `cut-off`: a node and all others, both ways.
 * `node`: that, and inside it. `into`, `out-of`: one way. `through`: a NodePort of it answers only for its own Pods;
 * `relay`: so it does for askers on other nodes. `entry`: no
 * NodePort of it answers. `local-only`: `through` of every node. `server`: a DNS server; `asking`: it, from one node. `more`: of further
 * places, at too many to tell each. `scattered`: no pattern.
 */
export type Place =
  | OfNode
  | { readonly where: 'everywhere' | 'across' | 'local-only' | 'scattered' }
  | { readonly where: 'more'; readonly nodes: readonly string[] }
  | { readonly where: 'between' | 'direction'; readonly from: string; readonly to: string }
  | { readonly where: 'server'; readonly server: string }
  | { readonly where: 'asking'; readonly node: string; readonly server: string };

type OfNode = {
  readonly where: 'node' | 'cut-off' | 'into' | 'out-of' | 'inside' | 'through' | 'relay' | 'entry';
  readonly node: string;
};

/** `must`: with this place at fault the probe is lost. `may`: it could be, so that its loss says nothing more. */
export type Prediction = 'must' | 'may' | 'passes';

/** The nodes a place speaks of. */
export function nodesOf(place: Place): readonly string[] {
  if ('node' in place) return [place.node];
  if (place.where === 'more') return place.nodes;
  return 'from' in place ? [place.from, place.to] : [];
}

/**
 * All places of a layer, those that say least first: of two that explain as much the earlier is told, so that with two nodes a pair is
 * named and not one of them.
 */
export function placesOf(layer: Kind, probes: readonly Probe[]): readonly Place[] {
  const own = probes.filter(({ kind }) => kind === layer);
  const nodes = [...new Set(own.flatMap(({ from, to, kind }) => (kind === 'dns' ? [from] : [from, to])))];
  // Of one node's word nothing follows for all.
  const isShared = new Set(own.map(({ from }) => from)).size > 1;
  const shared = (...places: readonly Place[]): readonly Place[] => (isShared ? places : []);
  if (layer === 'dns') return [...shared({ where: 'everywhere' }), ...dnsPlaces(own, nodes)];
  const pairs = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
  const each = (where: 'node' | 'cut-off' | 'into' | 'out-of' | 'inside' | 'through' | 'relay' | 'entry'): Place[] =>
    nodes.map((node) => ({ where, node }));
  return [
    ...shared({ where: 'everywhere' }),
    ...pairs.map((pair): Place => ({ where: 'direction', ...pair })),
    ...pairs.filter(({ from, to }) => from < to).map((pair): Place => ({ where: 'between', ...pair })),
    ...(layer === 'nodeport'
      ? [...each('relay'), ...each('through'), ...each('entry'), ...shared({ where: 'local-only' })]
      : shared({ where: 'across' })),
    ...each('inside'),
    ...each('cut-off'),
    ...each('into'),
    ...each('out-of'),
    ...each('node'),
  ];
}

function dnsPlaces(own: readonly Probe[], nodes: readonly string[]): readonly Place[] {
  const servers = [...new Set(own.map(({ to }) => to))];
  return [
    ...nodes.flatMap((node) => servers.map((server): Place => ({ where: 'asking', node, server }))),
    ...servers.map((server): Place => ({ where: 'server', server })),
    ...nodes.map((node): Place => ({ where: 'out-of', node })),
  ];
}

/**
 * What becomes of a probe when a layer is at fault at a place. The Pod network is below all others: Services, NodePorts and DNS that
 * cross the place may fail with it, as those that a node's kube-proxy turns away may fail with Services. `dnsNodes`: where Pods of DNS
 * are known to be, one of which the cluster chooses; empty: they may be on any node.
 */
export function predicted(layer: Kind, place: Place, probe: Probe, dnsNodes: readonly string[] = []): Prediction {
  const ends = probe.backend === undefined ? dnsNodes : [probe.backend];
  if (probe.kind === layer) return isAt(place, probe) ? 'must' : touches(layer, place, probe, ends) ? 'may' : 'passes';
  const above = layer === 'pod' || (layer === 'service' && probe.kind !== 'pod');
  return above && touches(layer, place, probe, ends) ? 'may' : 'passes';
}

/** Of the layer's own probes, whether it crosses the place. Of a NodePort the way to the node's address, and from there to the Pod. */
function isAt(place: Place, probe: Probe): boolean {
  const { kind, from, to, backend } = probe;
  if ('server' in place) return to === place.server && (place.where === 'server' || from === place.node);
  if ('from' in place) {
    const isBack = place.where === 'between' && from === place.to && to === place.from;
    return isBack || (from === place.from && to === place.to);
  }
  const remote = kind === 'nodeport' ? backend !== to : from !== to;
  if ('node' in place) return isAtNode(place, probe, remote);
  if (place.where === 'across') return from !== to;
  return place.where === 'everywhere' || (place.where === 'local-only' && remote);
}

function isAtNode({ where, node }: OfNode, probe: Probe, remote: boolean): boolean {
  const { kind, from, to } = probe;
  const isApart = from !== to;
  switch (where) {
    case 'node':
      return from === node || to === node;
    case 'cut-off':
      return isApart && (from === node || to === node);
    case 'into':
      return isApart && to === node;
    case 'out-of':
      return from === node && (kind === 'dns' || isApart);
    case 'inside':
      return from === to && from === node;
    case 'through':
      return to === node && remote;
    case 'relay':
      return to === node && remote && isApart;
    case 'entry':
      return to === node;
  }
}

/** Whether any part of its way may be one that is at fault; `ends`: the nodes whose Pod may answer, empty where that is any. */
function touches(layer: Kind, place: Place, { kind, from, to }: Probe, ends: readonly string[]): boolean {
  if (kind === layer && layer !== 'nodeport') return false;
  const endsOn = (node: string): boolean => ends.length === 0 || ends.includes(node);
  const passes = (node: string): boolean => from === node || endsOn(node) || (kind !== 'dns' && to === node);
  switch (place.where) {
    case 'everywhere':
    case 'across':
    case 'local-only':
      return kind !== layer;
    case 'inside':
      return from === place.node && endsOn(place.node);
    case 'node':
    case 'cut-off':
    case 'into':
    case 'out-of':
    case 'entry':
      return passes(place.node);
    case 'direction':
    case 'between': {
      const { from: a, to: b } = place;
      // Of several Pods of DNS only the asker and one of them are on its way.
      if (kind === 'dns') return (from === a && endsOn(b)) || (from === b && endsOn(a));
      return passes(a) && passes(b);
    }
    case 'through':
    case 'relay':
    case 'server':
    case 'asking':
    case 'more':
    case 'scattered':
      return false;
  }
}
