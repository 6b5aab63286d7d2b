import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Member } from './archive.ts';
import { streamSource } from './byte-source.ts';
import { withArchive } from './open-archive.ts';
import { walkTar } from './tar-read.ts';
import { tarOf } from './tar-write.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-tar-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Seen = Record<string, { kind: Member['kind']; text: string }>;

async function seenIn(
  walk: (visit: Parameters<typeof walkTar>[1]) => Promise<void>,
  read: (name: string) => boolean,
): Promise<Seen> {
  const seen: Seen = {};
  await walk(async ({ name, kind }, body) => {
    seen[name] = { kind, text: kind === 'file' && read(name) ? (await body()).toString('latin1') : '' };
    return undefined;
  });
  return seen;
}

/** A stream of pieces of these sizes, again and again. */
function inPieces(bytes: Buffer, sizes: readonly number[]): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return Readable.from(pieces);
}

describe('a tar of our own', () => {
  it('is read as it was written, however it arrives and whatever is passed over', async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,19}(\/[a-z0-9]{1,20}){0,2}$/);
    const members = fc.uniqueArray(
      fc.record({ name, body: fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)) }),
      {
        selector: (member) => member.name,
        maxLength: 6,
      },
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 1400 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(members, sizes, fc.func(fc.boolean()), async (written, pieces, read) => {
        const bytes = Buffer.concat([...tarOf(written, 0)]);
        const seen = await seenIn((visit) => walkTar(streamSource(inPieces(bytes, pieces)), visit), read);
        expect(Object.keys(seen)).toEqual(written.map((member) => member.name));
        for (const { name: member, body } of written) {
          if (read(member)) expect(seen[member]?.text).toBe(body.toString('latin1'));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is unpacked by tar(1) to the byte', () => {
    const body = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
    const path = join(folder, 'own.tar');
    writeFileSync(
      path,
      Buffer.concat([
        ...tarOf(
          [
            { name: 'a/b', body },
            { name: 'empty', body: Buffer.alloc(0) },
          ],
          1_700_000_000,
        ),
      ]),
    );
    mkdirSync(join(folder, 'own'));
    execFileSync('tar', ['-xf', path, '-C', join(folder, 'own')]);
    expect(readFileSync(join(folder, 'own/a/b'))).toEqual(body);
    expect(readFileSync(join(folder, 'own/empty')).length).toBe(0);
  });
});

describe('a tar of tar(1)', () => {
  const files: Readonly<Record<string, string>> = {
    'plain.txt': 'plain\n',
    [`${'long/'.repeat(30)}name-of-more-than-a-hundred-characters.txt`]: 'long\n',
    [`${'x'.repeat(180)}.txt`]: 'longer than ustar holds\n',
    'ünïcode-名.txt': 'unicode\n',
    'block.bin': 'b'.repeat(512),
  };
  beforeAll(() => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'src', name)), { recursive: true });
      writeFileSync(join(folder, 'src', name), text);
    }
    symlinkSync('plain.txt', join(folder, 'src/link'));
    writeFileSync(join(folder, 'src/hole'), 'data');
    truncateSync(join(folder, 'src/hole'), 1024 ** 3);
  });

  it.each([
    ['gnu', ''],
    ['pax', ''],
    ['gnu', 'z'],
    ['pax', 'J'],
  ])('in %s format (-%s) is read: long names, links, holes', async (format, packing) => {
    const path = join(folder, `${format}${packing}.bin`);
    execFileSync('tar', [`-c${packing}Sf`, path, `--format=${format}`, '-C', join(folder, 'src'), '.']);
    const seen = await withArchive(path, (archive) =>
      seenIn(
        (visit) => archive.walk(visit),
        () => true,
      ),
    );
    for (const [name, text] of Object.entries(files)) {
      expect(Buffer.from(seen[name]?.text ?? '', 'latin1').toString('utf8')).toBe(text);
    }
    expect(seen['link']?.kind).toBe('link');
    expect(seen['hole']?.kind).toBe('other');
    expect(seen['long']?.kind).toBe('directory');
  });
});
