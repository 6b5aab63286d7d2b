import { expect, it } from 'vitest';
import { SHELL } from '../dataplane/agent/dialects.ts';
import { newRun } from './dataplane-run.ts';

const image = { image: 'busybox:1', dialect: SHELL, why: 'asked' } as const;
const nodes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `node-${index}`,
    address: '10.0.0.1',
    ready: true,
    images: [],
  }));
const lifetime = (count: number, timing: { start: number; timeout: number; watch?: number }) =>
  newRun(nodes(count), image, { hostNetwork: true, ...timing }).run.lifetimeSeconds;

it('outlives the start of its Pods and a round in which everything is lost', () => {
  expect(lifetime(3, { start: 60_000, timeout: 1000 })).toBeGreaterThan(60 + 900);
  expect(lifetime(3, { start: 3_600_000, timeout: 1000 })).toBeGreaterThan(3600);
  // By a shell: of a hundred nodes 1600 questions, eight at once, three times, on sixteen nodes at once.
  expect(lifetime(100, { start: 60_000, timeout: 30_000 })).toBeGreaterThan((1600 / 8) * 30 * 3 * 7);
});

it('outlives the pause between two rounds of a watch', () => {
  expect(lifetime(3, { start: 60_000, timeout: 1000, watch: 86_400_000 })).toBeGreaterThan(86_400 + 60);
});
