import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import type { ActingHost } from './host.ts';
import { localHost } from './local.ts';
import { sshHost } from './ssh.ts';
import { parseLongListing } from './ssh-changes.ts';

/** The local host, and every shell that the scripts of a remote one may meet. */
const KINDS = ['local', ...SHELLS.filter((shell) => existsSync(shell))];

describe.each(KINDS)('changes through %s', (kind) => {
  let folder: string;
  let host: ActingHost;
  let remove = (): void => undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hayward-change's $-"));
    if (kind === 'local') {
      host = localHost();
      return;
    }
    const transport = shellTransport(kind);
    remove = transport.remove;
    host = sshHost('node', { sshCommand: transport.sshCommand, sudo: false });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    remove();
  });

  it('write a file whole, with parents and mode, and leave nothing else', async () => {
    const path = join(folder, 'a b/c/file.conf');
    const content = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256));
    await host.writeFile(path, content, { mode: 0o640 });
    expect(readFileSync(path)).toEqual(content);
    expect(lstatSync(path).mode & 0o7777).toBe(0o640);
    expect(lstatSync(join(folder, 'a b')).mode & 0o7777).toBe(0o755);
    await host.writeFile(path, Buffer.alloc(0), { mode: 0o600 });
    expect(readFileSync(path)).toHaveLength(0);
    expect(readdirSync(join(folder, 'a b/c'))).toEqual(['file.conf']);
  });

  it('replace a link by the file, and leave what it led to', async () => {
    writeFileSync(join(folder, 'target'), 'kept');
    symlinkSync('target', join(folder, 'link'));
    symlinkSync('.', join(folder, 'directory-link'));
    for (const name of ['link', 'directory-link']) {
      await host.writeFile(join(folder, name), Buffer.from('new'), { mode: 0o644 });
      expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    }
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('kept');
  });

  it('say what stands in the way, and leave nothing behind', async () => {
    writeFileSync(join(folder, 'file'), '');
    const inFile = join(folder, 'file/below');
    await expect(host.writeFile(inFile, Buffer.from('x'), { mode: 0o644 })).rejects.toMatchObject({
      name: 'HostError',
      message: expect.stringMatching(/^write .*(Not a directory|File exists)/),
    });
    await expect(host.writeFile(folder, Buffer.from('x'), { mode: 0o644 })).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(host.writeSetting(join(folder, 'nothing'), '1')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(host.removeFile(folder)).rejects.toMatchObject({ name: 'HostError' });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('stat without following links', async () => {
    writeFileSync(join(folder, 'file'), 'a\0\nb');
    chmodSync(join(folder, 'file'), 0o4751);
    symlinkSync('no\nwhere', join(folder, 'link'));
    const { uid, gid } = lstatSync(join(folder, 'file'));
    expect(await host.stat(join(folder, 'file'))).toMatchObject({
      known: true,
      value: { type: 'file', contentBase64: Buffer.from('a\0\nb').toString('base64'), mode: 0o4751, uid, gid },
    });
    expect(await host.stat(join(folder, 'link'))).toMatchObject({ value: { type: 'link', target: 'no\nwhere' } });
    expect(await host.stat(folder)).toMatchObject({ value: { type: 'other', detail: 'directory' } });
    expect(await host.stat('/dev/null')).toMatchObject({ value: { type: 'other', detail: 'special' } });
    expect(await host.stat(join(folder, 'nothing'))).toMatchObject({ known: true, value: { type: 'absent' } });
    expect(await host.stat(join(folder, 'file/below'))).toMatchObject({ known: true, value: { type: 'absent' } });
  });

  it('write and read a setting in place', async () => {
    const path = join(folder, 'setting');
    writeFileSync(path, 'longer than what comes\n');
    const { ino } = lstatSync(path);
    await host.writeSetting(path, "2 3 it's %d");
    expect(readFileSync(path, 'utf8')).toMatch(/^2 3 it's %d\n/);
    expect(lstatSync(path).ino).toBe(ino);
    writeFileSync(path, '7\n');
    expect(await host.readSetting(path)).toMatchObject({ known: true, value: '7' });
    expect(await host.readSetting(join(folder, 'none'))).toMatchObject({ known: false, reason: 'absent' });
  });

  it('make links and remove things', async () => {
    const path = join(folder, 'units/link');
    await host.makeLink(path, '/dev/null');
    await host.makeLink(path, '-odd target');
    expect(await host.stat(path)).toMatchObject({ value: { type: 'link', target: '-odd target' } });
    await host.removeFile(path);
    await host.removeFile(path);
    await host.removeFile(join(folder, 'never/was'));
    expect(readdirSync(join(folder, 'units'))).toEqual([]);
  });

  it('run commands with input, words as they are, and both outputs', async () => {
    const argv = ['sh', '-c', 'cat; printf "%s|" "$@" >&2; exit 4', 'sh', 'a b', "it's", '$HOME', ''];
    expect(await host.run(argv, { stdin: 'in\0put\n' })).toMatchObject({
      failed: true,
      timedOut: false,
      exitCode: 4,
      stdout: 'in\0put\n',
      stderr: "a b|it's|$HOME||",
    });
    expect(await host.run(['true'])).toMatchObject({ failed: false, exitCode: 0 });
    expect(await host.run(['no-such-program'])).toMatchObject({ failed: true, exitCode: null });
    expect(await host.run(['sleep', '60'], { timeoutMs: 1000 })).toMatchObject({ failed: true, timedOut: true });
  });
});

describe('the bits that ls prints', () => {
  it.each([
    ['-rw-r--r-- 1 0 0 5 Jan  1 00:00 /x', 0o644],
    ['-rwsr-xr-t+ 12 1000 100 5 Jan  1 00:00 /x', 0o5755],
    ['-rw-rwSr-T 1 1000 100 5 Jan  1 00:00 /x', 0o3664],
  ])('%s', (line, mode) => {
    expect(parseLongListing(line)?.mode).toBe(mode);
  });

  it('are nothing where there are none', () => {
    expect(parseLongListing('ls: cannot access')).toBeUndefined();
  });
});
