import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LabRuntime, runtime } from '../../lab/runtime/runtime.ts';
import { AN_HOUR, type LeaseNode, leaseNode } from '../../test/lease-node.ts';

/** Reclaiming as `fix` does it, on a real runtime: planned by one judgement, carried out by a second. */

let node: LabRuntime;
let pods: LeaseNode;
beforeEach(async () => {
  node = await runtime({ subnet: '10.52.0.0/28' });
  pods = leaseNode(node);
});
afterEach(() => node.dispose());

it('gives leaked addresses back, keeps those of Pods that run, and takes it back', async () => {
  await pods.start(4);
  await node.age(AN_HOUR);
  const leaked = await pods.addresses();
  await node.powerCut({ forget: true });
  await node.restart();
  const living = await pods.addresses(await pods.start(2, 'new'));

  const plan = await node.hayward(['fix', 'cni-lease-leak', '--no-persist', '--dry-run', '--json']);
  expect(JSON.parse(plan.stdout)).toMatchObject({ steps: leaked.map(() => ({ result: 'skipped' })) });
  expect(await pods.addresses()).toHaveLength(leaked.length + living.length);

  const fixed = await node.hayward(['fix', 'cni-lease-leak', '--no-persist', '--yes', '--json']);
  expect([fixed.stderr, fixed.exitCode]).toEqual(['', 0]);
  expect(JSON.parse(fixed.stdout)).toMatchObject({ verified: true, steps: leaked.map(() => ({ result: 'verified' })) });
  expect(await pods.addresses()).toEqual(living);

  const undone = await node.hayward(['undo', '--yes', '--json']);
  expect([undone.stderr, undone.exitCode]).toEqual(['', 0]);
  expect((await pods.addresses()).toSorted()).toEqual([...leaked, ...living].toSorted());
});
