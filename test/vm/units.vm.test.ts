import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianMachine, debianMachine } from '../../lab/vm/debian.ts';
import { sourceOf } from '../../src/hosts/ask.ts';
import { os } from '../../src/snapshot/os.ts';
import type { Subject } from '../../src/snapshot/subject.ts';
import { units } from '../../src/snapshot/units.ts';
import { parsed } from '../parse.ts';
import { linesOf } from './inside.ts';

let machine: DebianMachine;

beforeAll(async () => {
  machine = await debianMachine();
});

afterAll(async () => {
  await machine?.dispose();
});

const FILES = [
  '/proc/stat',
  '/proc/1/comm',
  '/etc/os-release',
  '/usr/lib/systemd/system/systemd-sysctl.service',
] as const;

function commandsOf(subject: Subject<unknown>): string[] {
  return subject.asks.flatMap((ask) => (ask.kind === 'run' ? [sourceOf(ask.argv)] : []));
}

test('the readers understand what a running systemd prints', async () => {
  const commands = [...new Set([...commandsOf(units), ...commandsOf(os)])];
  const lines = await linesOf(
    machine,
    [...commands, ...FILES.map((path) => `cat ${path}`)]
      .map((command) => `${command} 2>/dev/null | base64 -w0; echo`)
      .join('\n'),
  );
  const texts = lines.map((line) => Buffer.from(line, 'base64').toString('utf8'));
  const printed = Object.fromEntries(commands.map((command, at) => [command, texts[at] ?? '']));
  const files = Object.fromEntries(FILES.map((path, at) => [path, texts[commands.length + at] ?? '']));
  const tree = { files: { ...files, '/run/systemd/system/x': '' }, commands: printed };

  const seen = parsed(units, tree);
  expect(seen.systemd).toMatchObject({ value: true });
  const found = seen.units.known ? seen.units.value : [];
  const sysctl = found.find(({ name }) => name === 'systemd-sysctl.service');
  expect(sysctl).toMatchObject({
    loadState: 'loaded',
    activeState: 'active',
    subState: 'exited',
    unitFileState: 'static',
  });
  expect(sysctl?.files[0]?.text).toMatchObject({ known: true, value: expect.stringContaining('systemd-sysctl') });
  const system = parsed(os, tree);
  const boot = system.bootTime.known ? system.bootTime.value : '';
  expect(Date.parse(sysctl?.execStart ?? '')).toBeGreaterThan(Date.parse(boot));
  expect(Date.parse(sysctl?.activeEnter ?? '')).toBeGreaterThanOrEqual(Date.parse(sysctl?.execStart ?? ''));
  expect(found.some(({ name }) => name === 'rke2-server.service')).toBe(false);

  expect(system.virtualization).toMatchObject({ value: 'qemu' });
  expect(system.root).toMatchObject({ value: true });
  expect(system.release).toMatchObject({ value: { id: 'debian' } });
});
