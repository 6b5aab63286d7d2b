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
  ['an address of the only range set', ['sets 1 pods', lease('pods/10.52.0.2', A), lease('pods/10.52.0.3', C)], [A]],
  ['one of each of two', ['sets 2 pods', lease('pods/10.52.0.2', A), lease('pods/fd00::2', A)], [A]],
  ['one of two: the other was taken away', ['sets 2 pods', lease('pods/10.52.0.2', A), lease('pods/fd00::2', B)], []],
  ['one of a further interface', ['sets 1 pods', lease('pods/10.52.0.2', A, 'net1')], []],
  ['one of how many is not told', [lease('pods/10.52.0.2', A)], []],
  [
    'one of each of two networks of two sets',
    ['sets 2 a', lease('a/10.52.0.2', A), 'network b', 'sets 2 b', lease('b/10.53.0.2', A)],
    [],
  ],
  ['one of a network after another', ['sets 2 a', 'network b', 'sets 1 b', lease('b/10.53.0.2', B)], [B]],
  ['one of how many is told of the network before', ['sets 1 a', 'network b', lease('b/10.53.0.2', B)], []],
  ['a lease without a text', ['sets 1 pods', 'lease 1 0 pods/10.52.0.2'], []],
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
