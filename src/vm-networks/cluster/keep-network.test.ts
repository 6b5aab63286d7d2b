import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from './model.ts';
import { DARK, type Found, NO_DHCP, type SimulatedNetwork, simulateNetwork, WELL } from './simulated-network.ts';

const AUTO = '{"mode":"auto"}';
const SECOND = 1000;
const MINUTE = 60 * SECOND;

function condition(network: SimulatedNetwork, type: Condition['type']): Condition | undefined {
  return network.report()?.conditions.find((one) => one.type === type);
}
const routeWrites = (network: SimulatedNetwork): number => network.writes.filter(({ kind }) => kind === 'route').length;
const reportWrites = (network: SimulatedNetwork): number => network.writes.length - routeWrites(network);

describe('one network', () => {
  it('costs two writes to settle, and none while nothing changes', () => {
    const network = simulateNetwork({ route: AUTO });
    network.pass(5 * SECOND);
    expect(network.writes.map(({ kind }) => kind)).toEqual(['route', 'report']);
    expect(condition(network, 'Connected')).toMatchObject({ status: 'True', reason: 'Connected' });
    network.pass(60 * MINUTE);
    expect(network.writes).toHaveLength(2);
    expect(network.asked('node-1')).toBeGreaterThan(9);
    expect(network.asked('node-1')).toBeLessThan(18);
  });

  it('is told at once by the nodes that answer, and again when the last one is known to be silent', () => {
    const network = simulateNetwork({ route: AUTO });
    network.set('node-2', undefined);
    network.pass(1100);
    expect(condition(network, 'Connected')).toMatchObject({ status: 'True', reason: 'ConnectedWhereSeen' });
    expect(network.route()).toMatchObject({ connectivity: 'true' });
    network.pass(2 * MINUTE);
    expect(condition(network, 'Connected')?.message).toContain('node-2: no-answer, no agent answers there');
  });

  it('whose fault comes to all at once is told of once, whichever node saw it first', () => {
    const network = simulateNetwork({ route: AUTO });
    network.pass(MINUTE);
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, NO_DHCP);
    network.pass(10 * MINUTE);
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, WELL);
    network.pass(10 * MINUTE);
    const said = network.writes.filter(({ kind }) => kind === 'route').map(({ text }) => JSON.parse(text).connectivity);
    expect(said).toEqual(['true', 'DHCP failed', 'true']);
  });

  it('whose nodes are asked at different times are asked together once one of them says something new', () => {
    const network = simulateNetwork({ route: AUTO });
    network.set('node-1', DARK);
    network.pass(2 * MINUTE);
    network.set('node-1', WELL);
    network.pass(4 * MINUTE);
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, NO_DHCP);
    network.pass(10 * MINUTE);
    const said = network.writes.filter(({ kind }) => kind === 'route').map(({ text }) => JSON.parse(text).connectivity);
    expect(said).toEqual(['false', 'true', 'DHCP failed']);
  });

  it('keeps what was found last while DHCP is silent', () => {
    const network = simulateNetwork({ route: AUTO });
    network.pass(MINUTE);
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, NO_DHCP);
    network.pass(10 * MINUTE);
    expect(network.route()).toMatchObject({ cidr: '10.0.0.0/24', connectivity: 'DHCP failed' });
    expect(network.report()).toMatchObject({ cidr: '10.0.0.0/24', gateway: '10.0.0.1' });
  });

  it('of another VLAN is not what it was', () => {
    const network = simulateNetwork({ route: AUTO });
    network.pass(MINUTE);
    network.move(200);
    expect(condition(network, 'Connected')).toMatchObject({ status: 'Unknown', reason: 'Probing' });
    expect(network.report()).toMatchObject({ vlan: 200, cidr: '' });
    network.pass(5 * SECOND);
    expect(condition(network, 'Connected')).toMatchObject({ status: 'True', observedGeneration: 200 });
  });

  it('with given addresses is reported with them, whatever the nodes say', () => {
    const network = simulateNetwork({ route: '{"mode":"manual","cidr":"10.7.0.1/16","gateway":"10.7.0.1"}' });
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, { ...DARK, reason: 'arp-silent' });
    network.pass(MINUTE);
    expect(network.report()).toMatchObject({ cidr: '10.7.0.0/16', gateway: '10.7.0.1' });
    expect(network.route()).toMatchObject({ mode: 'manual', cidr: '10.7.0.1/16', connectivity: 'false' });
  });

  it('that is outdated is found anew', () => {
    const network = simulateNetwork({
      route: JSON.stringify({ mode: 'auto', cidr: '9.0.0.0/8', gateway: '9.0.0.1', outdated: true }),
    });
    network.pass(MINUTE);
    expect(network.route()).toEqual({
      mode: 'auto',
      serverIPAddr: '',
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      connectivity: 'true',
    });
  });

  it('in which nodes find different networks is not connected', () => {
    const network = simulateNetwork({ route: AUTO });
    network.set('node-3', { ...WELL, cidr: '10.9.0.0/24', gateway: '10.9.0.1' });
    network.pass(MINUTE);
    expect(condition(network, 'Connected')).toMatchObject({ status: 'False', reason: 'NodesDiffer' });
    expect(condition(network, 'Connected')?.message).toBe('node-1 finds 10.0.0.0/24; node-3 finds 10.9.0.0/24');
    expect(network.route()).toMatchObject({ connectivity: 'false' });
  });

  it('that this node alone does not reach is connected', () => {
    const network = simulateNetwork({ route: AUTO });
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, { ...WELL, reason: 'no-route' });
    network.pass(MINUTE);
    expect(condition(network, 'Connected')?.status).toBe('True');
    expect(network.route()).toMatchObject({ connectivity: 'true' });
  });

  it('without annotation and without DHCP is not called broken', () => {
    const network = simulateNetwork({ defaultRoute: 'auto' });
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, NO_DHCP);
    network.pass(MINUTE);
    expect(condition(network, 'Connected')).toMatchObject({ status: 'Unknown', reason: 'DhcpSilent' });
    expect(network.route()).toBeUndefined();
  });

  it('that Harvester calls inactive before us is left, and written once the truth changes', () => {
    const harvesters = JSON.stringify({
      mode: 'auto',
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      connectivity: 'false',
    });
    const network = simulateNetwork({ route: harvesters });
    network.pass(30 * MINUTE);
    expect(condition(network, 'HarvesterAgrees')).toMatchObject({ status: 'False', reason: 'StatusStale' });
    network.restart();
    network.pass(30 * MINUTE);
    expect(routeWrites(network)).toBe(0);
    for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, { ...WELL, gateway: '10.0.0.254' });
    network.pass(30 * MINUTE);
    expect(network.route()).toMatchObject({ gateway: '10.0.0.254', connectivity: 'true' });
  });

  it('that is asked again after a fault is asked sooner, then less and less', () => {
    const network = simulateNetwork({ nodes: ['node-1'], route: AUTO });
    network.set('node-1', DARK);
    network.pass(15 * SECOND);
    expect(network.asked('node-1')).toBe(2);
    network.pass(2 * MINUTE);
    expect(network.asked('node-1')).toBeLessThan(6);
    network.pass(60 * MINUTE);
    expect(network.asked('node-1')).toBeLessThan(24);
  });

  it('whose annotation somebody else changes the mode of is asked at once', () => {
    const network = simulateNetwork();
    network.pass(MINUTE);
    const before = network.asked('node-1');
    network.write(AUTO, 'rancher');
    expect(network.asked('node-1')).toBe(before + 1);
    network.pass(5 * SECOND);
    expect(network.route()).toMatchObject({ connectivity: 'true' });
  });
});

type Act =
  | { readonly kind: 'set'; readonly node: string; readonly found: Found | undefined }
  | { readonly kind: 'write'; readonly route: string | undefined }
  | { readonly kind: 'move'; readonly vlan: number }
  | { readonly kind: 'restart' };

const route = (connectivity: string): string =>
  JSON.stringify({ mode: 'auto', cidr: '10.0.0.0/24', gateway: '10.0.0.1', connectivity });
const acts: fc.Arbitrary<{ readonly act: Act; readonly thenMs: number }> = fc.record({
  act: fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      node: fc.constantFrom('node-1', 'node-2', 'node-3'),
      found: fc.constantFrom<Found | undefined>(WELL, { ...WELL, gateway: '10.0.0.2' }, NO_DHCP, DARK, undefined),
    }),
    fc.record({
      kind: fc.constant('write' as const),
      route: fc.constantFrom(
        undefined,
        AUTO,
        route('true'),
        route('false'),
        route('DHCP failed'),
        '{',
        '{"mode":"manual"}',
      ),
    }),
    fc.record({ kind: fc.constant('move' as const), vlan: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('restart' as const) }),
  ),
  thenMs: fc.constantFrom(0, 300, 2 * SECOND, 20 * SECOND, 2 * MINUTE, 15 * MINUTE),
});

function play(network: SimulatedNetwork, act: Act): void {
  if (act.kind === 'set') network.set(act.node, act.found);
  else if (act.kind === 'write') network.write(act.route);
  else if (act.kind === 'move') network.move(act.vlan);
  else network.restart();
}

describe('whatever happens', () => {
  it('a restart writes nothing by itself, and times change only with what they are of', () => {
    const runs = fc.property(
      fc.array(acts, { maxLength: 25 }),
      fc.constantFrom('auto' as const, 'off' as const),
      (steps, defaultRoute) => {
        const network = simulateNetwork({ route: AUTO, defaultRoute });
        for (const { act, thenMs } of steps) {
          const before = network.writes.length;
          play(network, act);
          network.pass(thenMs);
          if (act.kind === 'restart')
            expect(
              network.writes
                .slice(before)
                .filter(({ kind, atMs }) => kind === 'route' && atMs === network.nowMs() - thenMs),
            ).toEqual([]);
        }
        let last: Condition | undefined;
        for (const { text } of network.writes.filter(({ kind }) => kind === 'report')) {
          const connected = (JSON.parse(text) as { conditions: Condition[] }).conditions.find(
            ({ type }) => type === 'Connected',
          );
          expect(last !== undefined && last.status === connected?.status).toBe(
            last?.lastTransitionTime === connected?.lastTransitionTime && last !== undefined,
          );
          last = connected;
        }
      },
    );
    fc.assert(runs, { numRuns: 120 });
  });

  it('what somebody else decided stays as long as the truth does, over restarts too', () => {
    const runs = fc.property(fc.array(acts, { maxLength: 8 }), fc.nat({ max: 20 }), (steps, restartMinute) => {
      const network = simulateNetwork({ route: AUTO });
      for (const { act, thenMs } of steps) {
        play(network, act);
        network.pass(thenMs);
      }
      for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, WELL);
      network.write(AUTO, 'kubectl');
      network.pass(30 * MINUTE);
      const before = routeWrites(network);
      network.write(route('false'));
      network.pass(restartMinute * MINUTE);
      network.restart();
      network.pass(60 * MINUTE);
      expect(routeWrites(network)).toBe(before);
      expect(network.route()).toMatchObject({ connectivity: 'false' });
      expect(condition(network, 'HarvesterAgrees')).toMatchObject({ status: 'False', reason: 'StatusStale' });
    });
    fc.assert(runs, { numRuns: 120 });
  });

  it('left in peace it comes to tell the truth', () => {
    const runs = fc.property(fc.array(acts, { maxLength: 15 }), (steps) => {
      const network = simulateNetwork({ route: AUTO });
      for (const { act, thenMs } of steps) {
        play(network, act);
        network.pass(thenMs);
      }
      for (const node of ['node-1', 'node-2', 'node-3']) network.set(node, { ...WELL, gateway: '10.0.0.9' });
      network.write(AUTO, 'kubectl');
      network.pass(30 * MINUTE);
      expect(condition(network, 'Connected')).toMatchObject({ status: 'True', reason: 'Connected' });
      expect(network.route()).toMatchObject({ connectivity: 'true', gateway: '10.0.0.9' });
      const { length } = network.writes;
      network.pass(60 * MINUTE);
      expect(network.writes).toHaveLength(length);
    });
    fc.assert(runs, { numRuns: 120 });
  });

  it('writes no more than what changes, and what others leave open', () => {
    const runs = fc.property(fc.array(acts, { maxLength: 25 }), (steps) => {
      const network = simulateNetwork({ route: AUTO });
      network.pass(MINUTE);
      let changes = 1;
      for (const { act, thenMs } of steps) {
        if (act.kind !== 'restart') changes++;
        play(network, act);
        network.pass(Math.max(thenMs, 20 * SECOND));
      }
      // One act changes the truth once, or, where it comes to the nodes one by one, twice: and each is written at most once.
      expect(routeWrites(network)).toBeLessThanOrEqual(2 * changes);
      expect(reportWrites(network)).toBeLessThanOrEqual(4 * changes + steps.length);
    });
    fc.assert(runs, { numRuns: 120 });
  });
});
