import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Probe, Probed } from './matrix.ts';
import type { Place } from './places.ts';
import { type Claim, standsOut } from './stands-out.ts';
import { everyProbe, outcomes } from './testing/simulated.ts';

const THREE = ['node-1', 'node-2', 'node-3'];

function told(fails: (probe: Probe) => boolean, nodes: readonly string[] = THREE): readonly Omit<Claim, 'lost'>[] {
  return standsOut(outcomes(everyProbe(nodes), fails)).map(({ lost: _, ...claim }) => claim);
}

const ANY = { size: undefined, protocol: undefined };

/** The nodes a packet and its answer pass, as kube-proxy sends them: a NodePort's by the node that was asked. */
function hopsOf({ kind, from, to, backend }: Probe): readonly (readonly [string, string])[] {
  if (kind === 'nodeport') {
    return [
      [from, to],
      [to, backend ?? to],
    ];
  }
  return [[from, backend ?? 'node-1']];
}

/** With ip_forward 0 nothing passes a node that is not to or from itself: all of its Pods' packets, those behind a bridge apart. */
function unforwarded(node: string, bridged: boolean): (probe: Probe) => boolean {
  return (probe) => {
    const isInside = probe.kind !== 'nodeport' && hopsOf(probe).every(([a, b]) => a === b);
    return hopsOf(probe).some((hop) => hop.includes(node)) && !(bridged && isInside);
  };
}

describe('what stands out', () => {
  it('is nothing where nothing was lost', () => {
    expect(told(() => false)).toEqual([]);
  });

  it('is the node that does not forward, by its Pods and its NodePorts', () => {
    expect(told(unforwarded('node-2', true))).toEqual([
      { layer: 'pod', place: { where: 'cut-off', node: 'node-2' }, only: ANY },
    ]);
    expect(told(unforwarded('node-2', false))).toEqual([
      { layer: 'pod', place: { where: 'node', node: 'node-2' }, only: ANY },
    ]);
  });

  it('is the node whose NodePorts answer for its own Pods alone, as of kubekey#2152', () => {
    const through = (probe: Probe) => probe.kind === 'nodeport' && probe.to === 'node-2' && probe.backend !== 'node-2';
    expect(told(through)).toEqual([{ layer: 'nodeport', place: { where: 'through', node: 'node-2' }, only: ANY }]);
  });

  it('is the same of a node that relays nothing, though its own Pods get out', () => {
    const relayed = (probe: Probe) =>
      probe.kind === 'nodeport' && probe.to === 'node-2' && probe.backend !== 'node-2' && probe.from !== 'node-2';
    expect(told(relayed)).toEqual([{ layer: 'nodeport', place: { where: 'relay', node: 'node-2' }, only: ANY }]);
  });

  it('is every node, where NodePorts answer on the Pod’s node alone', () => {
    const through = (probe: Probe) => probe.kind === 'nodeport' && probe.to !== probe.backend;
    expect(told(through)).toEqual([{ layer: 'nodeport', place: { where: 'local-only' }, only: ANY }]);
  });

  it('is the pair, in both directions or in one', () => {
    const crosses = (probe: Probe, a: string, b: string) =>
      probe.kind !== 'dns' && hopsOf(probe).some(([x, y]) => x === a && y === b);
    expect(told((probe) => crosses(probe, 'node-1', 'node-3') || crosses(probe, 'node-3', 'node-1'))).toEqual([
      { layer: 'pod', place: { where: 'between', from: 'node-1', to: 'node-3' }, only: ANY },
    ]);
    expect(told((probe) => probe.kind === 'pod' && crosses(probe, 'node-3', 'node-1'))).toEqual([
      { layer: 'pod', place: { where: 'direction', from: 'node-3', to: 'node-1' }, only: ANY },
    ]);
  });

  it('is a pair and no node, where there are only two', () => {
    expect(told((probe) => probe.kind === 'pod' && probe.from !== probe.to, ['node-1', 'node-2'])).toEqual([
      { layer: 'pod', place: { where: 'between', from: 'node-1', to: 'node-2' }, only: ANY },
    ]);
  });

  it('is every way between nodes, where the overlay is blocked; and everything, where everything is lost', () => {
    expect(told((probe) => hopsOf(probe).some(([a, b]) => a !== b))).toMatchObject([
      { layer: 'pod', place: { where: 'across' } },
    ]);
    expect(told(() => true)).toEqual([{ layer: 'pod', place: { where: 'everywhere' }, only: ANY }]);
  });

  it('is a size or a protocol, where the other passes', () => {
    expect(told(({ size, from, to, kind }) => kind === 'pod' && size === 'full' && from !== to)).toEqual([
      { layer: 'pod', place: { where: 'across' }, only: { size: 'full', protocol: undefined } },
    ]);
    expect(told(({ protocol, to, kind }) => kind === 'service' && protocol === 'udp' && to === 'node-3')).toEqual(
      [
        { layer: 'service', place: { where: 'inside', node: 'node-3' }, only: { size: undefined, protocol: 'udp' } },
        { layer: 'service', place: { where: 'into', node: 'node-3' }, only: { size: undefined, protocol: 'udp' } },
      ].toReversed(),
    );
  });

  it('is the small too, where of Pods only the full are lost', () => {
    const full = ({ kind, size, from, to }: Probe) => kind === 'pod' && size === 'full' && from !== to;
    const small = ({ kind, size, protocol, from, to }: Probe) =>
      kind === 'service' && size === 'small' && protocol === 'tcp' && from === 'node-1' && to === 'node-2';
    expect(told((probe) => full(probe) || small(probe)).map(({ layer, only }) => [layer, only.size])).toEqual([
      ['pod', 'full'],
      ['service', 'small'],
    ]);
  });

  it('is the node that cannot ask DNS, the server that does not answer it, or DNS as a whole', () => {
    expect(told((probe) => probe.kind === 'dns' && probe.from === 'node-3')).toEqual([
      { layer: 'dns', place: { where: 'out-of', node: 'node-3' }, only: ANY },
    ]);
    expect(told((probe) => probe.kind === 'dns' && probe.to === '10.52.0.2')).toEqual([
      { layer: 'dns', place: { where: 'server', server: '10.52.0.2' }, only: ANY },
    ]);
    expect(told((probe) => probe.kind === 'dns')).toEqual([
      { layer: 'dns', place: { where: 'everywhere' }, only: ANY },
    ]);
  });

  it('is no node that was silent itself: what is unknown neither accuses nor acquits', () => {
    const silent = (probe: Probed): Probed =>
      probe.from === 'node-3' || probe.to === 'node-3'
        ? { ...probe, outcome: { kind: 'unknown', reason: 'failed', detail: 'its Pod did not start' } }
        : probe;
    const seen = (fails: (probe: Probe) => boolean) => standsOut(outcomes(everyProbe(THREE), fails).map(silent));
    expect(seen(() => false)).toEqual([]);
    expect(seen((probe) => probe.kind === 'pod' && probe.from !== probe.to)).toMatchObject([
      { place: { where: 'between', from: 'node-1', to: 'node-2' } },
    ]);
  });

  describe('where some could not ask', () => {
    /** Nothing is known of what these would have asked. */
    const seen = (mute: readonly string[], fails: (probe: Probe) => boolean) =>
      standsOut(
        outcomes(everyProbe(THREE), fails).map((one) =>
          mute.includes(one.from)
            ? { ...one, outcome: { kind: 'unknown', reason: 'failed', detail: 'no agent' } }
            : one,
        ),
      ).map(({ lost: _, ...claim }) => claim);
    const isPodApart = ({ kind, from, to }: Probe) => kind === 'pod' && from !== to;

    it('is what was seen of a node, and not more', () => {
      const into = (probe: Probe) => isPodApart(probe) && probe.to === 'node-3';
      expect(seen(['node-3'], into)).toEqual([{ layer: 'pod', place: { where: 'into', node: 'node-3' }, only: ANY }]);
    });

    it('is the one that asked, and not all', () => {
      expect(seen(['node-2', 'node-3'], isPodApart)).toEqual([
        { layer: 'pod', place: { where: 'out-of', node: 'node-1' }, only: ANY },
      ]);
      expect(seen(['node-2', 'node-3'], ({ kind }) => kind === 'pod')).toEqual([
        { layer: 'pod', place: { where: 'node', node: 'node-1' }, only: ANY },
      ]);
      expect(seen(['node-2', 'node-3'], ({ kind }) => kind === 'dns')).toEqual([
        { layer: 'dns', place: { where: 'out-of', node: 'node-1' }, only: ANY },
      ]);
    });

    it('is no part alone, where an image has no means for the others', () => {
      const all = outcomes(everyProbe(THREE), (probe) => isPodApart(probe) && probe.to === 'node-3').map((one) =>
        one.protocol === 'udp' || one.size === 'full'
          ? ({ ...one, outcome: { kind: 'unknown', reason: 'not-collected', detail: 'no means' } } as const)
          : one,
      );
      expect(standsOut(all)).toMatchObject([{ place: { where: 'into', node: 'node-3' }, only: ANY }]);
    });
  });

  it('is each of many nodes, of the last together, and never without a pattern', () => {
    const many = Array.from({ length: 24 }, (_, index) => `node-${index + 1}`);
    const cut = many.filter((_, index) => index % 2 === 0);
    const fails = (probe: Probe) => cut.some((node) => unforwarded(node, true)(probe));
    const places = told(fails, many).map(({ place }) => place);
    expect(places.slice(0, 8).map(({ where }) => where)).toEqual(new Array(8).fill('cut-off'));
    expect(places.slice(8)).toEqual([{ where: 'more', nodes: cut.slice(8) }]);
  });

  it('is the Services too, where Pods do not reach each other inside one node alone', () => {
    const inside = ({ kind, from, to }: Probe) => kind === 'pod' && from === 'node-2' && to === 'node-2';
    expect(told((probe) => inside(probe) || (probe.kind === 'service' && probe.from === 'node-2'))).toMatchObject([
      { layer: 'pod', place: { where: 'inside', node: 'node-2' } },
      { layer: 'service', place: { where: 'out-of', node: 'node-2' } },
    ]);
  });

  it('is DNS too, where none of its Pods is at what else is wrong', () => {
    const isCut = unforwarded('node-2', true);
    const dns = (probe: Probe) => probe.kind === 'dns' && probe.backend === undefined;
    expect(told((probe) => isCut(probe) || dns(probe)).map(({ layer, place }) => [layer, place])).toEqual([
      ['pod', { where: 'cut-off', node: 'node-2' }],
      ['dns', { where: 'server', server: '10.53.0.10' }],
    ]);
    // Its only Pod is there: all that is lost may come of it.
    expect(told((probe) => unforwarded('node-1', true)(probe) || dns(probe)).map(({ layer }) => layer)).toEqual([
      'pod',
    ]);
  });

  it('is two nodes, where two are cut off', () => {
    const fails = (probe: Probe) => unforwarded('node-2', true)(probe) || unforwarded('node-4', true)(probe);
    const places = told(fails, [...THREE, 'node-4', 'node-5']).map(({ place }) => place);
    expect(places).toEqual([
      { where: 'cut-off', node: 'node-2' },
      { where: 'cut-off', node: 'node-4' },
    ]);
  });
});

const names = fc.integer({ min: 3, max: 7 }).map((count) => Array.from({ length: count }, (_, i) => `node-${i + 1}`));

/** A single fault as the network would make it, and what has to be said of it. */
const faults = names.chain((nodes) =>
  fc
    .record({ a: fc.nat(nodes.length - 1), b: fc.nat(nodes.length - 1), size: fc.constantFrom(undefined, 'full') })
    .filter(({ a, b }) => a !== b)
    .chain(({ a, b, size }) => {
      const [node = '', other = ''] = [nodes[a], nodes[b]];
      const [from = '', to = ''] = [node, other].sort();
      const sized = (probe: Probe) => size === undefined || probe.size === size;
      const cases: readonly { place: Place; fails: (probe: Probe) => boolean }[] = [
        { place: { where: 'cut-off', node }, fails: unforwarded(node, true) },
        {
          place: { where: 'between', from, to },
          fails: (probe) => hopsOf(probe).some((hop) => hop.includes(from) && hop.includes(to)),
        },
        { place: { where: 'into', node }, fails: (p) => p.kind === 'pod' && p.to === node && p.from !== node },
        {
          place: { where: 'through', node },
          fails: (p) => p.kind === 'nodeport' && p.to === node && p.backend !== node,
        },
        { place: { where: 'entry', node }, fails: (p) => p.kind === 'nodeport' && p.to === node },
      ];
      return fc.constantFrom(...cases).map((one) => ({ ...one, nodes, sized, size }));
    }),
);

it('names the place of any single fault, among any number of nodes', () => {
  fc.assert(
    fc.property(faults, ({ nodes, place, fails, sized, size }) => {
      const claims = told((probe) => fails(probe) && sized(probe), nodes);
      expect(claims.map((claim) => claim.place)).toContainEqual(place);
      expect(claims[0]?.only.size).toBe(size);
    }),
    { numRuns: 200 },
  );
});

it('accounts for everything that was lost, whatever it is, and accuses nothing that answered', () => {
  const random = fc.tuple(names, fc.infiniteStream(fc.boolean())).map(([nodes, coins]) => {
    const lost = new Map(everyProbe(nodes).map((probe) => [probe, coins.next().value === true]));
    return outcomes([...lost.keys()], (probe) => lost.get(probe) === true);
  });
  fc.assert(
    fc.property(random, (all) => {
      const named = standsOut(all).flatMap(({ lost }) => lost);
      expect(new Set(named)).toEqual(new Set(all.filter(({ outcome }) => outcome.kind === 'lost')));
      expect(named.length).toBe(new Set(named).size);
    }),
    { numRuns: 10 },
  );
});
