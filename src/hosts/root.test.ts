import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { viewOf } from './capture.ts';
import type { HostError } from './host.ts';
import { insideRoot } from './inside.ts';
import { rootHost } from './root.ts';

const folder = mkdtempSync(join(tmpdir(), 'hayward-root-'));
const root = join(folder, 'node');
afterAll(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
}
function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

writeFileSync(join(folder, 'secret'), 'outside\n');
mkdirSync(join(folder, 'outside'));
writeFileSync(join(folder, 'outside/secret.conf'), 'outside\n');
put('etc/hostname', 'node-7\n');
put('etc/shadow', 'the shadow of the node\n');
put('etc/motd', 'inside\n');
put('proc/sys/kernel/osrelease', '5.14.21-node\n');
put('lib/modules/5.14.21-node/modules.dep', 'kernel/br_netfilter.ko:\n');
put('usr/sbin/nft', '', 0o755);
put('usr/bin/not-executable', '', 0o644);
link('etc/absolute', '/etc/shadow');
link('etc/outside', join(folder, 'secret'));
link('etc/climbing', `../../../../../../../../../..${folder}/secret`);
link('etc/climbing-home', '../../../../../../../etc/motd');
link('etc/sysctl.d', join(folder, 'outside'));
link('etc/inner.d', '/etc/../etc/./conf.d');
put('etc/conf.d/a.conf', 'a\n');
link('etc/conf.d/b.conf', '../../../../../../etc/motd');
link('etc/conf.d/c.conf', join(folder, 'outside/secret.conf'));
link('etc/loop', 'loop');
link('etc/ping', 'pong');
link('etc/pong', 'ping');
link('etc/null', '/dev/null');
link('sbin', 'usr/sbin');
link('usr/bin/ip', '/sbin/nft');
link('usr/bin/escape', '/bin/sh');
execFileSync('mkfifo', [join(root, 'etc/fifo')]);

const host = rootHost(root);

describe('links in a tree', () => {
  it.each([
    ['/etc/absolute', 'the shadow of the node\n'],
    ['/etc/climbing-home', 'inside\n'],
    ['/etc/inner.d/a.conf', 'a\n'],
  ])('%s is followed inside', async (path, value) => {
    const view = viewOf(await host.collect([{ kind: 'file', path }]));
    expect(view.text(path)).toMatchObject({ known: true, value });
  });

  it.each([
    ['/etc/outside', 'absent'],
    ['/etc/climbing', 'absent'],
    ['/etc/sysctl.d/secret.conf', 'absent'],
    ['/../secret', 'absent'],
    ['/etc/../../secret', 'absent'],
    ['/etc/loop', 'failed'],
    ['/etc/ping', 'failed'],
    ['/etc/fifo', 'failed'],
    ['/etc/null', 'absent'],
    ['/etc', 'failed'],
    ['/etc/motd/below', 'absent'],
  ])('%s leads nowhere', async (path, reason) => {
    const view = viewOf(await host.collect([{ kind: 'file', path }]));
    expect(view.text(path)).toMatchObject({ known: false, reason });
  });

  it('do not lead a glob out', async () => {
    const asks = ['/etc/conf.d/*.conf', '/etc/sysctl.d/*.conf'].map((glob) => ({ kind: 'files', glob }) as const);
    const view = viewOf(await host.collect(asks));
    const files = view.files('/etc/conf.d/*.conf');
    expect(files.known && [...files.value].map(([path, text]) => [path, text.known && text.value])).toEqual([
      ['/etc/conf.d/a.conf', 'a\n'],
      ['/etc/conf.d/b.conf', 'inside\n'],
    ]);
    expect(view.files('/etc/sysctl.d/*.conf')).toMatchObject({ known: true, value: new Map() });
  });

  it('are listed with their targets as stored', async () => {
    const view = viewOf(await host.collect([{ kind: 'list', path: '/etc' }]));
    const list = view.list('/etc');
    expect(list.known && list.value.find(({ name }) => name === 'absolute')).toEqual({
      name: 'absolute',
      type: 'link',
      target: '/etc/shadow',
    });
    expect(list.known && list.value.find(({ name }) => name === 'fifo')).toEqual({ name: 'fifo', type: 'other' });
  });

  it('made of anything stay inside', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      'etc',
      'loop',
      'outside',
      'climbing',
      'sysctl.d',
      'inner.d',
      'sbin',
      'bin',
      '',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        let found: readonly string[] = [];
        try {
          found = insideRoot(root, `/${parts.join('/')}`);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(ENOENT|ENOTDIR|ELOOP)$/) });
        }
        expect(found.every((component) => component !== '..' && component !== '')).toBe(true);
      }),
    );
  });
});

describe('a tree', () => {
  it('is called by its own host name', () => {
    expect(host).toMatchObject({ name: 'node-7', via: 'root' });
  });

  it('fills in the release of its own kernel, and answers for the path as asked', async () => {
    const path = '/lib/modules/{release}/modules.dep';
    const view = viewOf(await host.collect([{ kind: 'file', path, keep: 'br_netfilter' }]));
    expect(view.text(path)).toEqual({
      known: true,
      value: 'kernel/br_netfilter.ko:\n',
      source: '/lib/modules/5.14.21-node/modules.dep',
    });
  });

  it('runs no commands and says so', async () => {
    const view = viewOf(await host.collect([{ kind: 'run', argv: ['ip', 'addr'] }]));
    expect(view.text('ip addr')).toMatchObject({ known: false, reason: 'not-collected' });
    expect(view.text('date +%s.%N')).toMatchObject({ known: false, reason: 'not-collected' });
  });

  it('finds programs by its own links', async () => {
    const names = ['nft', 'ip', 'not-executable', 'escape', 'sh'];
    const { which } = await host.collect([{ kind: 'which', names }]);
    expect(which).toEqual({ nft: '/usr/sbin/nft', ip: '/usr/bin/ip', 'not-executable': null, escape: null, sh: null });
  });

  it('that is not there is bad usage', () => {
    for (const directory of [join(folder, 'nowhere'), join(folder, 'secret')]) {
      expect(() => rootHost(directory)).toThrow(expect.objectContaining({ code: 'usage' }) as HostError);
    }
  });
});
