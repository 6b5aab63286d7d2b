import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import { viewOf } from '../hosts/capture.ts';
import type { Host } from '../hosts/host.ts';
import { localHost } from '../hosts/local.ts';
import { sshHost } from '../hosts/ssh.ts';
import type { ForeignNamespace } from '../leases/model.ts';
import { namespaces, namespacesOf } from './namespaces.ts';

const PINNED = `cni-hayward-${process.pid}`;
const LIVED_IN = `hw-ns-${process.pid}`;
const LEFT_OVER = `/run/netns/cni-left-over-${process.pid}`;
let inside: ChildProcess;

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

beforeAll(async () => {
  for (const name of [PINNED, LIVED_IN]) ip('netns', 'add', name);
  ip('-n', PINNED, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', LIVED_IN);
  for (const [name, last] of [
    [PINNED, '2'],
    [LIVED_IN, '3'],
  ] as const) {
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    ip('-n', name, 'addr', 'add', `10.199.7.${last}/24`, 'dev', 'eth0');
    ip('-n', name, 'addr', 'add', `fd00:7::${last}/64`, 'dev', 'eth0');
  }
  mkdirSync('/run/netns', { recursive: true });
  writeFileSync(LEFT_OVER, '');
  // It says a line once it is inside, so that nobody looks too early.
  inside = spawn('ip', ['netns', 'exec', LIVED_IN, 'sh', '-c', 'echo inside; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  if (inside.stdout) await once(inside.stdout, 'data');
});

afterAll(() => {
  inside.kill('SIGKILL');
  for (const name of [PINNED, LIVED_IN]) ip('netns', 'del', name);
  rmSync(LEFT_OVER);
});

async function ours(host: Host): Promise<readonly ForeignNamespace[]> {
  const { foreign } = namespacesOf(viewOf(await host.collect(namespaces.asks)));
  if (!foreign.known) throw new Error(foreign.detail);
  expect(foreign.value.some(({ path }) => path === LEFT_OVER)).toBe(false);
  return foreign.value.filter(({ path }) => path?.endsWith(String(process.pid)));
}

function expectBoth(found: readonly ForeignNamespace[]): void {
  const byPath = new Map(found.map((one) => [one.path, one]));
  expect(byPath.get(`/run/netns/${PINNED}`)).toMatchObject({ pids: [], addresses: ['10.199.7.2', 'fd00:7::2'] });
  expect(byPath.get(`/run/netns/${LIVED_IN}`)).toMatchObject({
    pids: [inside.pid],
    addresses: ['10.199.7.3', 'fd00:7::3'],
  });
}

describe('real namespaces', () => {
  it('are seen from inside, with and without a process, and a leftover file is none', async () => {
    expectBoth(await ours(localHost()));
  });

  it.each(SHELLS.filter((shell) => existsSync(shell)))('are seen alike by %s', async (shell) => {
    const { sshCommand, remove } = shellTransport(shell);
    onTestFinished(remove);
    expectBoth(await ours(sshHost('node', { sshCommand, sudo: false })));
  });
});
