import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startCriServer } from '../../test/cri-server.ts';
import { wholeHolders } from './lease-holders.ts';
import { localHost } from './local.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];
const lease = (name: string, id: string, link = 'eth0') => `lease 1763731265.721 70 ${name} ${id} ${link}`;
const whole = (...lines: string[]) => [...wholeHolders([lines.join('\n')], new Set([A, B]))];

it.each([
  ['an address of the only range set', [lease('pods/10.52.0.2', A), lease('pods/10.52.0.3', C), 'sets 1 pods'], [A]],
  ['one of each of two', [lease('pods/10.52.0.2', A), lease('pods/fd00::2', A), 'sets 2 pods'], [A]],
  ['one of two: the other was taken away', [lease('pods/10.52.0.2', A), lease('pods/fd00::2', B), 'sets 2 pods'], []],
  ['one of a further interface', [lease('pods/10.52.0.2', A, 'net1'), 'sets 1 pods'], []],
  ['one of how many is not told', [lease('pods/10.52.0.2', A)], []],
  [
    'one of each of two networks of two sets',
    [lease('a/10.52.0.2', A), 'sets 2 a', 'network b', lease('b/10.53.0.2', A), 'sets 2 b'],
    [],
  ],
  ['one of a network after another', ['sets 2 a', 'network b', lease('b/10.53.0.2', B), 'sets 1 b'], [B]],
  ['one of how many is told of the next network', [lease('a/10.53.0.2', B), 'network b', 'sets 1 b'], []],
  ['a lease without a text', ['lease 1 0 pods/10.52.0.2', 'sets 1 pods'], []],
])('of sandboxes that hold %s', (_what, lines, expected) => {
  expect(whole('network pods', ...lines)).toEqual(expected);
});

it('are not asked for their addresses; all others are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hayward-holders-'));
  const server = await startCriServer();
  onTestFinished(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  mkdirSync(join(folder, 'pods'));
  for (const name of ['lock', 'last_reserved_ip.0']) writeFileSync(join(folder, 'pods', name), '');
  writeFileSync(join(folder, 'pods', '10.52.0.2'), `${A}\r\neth0`);
  writeFileSync(join(folder, 'pods', '10.52.0.3'), `${B}\r\nnet1`);
  for (const id of [A, B, C]) server.sandboxes.set(id, { id, ips: ['10.52.0.9'] });
  const asks = [{ kind: 'leases', directory: folder } as const, { kind: 'cri', socket: server.socket } as const];
  await localHost().collect(asks);
  expect([...server.calls].sort()).toEqual(['ListPodSandbox', `PodSandboxStatus ${B}`, `PodSandboxStatus ${C}`]);
});
