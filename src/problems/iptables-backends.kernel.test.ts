import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { command, must } from '../../lab/command.ts';
import type { Finding } from '../judging/finding.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

let namespace: string;
let state: string;
beforeEach(async () => {
  namespace = `hwb-${randomBytes(3).toString('hex')}`;
  state = mkdtempSync(join(tmpdir(), 'hayward-backends-'));
  await must(['ip', 'netns', 'add', namespace]);
});
afterEach(async () => {
  await must(['ip', 'netns', 'del', namespace]);
  rmSync(state, { recursive: true, force: true });
});

function inside(...argv: readonly string[]) {
  return must(['ip', 'netns', 'exec', namespace, ...argv]);
}

async function found(): Promise<Finding[]> {
  const argv = [process.execPath, CLI, 'doctor', '--json', '--profile', 'kubekey-ipvs', '--only', 'iptables-backends'];
  const env = { ...process.env, HAYWARD_STATE: state };
  const { stdout } = await command(['ip', 'netns', 'exec', namespace, ...argv], { env });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

it('rules that iptables of either kind really made are found as long as both halves hold some', async () => {
  await inside('iptables-legacy', '-N', 'KUBE-FORWARD');
  await inside('iptables-legacy', '-A', 'FORWARD', '-j', 'KUBE-FORWARD');
  expect(await found()).toMatchObject([{ status: 'ok' }]);

  // As ufw or Docker leave it, before an installer switches the alternatives to legacy.
  await inside('iptables-nft', '-P', 'FORWARD', 'DROP');
  const [both] = await found();
  expect(both).toMatchObject({ status: 'problem', severity: 'critical' });
  expect(both?.cause).toContain('Kubernetes writes to legacy; nft filter');

  await inside('iptables-nft', '-P', 'FORWARD', 'ACCEPT');
  await inside('iptables-nft', '-A', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
  expect(await found()).toMatchObject([{ status: 'problem', severity: 'warning' }]);

  // What a reboot does to the half that nobody writes any more.
  await inside('nft', 'flush', 'ruleset');
  expect(await found()).toMatchObject([{ status: 'ok' }]);
});
