import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** As nobody, where root's guard may run: its directory is closed (RuntimeDirectoryMode=0700). */
function asNobody(words: string, run: string) {
  const own = `setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH="$PATH" HOME=/nowhere "$0" "$1" ${words}`;
  const script = `mount -t tmpfs own /run && ${run} && exec ${own}`;
  return spawnSync('unshare', ['--mount', 'sh', '-c', script, process.execPath, CLI], { encoding: 'utf8' });
}

it.each([
  ['guard status', 3],
  ['guard status --json', 3],
  ['guard pause 10m', 2],
  ['guard release', 2],
])('whether root’s guard runs is denied to others, not no: %s', (words, status) => {
  const answer = asNobody(words, 'mkdir -m 700 /run/hayward');
  const command = words.split(' ').slice(0, 2).join(' ');
  expect([answer.status, answer.stdout, answer.stderr]).toEqual([
    status,
    '',
    `hayward: a guard that runs here can only be seen and told by root: sudo hayward ${command}\n`,
  ]);
});

it('is no where there is none', () => {
  const { status, stdout } = asNobody('guard status', 'true');
  expect([status, stdout]).toEqual([3, expect.stringMatching(/^No guard runs here\./)]);
});
