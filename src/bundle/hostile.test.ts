import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import { paxPiece, type TarPiece, tarBytes, tarPiece, tenGigabytes, zipBytes } from '../../test/make-archives.ts';
import { makeBundle } from './make-bundle.ts';
import { bundleCaptures, bundleHosts } from './read-bundle.ts';
import { tarOf } from './tar-write.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const OPTIONS = { version: '1', takenAt: '2026-01-02T03:04:05.000Z', maxBytes: 64 * 1024 * 1024 };

let folder: string;
let good: readonly TarPiece[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-hostile-'));
  const { members } = makeBundle([small()], OPTIONS);
  good = members.map(({ name, body }) => ({ name, body }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A capture of a few readings: what is tried at every byte must be short. */
function small() {
  const { entries, ...rest } = fixture('plain-debian12');
  const few = Object.fromEntries(Object.entries(entries).slice(0, 3));
  return { ...rest, entries: few, globs: {}, lists: {}, which: {} };
}

let count = 0;
function saved(bytes: Buffer): string {
  count += 1;
  const path = join(folder, `${count}.bin`);
  writeFileSync(path, bytes);
  return path;
}

async function refusal(bytes: Buffer, read: (path: string) => Promise<unknown> = bundleCaptures): Promise<string> {
  const path = saved(bytes);
  try {
    await read(path);
    return 'was read';
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'HostError') throw error;
    expect(error.message).not.toMatch(/[\n\u001b]/);
    return error.message.replace(path, 'FILE');
  } finally {
    rmSync(path);
  }
}

describe('a tar that means harm is refused', () => {
  const outside = 'would be unpacked outside its folder';
  const cases: readonly (readonly [string, readonly TarPiece[], string])[] = [
    ['leading out', [{ name: '../../etc/cron.d/x', body: 'x' }], outside],
    ['leading out in the middle', [{ name: 'nodes/../../x', body: 'x' }], outside],
    ['absolute', [{ name: '/etc/passwd', body: 'x' }], outside],
    ['absolute on another system', [{ name: 'C:\\x', body: 'x' }], outside],
    ['leading out by backslashes', [{ name: '..\\..\\x', body: 'x' }], outside],
    [
      'leading out by a long name',
      [
        { name: 'L', type: 'L', body: '../x\0' },
        { name: 'y', body: 'x' },
      ],
      outside,
    ],
    ['leading out by an extended header', [paxPiece({ path: '/etc/x' }), { name: 'y', body: 'x' }], outside],
    ['a symbolic link', [{ name: 'nodes/a', type: '2', link: '/etc/shadow' }], 'a link or a device'],
    ['a hard link', [{ name: 'nodes/a', type: '1', link: 'manifest.json' }], 'a link or a device'],
    ['a device', [{ name: 'nodes/a', type: '3' }], 'a link or a device'],
    ['a sparse file of GNU', [{ name: 'manifest.json', type: 'S', size: 10 * 1024 ** 3 }], 'a link or a device'],
    [
      'a sparse file of pax',
      [
        paxPiece({ 'GNU.sparse.name': 'manifest.json', 'GNU.sparse.realsize': '10737418240' }),
        { name: 'x', body: 'x' },
      ],
      'a link or a device',
    ],
    ['a name with a terminal in it', [{ name: 'nodes/\u001b[2Ja', body: 'x' }], 'does not belong'],
    ['larger than any', [{ name: 'nodes/b/capture.json', size: 8 * 1024 ** 3 - 1 }], 'larger than 128 MiB'],
    ['an endless extended header', [{ name: 'x', type: 'x', size: 1024 ** 3 }], 'larger than any name'],
    [
      'an extended header that is none',
      [{ name: 'x', type: 'x', body: '99999 path=x\n' }],
      'extended header that is none',
    ],
    ['an empty name', [{ name: '', body: 'x' }], 'usable name'],
  ];
  it.each(cases)('%s', async (_, pieces, why) => {
    expect(await refusal(tarBytes(...good, ...pieces))).toContain(why);
    expect(await refusal(gzipSync(tarBytes(...pieces)))).toContain(why);
    expect(await refusal(gzipSync(tarBytes(...pieces)), bundleHosts)).not.toBe('was read');
  });

  it('a member twice, a stray one, a missing one, a wrong digest', async () => {
    const [manifest, node] = good;
    expect(await refusal(tarBytes(manifest!, node!, node!))).toContain('in it twice');
    expect(await refusal(tarBytes(...good, { name: 'nodes/other/capture.json', body: '{}' }))).toContain(
      'not in the manifest',
    );
    expect(await refusal(tarBytes(...good, { name: 'evil.sh', body: '{}' }))).toContain('does not belong');
    expect(await refusal(tarBytes(manifest!))).toContain('is missing');
    expect(await refusal(tarBytes(node!))).toContain('"manifest.json" is missing');
    expect(
      await refusal(tarBytes(manifest!, { ...node!, body: String(node!.body).replace('plain', 'plane') })),
    ).toContain('digest');
    expect(
      await refusal(
        tarBytes({
          name: 'manifest.json',
          body: '{"kind":"hayward-capture","schema":1,"nodes":[{"file":"__proto__"}]}',
        }),
      ),
    ).toContain('missing');
    expect(await refusal(tarBytes({ name: 'manifest.json', body: '[]' }))).toContain('expected an object');
    expect(await refusal(tarBytes({ name: 'manifest.json', body: '{' }))).toContain('not JSON');
  });

  it('cut off anywhere', async () => {
    const whole = Buffer.concat([
      ...tarOf(
        good.map(({ name, body }) => ({ name, body: Buffer.from(body ?? '') })),
        0,
      ),
    ]);
    const packed = gzipSync(whole);
    await fc.assert(
      // One block of zeros suffices for an end, as it does for tar(1).
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 2 * 512 - 1 }), async (length) => {
        expect(await refusal(whole.subarray(0, length))).not.toBe('was read');
      }),
      { numRuns: 60 },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: packed.length - 40 }), async (length) => {
        expect(await refusal(packed.subarray(0, length))).not.toBe('was read');
      }),
      { numRuns: 40 },
    );
  });

  it('with any byte of its captures or headers changed, or read as it was', async () => {
    const whole = tarBytes(...good);
    const path = saved(whole);
    const before = JSON.stringify(await bundleCaptures(path));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ bits;
        writeFileSync(path, bytes);
        try {
          expect(JSON.stringify(await bundleCaptures(path))).toBe(before);
        } catch (error) {
          expect(error).toMatchObject({ name: 'HostError', code: 'usage' });
        }
      }),
      { numRuns: 150 },
    );
  });

  it('of random bytes, after any beginning', async () => {
    const starts = [
      Buffer.alloc(0),
      Buffer.from('1f8b0800', 'hex'),
      Buffer.from('504b0304', 'hex'),
      tarPiece({ name: 'manifest.json', size: 600 }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 2048 }), async (start, rest) => {
        expect(await refusal(Buffer.concat([start, rest]), bundleHosts)).toMatch(/^--bundle FILE: ./);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a zip that means harm is refused', () => {
  it.each([
    ['leading out', zipBytes({ name: '../x', body: 'x' }), 'outside its folder'],
    ['absolute', zipBytes({ name: '/x', body: 'x' }), 'outside its folder'],
    ['by backslashes', zipBytes({ name: '..\\x', body: 'x' }), 'outside its folder'],
    ['claiming another size', zipBytes({ name: 'metadata.yaml', body: 'x'.repeat(5000), size: 10 }), 'FILE'],
    ['with a wrong checksum', zipBytes({ name: 'metadata.yaml', body: 'x', crc: 1 }), 'FILE'],
    ['cut off', zipBytes({ name: 'metadata.yaml', body: 'x' }).subarray(0, 60), 'FILE'],
    ['a bomb', zipBytes({ name: 'manifest.json', body: Buffer.alloc(100 * 1024 * 1024) }), 'FILE'],
  ])('%s', async (_, bytes, why) => {
    const said = await refusal(bytes, bundleHosts);
    expect(said).not.toBe('was read');
    expect(said).toContain(why);
  });
});

describe('a directory that means harm', () => {
  it('has its links passed over, and what is neither file nor directory', async () => {
    const place = join(folder, 'directory');
    mkdirSync(join(place, 'nodes'), { recursive: true });
    symlinkSync('/etc', join(place, 'nodes/etc'));
    symlinkSync('.', join(place, 'loop'));
    execFileSync('mkfifo', [join(place, 'manifest.json')]);
    await expect(bundleCaptures(place)).rejects.toThrow(/a link or a device|no bundle/);
  });
});

describe('a bomb costs little', () => {
  /** Peak memory of the program that reads it, in MiB, and what it said. */
  function reading(path: string): { peak: number; status: number | null; said: string } {
    const script = `process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS));
process.argv.splice(1, 1, 'node', 'hayward', 'doctor', '--bundle', ${JSON.stringify(path)});
process.argv.shift();
await import(${JSON.stringify(CLI)});`;
    const before = readdirSync(folder);
    const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: folder, HAYWARD_STATE: join(folder, 'state') },
    });
    expect(readdirSync(folder), 'nothing is written').toEqual(before);
    return { peak: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024, status, said: stderr };
  }

  it.each([
    ['a member of them', { name: 'manifest.json', size: 8 * 1024 ** 3 - 1 }],
    ['one that is passed over', { name: 'sosreport-x/var/log/messages', size: 8 * 1024 ** 3 - 1 }],
  ])('ten gigabytes of zeros in ten megabytes: %s', (_, piece) => {
    const path = saved(tenGigabytes(tarPiece(piece)));
    const { peak, status, said } = reading(path);
    rmSync(path);
    expect(status).toBe(2);
    expect(said).toMatch(/larger than 128 MiB|not unpacked any further/);
    expect(peak).toBeLessThan(300);
  });

  it('ten gigabytes of a hole in a file', () => {
    const path = saved(tarPiece({ name: 'nodes/a/capture.json', size: 8 * 1024 ** 3 - 1 }));
    truncateSync(path, 10 * 1024 ** 3);
    const empty = saved(Buffer.alloc(0));
    truncateSync(empty, 10 * 1024 ** 3);
    for (const one of [path, empty]) {
      const { peak, status } = reading(one);
      rmSync(one);
      expect(status).toBe(2);
      expect(peak).toBeLessThan(300);
    }
  });
});
