import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADDRESSED, KEYS, randomTree, seeded, type TreeFile } from '../../test/sysctl/random-tree.ts';
import { type RealSystemdSysctl, realSystemdSysctl } from '../../test/sysctl/real-systemd-sysctl.ts';
import { type KernelSettings, kernelSettings } from './kernel-settings.ts';
import { systemdSysctl } from './systemd-sysctl.ts';

const CASES = 2000;
const SEED = 20261121;
/**
 * Trees run one after the other in one network namespace: making one costs many times a run, and what earlier runs
 * left in the kernel (which values somebody wrote) is then compared as well.
 */
const TREES_A_NAMESPACE = 8;
/** Namespaces at once: making one is mostly waiting. */
const LANES = 3;

let lanes: RealSystemdSysctl[] = [];

beforeAll(async () => {
  lanes = await Promise.all(Array.from({ length: LANES }, () => realSystemdSysctl()));
});

afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
});

function compute(kernel: KernelSettings, tree: readonly TreeFile[]): Record<string, string | undefined> {
  const files = tree.map(({ directory, name, text }) => ({ path: `${directory}/${name}`, text: text ?? '' }));
  for (const { key, value } of systemdSysctl({ files, existing: KEYS })) kernel.write(key, value);
  return Object.fromEntries(KEYS.map((key) => [key, kernel.get(key)]));
}

/** Compares some trees in one fresh namespace; how many of them changed anything. */
async function compare(lane: RealSystemdSysctl, trees: readonly TreeFile[][]): Promise<number> {
  let before = await lane.fresh();
  expect([...before.keys()].sort()).toEqual([...KEYS].sort());
  const kernel = kernelSettings({ values: before, addressed: (device) => ADDRESSED.includes(device) });
  let changed = 0;
  for (const [index, tree] of trees.entries()) {
    const after = await lane.run(tree);
    const shown = `seed ${SEED}, trees run in one namespace: ${JSON.stringify(trees.slice(0, index + 1), null, 1)}`;
    expect(compute(kernel, tree), shown).toEqual(Object.fromEntries(after));
    if ([...after].some(([key, value]) => before.get(key) !== value)) changed++;
    before = after;
  }
  return changed;
}

test(`${CASES} random trees end as the real systemd-sysctl leaves them`, { timeout: 600_000 }, async () => {
  const random = seeded(SEED);
  const queue = Array.from({ length: CASES / TREES_A_NAMESPACE }, () =>
    Array.from({ length: TREES_A_NAMESPACE }, () => randomTree(random)),
  ).values();
  let changed = 0;
  const work = lanes.map(async (lane) => {
    for (const trees of queue) changed += await compare(lane, trees);
  });
  await Promise.all(work);
  // Trees that change nothing prove little; many find in place what the one before wrote.
  expect(changed).toBeGreaterThan(CASES / 4);
});
