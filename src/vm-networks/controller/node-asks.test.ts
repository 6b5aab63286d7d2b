import { expect, it } from 'vitest';
import type { Written } from '../../cluster/client/write.ts';
import type { NodeProbe, WantedProbe } from '../cluster/model.ts';
import { nodeAsks } from './node-asks.ts';

const DONE: Written = { kind: 'done', object: {} };
const probe = (ask: number): WantedProbe => ({ bridge: 'mgmt-br', vlan: 1, ask });

/** The port to the API server, and a clock: what is written waits until it is let through. */
function bed(seen?: NodeProbe) {
  const log: string[] = [];
  const waiting: ((written: Written) => void)[] = [];
  const state = { nowMs: 0, exists: true };
  const asked = (what: string): Promise<Written> => {
    log.push(what);
    return new Promise((resolve) => waiting.push(resolve));
  };
  const asks = nodeAsks({
    seen: () => seen,
    exists: () => state.exists,
    nowMs: () => state.nowMs,
    wake: () => undefined,
    refused: (node, detail) => log.push(`refused ${node}: ${detail}`),
    remove: (node) => asked(`remove ${node}`),
    write: (node, probes) =>
      asked(
        `${node} ${Object.entries(probes)
          .map(([key, { ask }]) => `${key}=${ask}`)
          .join(' ')}`,
      ),
  });
  async function answer(written: Written = DONE): Promise<void> {
    waiting.shift()?.(written);
    await Promise.resolve();
    await Promise.resolve();
  }
  return { asks, log, state, answer };
}
const on = (node: string, ask: number) => new Map([[node, probe(ask)]]);

it('writes what came together at once, and what comes meanwhile together after', async () => {
  const { asks, log, state, answer } = bed();
  asks.want('a', on('n', 1));
  asks.want('b', on('n', 1));
  asks.flush();
  asks.want('a', on('n', 2));
  asks.flush();
  asks.want('b', new Map());
  asks.flush();
  expect(log).toEqual(['n a=1 b=1']);
  state.nowMs = 100;
  await answer();
  asks.flush();
  expect(log).toHaveLength(1);
  expect(asks.nextAtMs()).toBe(400);
  state.nowMs = 400;
  asks.flush();
  expect(log).toEqual(['n a=1 b=1', 'n a=2']);
  await answer();
  expect(asks.nextAtMs()).toBe(Number.POSITIVE_INFINITY);
});

it('writes nothing that is there already, whatever its order', () => {
  const { asks, log } = bed({ node: 'n', probes: { b: probe(1), a: probe(1) }, results: {} });
  asks.want('a', on('n', 1));
  asks.want('b', on('n', 1));
  asks.flush();
  expect(log).toEqual([]);
});

it('tries again what was refused, later each time', async () => {
  const { asks, log, state, answer } = bed();
  asks.want('a', on('n', 1));
  const waits: number[] = [];
  for (let round = 0; round < 3; round++) {
    asks.flush();
    await answer({ kind: 'denied', detail: 'HTTP 403' });
    waits.push(asks.nextAtMs() - state.nowMs);
    state.nowMs = asks.nextAtMs();
  }
  expect(waits).toEqual([1000, 2000, 4000]);
  expect(log.filter((line) => line === 'refused n: HTTP 403')).toHaveLength(3);
});

it('removes the object of a node that is gone, and makes it anew when the node is back', async () => {
  const { asks, log, state, answer } = bed();
  asks.want('a', on('n', 1));
  asks.flush();
  await answer();
  state.exists = false;
  asks.want('a', new Map());
  asks.flush();
  await answer({ kind: 'gone', detail: '' });
  expect(log).toEqual(['n a=1', 'remove n']);
  state.exists = true;
  asks.want('a', on('n', 1));
  asks.flush();
  expect(log.at(-1)).toBe('n a=1');
});
