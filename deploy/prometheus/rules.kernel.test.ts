import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { command } from '../../lab/command.ts';
import { unpacked } from '../../lab/packages.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

it('the alert rules are sound, fire where their fault is, and nowhere else', async () => {
  const promtool = join(await unpacked('prometheus'), 'usr/bin/promtool');
  const checked = await command([promtool, 'check', 'rules', join(HERE, 'hayward-guard.rules.yaml')]);
  expect(checked.stdout + checked.stderr).toContain('SUCCESS: 7 rules found');
  const tested = await command([promtool, 'test', 'rules', join(HERE, 'rules.tests.yaml')]);
  expect(tested.stdout + tested.stderr).toMatch(/SUCCESS\s*$/);
});
