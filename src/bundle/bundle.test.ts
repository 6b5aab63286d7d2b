import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import { PLANTED } from '../../test/planted-secrets.ts';
import { asksOf, examineCapture } from '../examine.ts';
import type { Capture } from '../hosts/capture.ts';
import { rootHost } from '../hosts/root.ts';
import { preflight } from '../preflight/preflight.ts';
import { snapshotOf } from '../snapshot/snapshot.ts';
import { makeBundle } from './make-bundle.ts';
import { bundleCaptures } from './read-bundle.ts';
import { writeBundle } from './write-bundle.ts';

const NAMES = ['harvester-v1.4', 'kubekey-debian11-not-forwarding', 'rke2-canal-ubuntu22', 'plain-debian12'];
const OPTIONS = { version: '1.2.3', takenAt: '2026-01-02T03:04:05.000Z', maxBytes: 64 * 1024 * 1024 };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function through(captures: readonly Capture[], name: string): Promise<readonly Capture[]> {
  const path = join(folder, name);
  await writeBundle(path, makeBundle(captures, OPTIONS), name.endsWith('z') ? 'gzip' : 'tar');
  return bundleCaptures(path);
}

describe('a bundle', () => {
  it.each(['all.tar', 'all.tar.gz', 'all.tgz'])('%s gives back what was put in, in order', async (name) => {
    const captures = NAMES.map(fixture);
    const back = await through(captures, name);
    expect(back.map(({ target }) => target.name)).toEqual(captures.map(({ target }) => target.name));
    for (const [index, capture] of back.entries()) {
      const before = captures[index]!;
      expect(examineCapture(capture, { lang: 'en' }).findings).toEqual(examineCapture(before, { lang: 'en' }).findings);
    }
    const judged = (which: readonly Capture[]) =>
      preflight('kubekey-ipvs', which.map(snapshotOf), { lang: 'en' }).map(({ findings }) => findings);
    expect(judged(back)).toEqual(judged(captures));
  });

  it('is nobody else’s to read, is put in place whole, and is a tar to other programs', async () => {
    const path = join(folder, 'other.tar.gz');
    await writeBundle(path, makeBundle([fixture('plain-debian12')], OPTIONS), 'gzip');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
    const listed = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n');
    expect(listed).toEqual(['manifest.json', expect.stringMatching(/^nodes\/0001-[\w.-]+\/capture\.json$/)]);
    await expect(writeBundle(join(folder, 'no/such/x.tar'), makeBundle([], OPTIONS), 'tar')).rejects.toThrow(
      /^-o .*: No such file or directory$/,
    );
  });

  it('tells of each reading its source, its time, its exit status and its size', async () => {
    const plain = fixture('plain-debian12');
    const runs = { 'ip -j addr show': { exitStatus: 0, at: '2026-01-01T00:00:01.000Z' } };
    const { manifest } = makeBundle([{ ...plain, runs }], OPTIONS);
    const [node] = manifest.nodes;
    const of = (source: string) => node?.readings.find((reading) => reading.source === source);
    const size = Buffer.byteLength(String((plain.entries['ip -j addr show'] as { text: string }).text));
    const [at, kind, state] = ['2026-01-01T00:00:01.000Z', 'command', 'ok'];
    expect(of('ip -j addr show')).toEqual({ source: 'ip -j addr show', kind, at, state, exitStatus: 0, size });
    expect(of('/proc/net/netstat')).toMatchObject({ kind: 'file', at: plain.takenAt, state: 'ok' });
    expect(of('/etc/sysctl.d/*.conf')).toMatchObject({ kind: 'matches' });
    expect(node?.readings.length).toBeGreaterThan(100);
  });

  it('leaves out the largest readings beyond its size, and says so', async () => {
    const plain = fixture('plain-debian12');
    const large = { state: 'ok', text: 'x'.repeat(300_000) } as const;
    const capture = { ...plain, entries: { ...plain.entries, '/oem/90_large.yaml': large } };
    const { manifest, members } = makeBundle([capture], { ...OPTIONS, maxBytes: 250_000 });
    expect(members[1]?.body.length).toBeLessThan(250_000);
    const left = manifest.nodes[0]?.readings.filter(({ leftOut }) => leftOut);
    expect(left).toMatchObject([{ source: '/oem/90_large.yaml', state: 'not-collected', size: 0 }]);
    expect(JSON.parse(String(members[1]?.body)).entries['/oem/90_large.yaml'].detail).toContain('--max-size');
  });

  it('names its members itself, whatever a node calls itself', () => {
    const plain = fixture('plain-debian12');
    const named = ['../../etc/passwd', '-rf', 'ünï/cödé', '\u001b[31m', ''].map((name) => ({
      ...plain,
      target: { name, via: 'ssh' as const },
    }));
    for (const { name } of makeBundle(named, OPTIONS).members.slice(1)) {
      expect(name).toMatch(/^nodes\/000\d-[A-Za-z0-9][A-Za-z0-9.-]*\/capture\.json$/);
    }
  });
});

describe('secrets planted on a node', () => {
  /** Where installers and people leave them, among what is asked of a node. */
  const PLACES = [
    '/oem/90_custom.yaml',
    '/oem/99_harvester.yml',
    '/etc/rancher/rke2/config.yaml.d/50-rancher.yaml',
    '/etc/systemd/system/rke2-server.service.d/override.conf',
    '/etc/cni/net.d/00-multus.conf',
    '/etc/sysctl.d/99-site.conf',
    '/usr/local/cloud-config/x.yaml',
  ];

  it('none survives in the file, wherever they stand', async () => {
    const tree = join(folder, 'node');
    for (const place of PLACES) {
      mkdirSync(join(tree, dirname(place)), { recursive: true });
      writeFileSync(join(tree, place), PLANTED.map(({ text }) => text).join('\n---\n'));
    }
    for (const [index, { text }] of PLANTED.entries()) writeFileSync(join(tree, `oem/${index}.yaml`), text);
    const capture = await rootHost(tree).collect(asksOf());
    const raw = JSON.stringify(capture);
    expect(
      PLANTED.flatMap(({ secrets }) => secrets).filter((secret) => !raw.includes(JSON.stringify(secret).slice(1, -1))),
    ).toEqual([]);
    const path = join(folder, 'planted.tar.gz');
    const bundle = makeBundle([capture], OPTIONS);
    await writeBundle(path, bundle, 'gzip');
    const written = gunzipSync(readFileSync(path)).toString('utf8');
    expect(PLANTED.flatMap(({ secrets }) => secrets).filter((secret) => written.includes(secret))).toEqual([]);
    const redacted = bundle.manifest.nodes[0]?.readings
      .filter((reading) => reading.redacted)
      .map(({ source }) => source);
    expect(redacted).toEqual(expect.arrayContaining(PLACES));
  });
});
