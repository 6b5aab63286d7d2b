import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { command } from '../../lab/command.ts';
import { unpacked } from '../../lab/packages.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

it.each([
  ['a node', 'hayward-guard.rules.yaml', 8, 'rules.tests.yaml'],
  ['a cluster', 'hayward-cluster.rules.yaml', 8, 'cluster.tests.yaml'],
])('the alert rules of %s are sound, fire where their fault is, and nowhere else', async (_, rules, count, tests) => {
  const promtool = join(await unpacked('prometheus'), 'usr/bin/promtool');
  const checked = await command([promtool, 'check', 'rules', join(HERE, rules)]);
  expect(checked.stdout + checked.stderr).toContain(`SUCCESS: ${count} rules found`);
  const tested = await command([promtool, 'test', 'rules', join(HERE, tests)]);
  expect(tested.stdout + tested.stderr).toMatch(/SUCCESS\s*$/);
});
