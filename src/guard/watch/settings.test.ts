import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SettingsWatch, watchSettings } from './settings.ts';

let root: string;
let settings: SettingsWatch;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hayward-settings-'));
  settings = watchSettings({ root });
});
afterEach(() => {
  settings.close();
  rmSync(root, { recursive: true });
});

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('settings that are watched', () => {
  it('are the same reading as long as the bytes are the same', () => {
    writeFileSync(join(root, 'one'), '1\n');
    const first = settings.read('one');
    expect(first).toMatchObject({ known: true, value: '1', source: join(root, 'one') });
    expect(settings.read('one')).toBe(first);
    writeFileSync(join(root, 'one'), '0\n');
    expect(settings.read('one')).toMatchObject({ known: true, value: '0' });
    writeFileSync(join(root, 'one'), '0\t16\n');
    expect(settings.read('one')).toMatchObject({ value: '0\t16' });
    writeFileSync(join(root, 'one'), '');
    expect(settings.read('one')).toMatchObject({ value: '' });
  });

  it('may be longer than a page', () => {
    const long = Array.from({ length: 9_000 }, (_, port) => port).join(',');
    writeFileSync(join(root, 'ports'), `${long}\n`);
    writeFileSync(join(root, 'one'), '1\n');
    expect(settings.read('ports')).toMatchObject({ value: long });
    expect(settings.read('one')).toMatchObject({ value: '1' });
    expect(settings.read('ports')).toMatchObject({ value: long });
  });

  it('are absent until they come into being', () => {
    const first = settings.read('net/bridge/x');
    expect(first).toMatchObject({ known: false, reason: 'absent' });
    expect(settings.read('net/bridge/x')).toBe(first);
    mkdirSync(join(root, 'net/bridge'), { recursive: true });
    writeFileSync(join(root, 'net/bridge/x'), '1\n');
    expect(settings.read('net/bridge/x')).toMatchObject({ value: '1' });
  });

  it('that cannot be read are tried again, and at once after a reopening', () => {
    mkdirSync(join(root, 'one'));
    expect(settings.read('one')).toMatchObject({
      known: false,
      reason: 'failed',
      detail: `${root}/one: Is a directory`,
    });
    rmSync(join(root, 'one'), { recursive: true });
    writeFileSync(join(root, 'one'), '1\n');
    expect(settings.read('one')).toMatchObject({ known: false });
    settings.reopen();
    expect(settings.read('one')).toMatchObject({ known: true });
    settings.reopen();
    rmSync(join(root, 'one'));
    mkdirSync(join(root, 'one'));
    settings.read('one');
    rmSync(join(root, 'one'), { recursive: true });
    writeFileSync(join(root, 'one'), '2\n');
    const later = Array.from({ length: 20 }, () => settings.read('one').known);
    expect(later.indexOf(true)).toBeGreaterThan(0);
  });

  it('keep no file open that nobody asks for', () => {
    const before = openFiles();
    for (const key of ['a', 'b', 'c']) {
      writeFileSync(join(root, key), '1\n');
      settings.read(key);
      settings.read(key);
    }
    expect(openFiles()).toBe(before + 3);
    settings.keep(['b']);
    expect(openFiles()).toBe(before + 1);
    settings.close();
    expect(openFiles()).toBe(before);
  });

  it('are written in one piece, or it is said why not', () => {
    writeFileSync(join(root, 'one'), '1\n');
    expect(settings.write('one', '0')).toEqual({ ok: true });
    expect(readFileSync(join(root, 'one'), 'utf8')).toBe('0\n');
    expect(settings.write('none', '0')).toEqual({
      ok: false,
      why: `${root}/none: No such file or directory (ENOENT)`,
    });
    expect(readdirSync(root)).toEqual(['one']);
  });
});
