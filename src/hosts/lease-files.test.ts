import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import { type LeaseListing, leaseListing } from '../leases/listing.ts';
import type { Capture } from './capture.ts';
import { localHost } from './local.ts';
import { planOf } from './plan.ts';
import { rootHost } from './root.ts';
import { inShell } from './shell-asks.ts';
import { sshHost } from './ssh.ts';

const ID = '0f'.repeat(32);
const tree = mkdtempSync(join(tmpdir(), 'hayward-leases-'));
const data = join(tree, 'networks');
afterAll(() => rmSync(tree, { recursive: true }));

/** Everything a data directory may hold besides leases, and what must not be followed, read or believed. */
function prepare(): void {
  mkdirSync(join(data, 'pods'), { recursive: true });
  mkdirSync(join(data, 'two words'));
  mkdirSync(join(data, 'empty'));
  symlinkSync('/etc', join(data, 'link'));
  writeFileSync(join(data, 'a-file'), '');
  writeFileSync(join(tree, 'secret'), `${ID}\r\neth0`);
  const put = (name: string, content: string | Buffer) => writeFileSync(join(data, 'pods', name), content);
  put('10.52.0.2', `${ID}\r\neth0`);
  put('10.52.0.3', ID);
  put('fd00::3', `${ID}\r\neth0`);
  put('10.52.0.4', '');
  put('10.52.0.5', 'reserved\n$(touch pwned)\n');
  put('10.52.0.6', Buffer.alloc(70));
  put('10.52.0.7', `x\nheld pods/10.52.0.2:other\n==> pods/10.52.0.2 <==`);
  put('10.52.0.8', 'x'.repeat(1025));
  put('10.52.0.9', '');
  truncateSync(join(data, 'pods', '10.52.0.9'), 2 ** 30);
  put('last_reserved_ip.0', '10.52.0.9');
  put('lock', '');
  put('note.txt', 'mine');
  put('new\nline', ID);
  put('-rf', ID);
  symlinkSync(join(tree, 'secret'), join(data, 'pods', '10.52.0.10'));
  mkdirSync(join(data, 'pods', '10.52.0.11'));
  execFileSync('mkfifo', [join(data, 'pods', '10.52.0.12')]);
}
prepare();

const ASK = { kind: 'leases', directory: data } as const;

/** In one order, and times to the second: a shell's tools know no finer. */
function listingIn(text: string): LeaseListing {
  const { networks, leases } = leaseListing(text, data);
  const byPath = [...leases].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    networks: [...networks].sort((a, b) => (a.name < b.name ? -1 : 1)),
    leases: byPath.map((lease) => ({ ...lease, mtime: Math.floor(lease.mtime / 1000) })),
  };
}

function listed(capture: Capture): LeaseListing {
  const entry = capture.entries[data];
  if (entry?.state !== 'ok') throw new Error(`not read: ${entry?.detail}`);
  return listingIn(entry.text);
}

describe('leases', () => {
  it('are read and nothing else is', async () => {
    const { networks, leases } = listed(await localHost().collect([ASK]));
    expect(networks).toEqual([
      { name: 'empty', foreignFiles: 0 },
      { name: 'link', foreignFiles: 0, unreadable: 'link' },
      { name: 'pods', foreignFiles: 6 },
    ]);
    const held = leases.map(
      ({ ip, containerId, ifName }) => `${ip} ${containerId === ID ? 'id' : containerId} ${ifName}`,
    );
    expect(held.map((line) => line.trim())).toEqual([
      '10.52.0.2 id eth0',
      '10.52.0.3 id',
      '10.52.0.4',
      '10.52.0.5',
      '10.52.0.6',
      '10.52.0.7',
      '10.52.0.8',
      '10.52.0.9',
      'fd00::3 id eth0',
    ]);
  });

  it('are all read, however many', async () => {
    const many = join(tree, 'many');
    const names = Array.from({ length: 700 }, (_, nth) => `10.53.${nth >> 8}.${nth & 255}`);
    mkdirSync(join(many, 'pods'), { recursive: true });
    for (const name of names) writeFileSync(join(many, 'pods', name), `${ID}\r\neth0`);
    const { entries } = await localHost().collect([{ kind: 'leases', directory: many }]);
    const entry = entries[many];
    const { leases } = leaseListing(entry?.state === 'ok' ? entry.text : '', many);
    expect(leases.filter(({ containerId }) => containerId === ID).map(({ ip }) => ip)).toEqual(
      expect.arrayContaining(names),
    );
    expect(leases).toHaveLength(names.length);
  });

  it('are the same in a file tree', async () => {
    const local = listed(await localHost().collect([ASK]));
    expect(listed(await rootHost('/').collect([ASK]))).toEqual(local);
  });

  it.each(SHELLS.filter((shell) => existsSync(shell)))('are the same by %s', async (shell) => {
    const { sshCommand, remove } = shellTransport(shell);
    onTestFinished(remove);
    const capture = await sshHost('node', { sshCommand, sudo: false }).collect([ASK]);
    expect(listed(capture)).toEqual(listed(await localHost().collect([ASK])));
    expect(existsSync('pwned')).toBe(false);
  });

  it.runIf(existsSync('/usr/bin/busybox'))("are the same by busybox's own tools", async () => {
    const applets = join(tree, 'applets');
    mkdirSync(applets);
    for (const name of ['sh', 'ls', 'find', 'stat', 'grep', 'sed'])
      symlinkSync('/usr/bin/busybox', join(applets, name));
    const [run] = inShell(planOf([ASK])).runs;
    const [program = '', ...args] = run?.argv ?? [];
    const text = execFileSync(join(applets, program), args, { env: { PATH: applets }, encoding: 'utf8' });
    expect(listingIn(text)).toEqual(listed(await localHost().collect([ASK])));
  });

  it.each([
    ['absent', join(tree, 'none')],
    ['absent', join(tree, 'secret')],
  ])('are %s where there is no directory', async (state, directory) => {
    const shell = shellTransport('/usr/bin/dash');
    onTestFinished(shell.remove);
    for (const host of [localHost(), sshHost('node', { sshCommand: shell.sshCommand, sudo: false })]) {
      const capture = await host.collect([{ kind: 'leases', directory }]);
      expect(capture.entries[directory]).toMatchObject({ state });
    }
  });
});
