import type { Kind, Probe } from './matrix.ts';

/**
 * Where something may be wrong, seen from what fails. `across`: between every two nodes. `cut-off`: a node and all others, both ways.
 * `node`: that, and inside it. `into`, `out-of`: one way. `through`: a NodePort of it answers only for its own Pods;
 * `relay`: so it does for askers on other nodes. `entry`: no
 * NodePort of it answers. `local-only`: `through` of every node. `server`: a DNS server; `asking`: it, from one node. `scattered`: no pattern.
 */
export type Place =
  | OfNode
  | { readonly where: 'everywhere' | 'across' | 'local-only' | 'scattered' }
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
  return 'from' in place ? [place.from, place.to] : [];
}

/**
 * All places of a layer, those that say least first: of two that explain as much the earlier is told, so that with two nodes a pair is
 * named and not one of them.
 */
export function placesOf(layer: Kind, probes: readonly Probe[]): readonly Place[] {
  const own = probes.filter(({ kind }) => kind === layer);
  const nodes = [...new Set(own.flatMap(({ from, to, kind }) => (kind === 'dns' ? [from] : [from, to])))];
  if (layer === 'dns') return dnsPlaces(own, nodes);
  const pairs = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
  const each = (where: 'node' | 'cut-off' | 'into' | 'out-of' | 'inside' | 'through' | 'relay' | 'entry'): Place[] =>
    nodes.map((node) => ({ where, node }));
  return [
    { where: 'everywhere' },
    ...pairs.map((pair): Place => ({ where: 'direction', ...pair })),
    ...pairs.filter(({ from, to }) => from < to).map((pair): Place => ({ where: 'between', ...pair })),
    ...(layer === 'nodeport'
      ? [...each('relay'), ...each('through'), ...each('entry'), { where: 'local-only' } as const]
      : [{ where: 'across' } as const]),
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
    { where: 'everywhere' },
    ...nodes.flatMap((node) => servers.map((server): Place => ({ where: 'asking', node, server }))),
    ...servers.map((server): Place => ({ where: 'server', server })),
    ...nodes.map((node): Place => ({ where: 'out-of', node })),
  ];
}

/**
 * What becomes of a probe when a layer is at fault at a place. The Pod network is below all others: Services, NodePorts and DNS that
 * cross the place may fail with it, as those that a node's kube-proxy turns away may fail with Services.
 */
export function predicted(layer: Kind, place: Place, probe: Probe): Prediction {
  if (probe.kind === layer) return isAt(place, probe) ? 'must' : touches(layer, place, probe) ? 'may' : 'passes';
  const above = layer === 'pod' || (layer === 'service' && probe.kind !== 'pod');
  return above && touches(layer, place, probe) ? 'may' : 'passes';
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

/** Whether any part of its way may be one that is at fault. */
function touches(layer: Kind, place: Place, probe: Probe): boolean {
  const { kind, from, to, backend } = probe;
  // A Service's Pod that the cluster chooses may be on any node: so may its way.
  const stops = kind === 'dns' ? [from, backend] : [from, to, backend];
  if (kind === layer && layer !== 'nodeport') return false;
  switch (place.where) {
    case 'everywhere':
    case 'across':
    case 'local-only':
      return kind !== layer;
    case 'node':
    case 'cut-off':
    case 'into':
    case 'out-of':
    case 'inside':
    case 'entry':
      return stops.includes(place.node) || (kind === 'dns' && backend === undefined);
    case 'direction':
    case 'between':
      return [place.from, place.to].every((node) => stops.includes(node)) || isChosen(probe, place);
    case 'through':
    case 'relay':
    case 'server':
    case 'asking':
    case 'scattered':
      return false;
  }
}

function isChosen({ kind, backend, from }: Probe, pair: { readonly from: string; readonly to: string }): boolean {
  return kind === 'dns' && backend === undefined && (from === pair.from || from === pair.to);
}
