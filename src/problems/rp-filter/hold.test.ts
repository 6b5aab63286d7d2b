import { describe, expect, it } from 'vitest';
import { carriedOut, found, holdings, type LiteralNode, unmet } from '../../../test/holding.ts';
import { address, link, route, seen } from '../../../test/parts.ts';
import { unknown } from '../../hosts/reading.ts';
import { generic } from '../../profiles/generic.ts';
import { rpFilter } from '../rp-filter.ts';

const own = (name: string) => `net/ipv4/conf/${name}/rp_filter`;

/** Two links of one router to one and the same machine, and one to another. */
const ASYMMETRIC = {
  links: seen([1, 1, 2].map((peerNamespace, at) => link(`e${at}`, { kind: 'veth', foreignPeer: true, peerNamespace }))),
  addresses: seen([address('e0', '10.1.0.1/24'), address('e1', '10.2.0.1/24'), address('e2', '10.3.0.1/24')]),
  routes: seen([route('10.1.0.0/24', 'e0'), route('10.2.0.0/24', 'e1'), route('10.3.0.0/24', 'e2')]),
  rules: seen([]),
  neighbours: seen([]),
  counters: { reversePathFiltered: seen(0), forwarded: seen(0), inAddrErrors: seen(0) },
};
/** Nothing shows which path is asymmetric; cali1 is a Pod's. */
const COUNTED = {
  ...ASYMMETRIC,
  links: seen([
    link('eth0'),
    link('eth1'),
    link('lxc1', { kind: 'veth', foreignPeer: true }),
    link('cali1', { kind: 'veth' }),
  ]),
  addresses: seen([address('eth0', '10.1.0.1/24'), address('eth1', '10.2.0.1/24')]),
  routes: seen([
    route('10.1.0.0/24', 'eth0'),
    route('10.2.0.0/24', 'eth1'),
    route('10.42.0.7/32', 'lxc1'),
    route('10.42.0.8/32', 'cali1'),
  ]),
  counters: { ...ASYMMETRIC.counters, reversePathFiltered: seen(7) },
};

function node(
  all: string,
  owns: Readonly<Record<string, string>>,
  parts: LiteralNode['parts'] = ASYMMETRIC,
): LiteralNode {
  const settings = Object.fromEntries(Object.entries(owns).map(([name, value]) => [own(name), value]));
  return { settings: { [own('all')]: all, ...settings }, parts };
}

const kept = (here: LiteralNode) =>
  holdings(rpFilter, here, generic).map((one) => one.replace(/net\.ipv4\.conf\.|\.rp_filter/g, ''));

describe('what rp-filter keeps on asymmetric links: max(all, own) is in force', () => {
  it('own 2 where they are strict, and then `all` may be anything', () => {
    expect(kept(node('1', { e0: '0', e1: '2', e2: '1' }))).toEqual(['e0=2', 'e1=2']);
    expect(kept(node('0', { e0: '1', e1: '2', e2: '1' }))).toEqual(['e0=2', 'e1=2']);
  });

  it('an own 0 is as good as long as `all` is not 1, so that is kept too', () => {
    expect(kept(node('0', { e0: '0', e1: '0', e2: '1' }))).toEqual(['all=0|2', 'e0=2|0', 'e1=2|0']);
    expect(kept(node('2', { e0: '0', e1: '2', e2: '1' }))).toEqual(['all=2|0', 'e0=2|0', 'e1=2']);
  });

  it('an own 1 is good under all=2 alone', () => {
    expect(kept(node('2', { e0: '1', e1: '0', e2: '1' }))).toEqual(['all=2', 'e1=2|0']);
  });

  it('nothing on plain links, and nothing known where the wiring is not', () => {
    const plain = { ...ASYMMETRIC, links: seen([link('eth0')]), routes: seen([route('10.1.0.0/24', 'eth0')]) };
    expect(kept(node('1', { eth0: '1' }, plain))).toEqual([]);
    const unseen = { ...ASYMMETRIC, routes: unknown('denied', 'ip route', 'not permitted') };
    expect(kept(node('1', { e0: '1' }, unseen))).toEqual(['unknown *']);
    expect(kept({ settings: {}, parts: ASYMMETRIC })).toEqual(['unknown all']);
    const unlearned = { ...ASYMMETRIC, neighbours: unknown('failed', 'ip neigh', 'timed out') };
    expect(kept(node('1', { e0: '1', e1: '1', e2: '1' }, unlearned)), 'strict, and perhaps harmless').toEqual([
      'unknown *',
    ]);
  });

  it('every side where the kernel has counted, but Pods’ own only while they are strict, and Calico’s never', () => {
    expect(kept(node('0', { eth0: '1', eth1: '2', lxc1: '0', cali1: '1' }, COUNTED))).toEqual(['eth0=2', 'eth1=2']);
    expect(kept(node('1', { eth0: '2', eth1: '2', lxc1: '0', cali1: '1' }, COUNTED))).toEqual([
      'eth0=2',
      'eth1=2',
      'lxc1=2',
    ]);
  });
});

const MODES = ['0', '1', '2'] as const;

/** Every value of `all` and of each link's own. */
function everyNode(names: readonly string[], parts: LiteralNode['parts']): readonly LiteralNode[] {
  const owns = names.reduce<readonly Record<string, string>[]>(
    (all, name) => all.flatMap((one) => MODES.map((mode) => ({ ...one, [name]: mode }))),
    [{}],
  );
  return MODES.flatMap((all) => owns.map((own) => node(all, own, parts)));
}

const SHOWN_NODES = everyNode(['e0', 'e1', 'e2'], ASYMMETRIC);
const NODES = [...SHOWN_NODES, ...everyNode(['eth0', 'eth1', 'lxc1', 'cali1'], COUNTED)];

describe('whatever the filters are', () => {
  it('the doctor finds nothing once every demand is met', () => {
    for (const here of NODES) expect(found(rpFilter, carriedOut(rpFilter, here, generic), generic)).toEqual([]);
  });

  it('nothing is demanded of a node in order that it does not have', () => {
    const inOrder = NODES.filter((here) => found(rpFilter, here, generic).length === 0);
    expect(inOrder.length).toBeGreaterThan(0);
    for (const here of inOrder) expect(unmet(rpFilter, here, generic), JSON.stringify(here.settings)).toEqual([]);
  });

  it('any values that the demands take are no cause for a finding', () => {
    const inOrder = new Set(SHOWN_NODES.filter((here) => found(rpFilter, here, generic).length === 0));
    for (const before of SHOWN_NODES) {
      const demands = kept(before).map((one) => one.split('=') as [string, string]);
      const allowed = SHOWN_NODES.filter(({ settings }) =>
        demands.every(([name, values]) => values.split('|').includes(settings[own(name)] ?? '')),
      );
      // `all` alone was left free where it does not matter.
      for (const after of allowed)
        expect(inOrder.has(after), JSON.stringify([before, after].map((one) => one.settings))).toBe(true);
    }
  });
});
