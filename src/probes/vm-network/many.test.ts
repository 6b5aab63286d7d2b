import { expect, it } from 'vitest';
import { boundedProber, type Prober } from './many.ts';
import type { NetworkProbe, ProbeRequest } from './probe.ts';

const request = (vlan: number): ProbeRequest => ({
  bridge: 'br0',
  vlan,
  servers: [],
  uplinks: [],
  count: 5,
  offerWaitMs: 1000,
});
const done: NetworkProbe = {
  outcome: { state: 'active', reason: 'ok', side: undefined, lossPercent: 0 },
  bridge: undefined,
  facts: undefined,
  reach: 'not-asked',
};

it('runs so many at the same time and no more, in their order, also after one that failed', async () => {
  const begun: number[] = [];
  const ends = new Map<number, (error?: Error) => void>();
  const probe: Prober = ({ vlan }) => {
    begun.push(vlan);
    return new Promise((resolve, reject) => {
      ends.set(vlan, (error) => (error ? reject(error) : resolve(done)));
    });
  };
  const bounded = boundedProber(2, probe);
  const all = Promise.allSettled([1, 2, 3, 4].map((vlan) => bounded(request(vlan))));
  await Promise.resolve();
  expect(begun).toEqual([1, 2]);
  ends.get(1)?.(new Error('a bug'));
  await expect.poll(() => begun).toEqual([1, 2, 3]);
  ends.get(3)?.();
  await expect.poll(() => begun).toEqual([1, 2, 3, 4]);
  for (const vlan of [2, 4]) ends.get(vlan)?.();
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
});
