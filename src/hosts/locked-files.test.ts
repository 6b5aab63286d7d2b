import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import type { ActingHost } from './host.ts';
import { localHost } from './local.ts';
import { sshHost } from './ssh.ts';

const KINDS = ['local', ...SHELLS.filter((shell) => existsSync(shell))];
const LEASE = Buffer.from(`${'a1'.repeat(32)}\r\neth0`);

/** Holds a lock as host-local would; resolves once it is held. */
async function holding(lock: string): Promise<ChildProcess> {
  const holder = spawn('flock', ['-x', lock, 'sh', '-c', 'echo held; read end'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout?.once('data', resolve));
  return holder;
}

async function letGo(holder: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => holder.once('exit', resolve));
  holder.stdin?.end('\n');
  await gone;
}

describe.each(KINDS)('files under a lock, through %s', (kind) => {
  let folder: string;
  let host: ActingHost;
  let lock: string;
  let path: string;
  let remove = (): void => undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hayward-lock's $-"));
    lock = join(folder, 'lock');
    path = join(folder, '10.52.0.7');
    writeFileSync(path, LEASE, { mode: 0o600 });
    if (kind === 'local') {
      host = localHost();
      return;
    }
    const transport = shellTransport(kind);
    remove = transport.remove;
    host = sshHost('node', { sshCommand: transport.sshCommand, sudo: false });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    remove();
  });
  const removal = (waitMs = 5_000) => host.removeLocked(path, { lock, waitMs, expected: LEASE });
  const owner = () => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
  const creation = () => host.createLocked(path, { lock, waitMs: 5_000, content: LEASE, mode: 0o600, ...owner() });

  it('removes what is as expected, makes the lock file it needs, and tells when nothing is there', async () => {
    expect(await removal()).toBe('done');
    expect(readdirSync(folder)).toEqual(['lock']);
    expect(await removal()).toBe('absent');
    rmSync(folder, { recursive: true });
    expect(await removal()).toBe('absent');
  });

  it.each([
    ['another content', Buffer.from(`${'b2'.repeat(32)}\r\neth0`)],
    ['a longer one', Buffer.concat([LEASE, Buffer.from('x')])],
    ['a newline more', Buffer.concat([LEASE, Buffer.from('\n')])],
    ['nothing', Buffer.alloc(0)],
  ])('leaves a file with %s', async (_what, content) => {
    writeFileSync(path, content);
    expect(await removal()).toBe('changed');
    expect(readFileSync(path)).toEqual(content);
  });

  it('leaves a link, a directory and a huge file, and follows none', async () => {
    rmSync(path);
    writeFileSync(join(folder, 'elsewhere'), LEASE);
    symlinkSync('elsewhere', path);
    expect(await removal()).toBe('changed');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    rmSync(path);
    mkdirSync(path);
    expect(await removal()).toBe('changed');
    rmSync(path, { recursive: true });
    writeFileSync(path, LEASE);
    truncateSync(path, 2 ** 30);
    expect(await removal()).toBe('changed');
    expect(lstatSync(path).size).toBe(2 ** 30);
  });

  it('waits for the holder of the lock, and acts on what that one left', async () => {
    writeFileSync(lock, '');
    const holder = await holding(lock);
    const waiting = removal();
    writeFileSync(path, 'handed out again');
    await letGo(holder);
    expect(await waiting).toBe('changed');
    expect(readFileSync(path, 'utf8')).toBe('handed out again');
  });

  it('gives up in one line when the lock stays taken', async () => {
    writeFileSync(lock, '');
    const holder = await holding(lock);
    await expect(removal(1_000)).rejects.toThrow(`lock ${lock}: another process held it for 1 s (EBUSY)`);
    await letGo(holder);
    expect(existsSync(path)).toBe(true);
  });

  it('refuses a lock that is a link', async () => {
    symlinkSync('elsewhere', lock);
    await expect(removal()).rejects.toThrow(/lock/);
    expect(existsSync(path)).toBe(true);
  });

  it('makes a file with its mode, and never over another', async () => {
    expect(await creation()).toBe('changed');
    rmSync(path);
    expect(await creation()).toBe('done');
    expect(readFileSync(path)).toEqual(LEASE);
    expect(lstatSync(path).mode & 0o7777).toBe(0o600);
    rmSync(path);
    symlinkSync('nowhere', path);
    expect(await creation()).toBe('changed');
  });
});
