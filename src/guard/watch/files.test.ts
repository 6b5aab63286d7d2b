import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FilesWatch, type Place, watchFiles } from './files.ts';

let root: string;
let files: FilesWatch | undefined;
let ms = 0;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'hayward-files-')));
});
afterEach(() => {
  files?.close();
  rmSync(root, { recursive: true });
});

function at(path: string): string {
  return join(root, path);
}

function watching(...places: readonly Place[]): FilesWatch {
  files = watchFiles({ places: places.map((place) => ({ ...place, directory: at(place.directory) })), quietMs: 100 });
  return files;
}

/** What is told next, below the test's root. Waits for the kernel, which tells soon but not at once. */
async function news(watch: FilesWatch): Promise<readonly string[]> {
  for (;;) {
    await wait(5);
    ms += 60;
    const { changed } = watch.drain(ms);
    if (changed.length > 0) return changed.map((path) => path.slice(root.length + 1));
  }
}

/** That nothing was told of what was done before: this is all that comes. */
async function nothingBut(watch: FilesWatch, path: string): Promise<void> {
  writeFileSync(at(path), 'the last');
  expect(await news(watch)).toEqual([path]);
}

describe('files in a directory', () => {
  it('are told when they come, change, are replaced and go', async () => {
    mkdirSync(at('sysctl.d'));
    const watch = watching({ directory: 'sysctl.d', names: /\.conf$/ });
    writeFileSync(at('sysctl.d/a.conf'), '1');
    expect(await news(watch)).toEqual(['sysctl.d/a.conf']);
    appendFileSync(at('sysctl.d/a.conf'), '2');
    expect(await news(watch)).toEqual(['sysctl.d/a.conf']);
    writeFileSync(at('sysctl.d/a.conf.new'), '3');
    renameSync(at('sysctl.d/a.conf.new'), at('sysctl.d/a.conf'));
    expect(await news(watch)).toEqual(['sysctl.d/a.conf']);
    unlinkSync(at('sysctl.d/a.conf'));
    expect(await news(watch)).toEqual(['sysctl.d/a.conf']);
  });

  it('that nobody asks for are not told, nor is the directory’s own mode', async () => {
    mkdirSync(at('sysctl.d'));
    const watch = watching({ directory: 'sysctl.d', names: /conf$/ });
    writeFileSync(at('sysctl.d/.a.swp'), '1');
    writeFileSync(at('other'), '1');
    mkdirSync(at('sysctl.d/deeper.d'));
    writeFileSync(at('sysctl.d/deeper.d/b.conf'), '1');
    await nothingBut(watch, 'sysctl.d/conf');
  });

  it('are told together when they change together, and however long it goes on', async () => {
    mkdirSync(at('d'));
    const watch = watching({ directory: 'd' });
    for (let file = 0; file < 10; file += 1) writeFileSync(at(`d/${file}`), '');
    expect(await news(watch)).toHaveLength(10);
    let told = 0;
    for (let tick = 0; tick < 100; tick += 1) {
      writeFileSync(at('d/busy'), String(tick));
      await wait(5);
      ms += 60;
      told += watch.drain(ms).changed.length;
    }
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThanOrEqual(7);
  });

  it('are told once where the directory has two names', async () => {
    mkdirSync(at('usr/lib/sysctl.d'), { recursive: true });
    symlinkSync('usr/lib', at('lib'));
    const watch = watching({ directory: 'usr/lib/sysctl.d' }, { directory: 'lib/sysctl.d' });
    writeFileSync(at('usr/lib/sysctl.d/a'), '');
    expect(await news(watch)).toEqual(['usr/lib/sysctl.d/a']);
  });
});

describe('a directory', () => {
  it('that does not exist yet is told when it appears, however deep, and watched from then on', async () => {
    const watch = watching({ directory: 'etc/cni/net.d', names: /conf$/ });
    mkdirSync(at('etc/other'), { recursive: true });
    mkdirSync(at('etc/cni'));
    await wait(20);
    expect(watch.drain(ms).changed).toEqual([]);
    mkdirSync(at('etc/cni/net.d'));
    writeFileSync(at('etc/cni/net.d/10.conf'), '');
    expect(await news(watch)).toContain('etc/cni/net.d');
    await nothingBut(watch, 'etc/cni/net.d/20.conf');
  });

  it('that is made anew, or goes with all above it, is told and followed', async () => {
    const watch = watching({ directory: 'a/b/c' });
    for (let round = 0; round < 3; round += 1) {
      mkdirSync(at('a/b/c'), { recursive: true });
      expect(await news(watch)).toEqual(['a/b/c']);
      await nothingBut(watch, 'a/b/c/file');
      rmSync(at('a'), { recursive: true });
      expect(await news(watch)).toContain('a/b/c');
    }
    mkdirSync(at('a/b/c'), { recursive: true });
    expect(await news(watch)).toEqual(['a/b/c']);
    rmSync(at('a/b/c'), { recursive: true });
    mkdirSync(at('a/b/c'));
    expect(await news(watch)).toEqual(['a/b/c']);
    await nothingBut(watch, 'a/b/c/file');
  });

  it('that is replaced by another of the same name is followed, also where the name is a link', async () => {
    for (const directory of ['one', 'two']) mkdirSync(at(directory));
    symlinkSync('one', at('link'));
    mkdirSync(at('dir'));
    const watch = watching({ directory: 'link' }, { directory: 'dir' });
    await nothingBut(watch, 'link/a');
    symlinkSync('two', at('link.new'));
    renameSync(at('link.new'), at('link'));
    expect(await news(watch)).toEqual(['link']);
    await nothingBut(watch, 'link/b');
    mkdirSync(at('dir.new'));
    renameSync(at('dir'), at('dir.old'));
    renameSync(at('dir.new'), at('dir'));
    expect(await news(watch)).toEqual(['dir']);
    writeFileSync(at('dir.old/x'), '');
    await nothingBut(watch, 'dir/x');
  });

  it('that is a file is not there', async () => {
    writeFileSync(at('oem'), '');
    const watch = watching({ directory: 'oem' });
    rmSync(at('oem'));
    mkdirSync(at('oem'));
    expect(await news(watch)).toEqual(['oem']);
  });
});
