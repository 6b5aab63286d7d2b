import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FlakyProxy, type ProxyOptions, startFlakyProxy } from '../../test/flaky-proxy.ts';
import { answersOf, COMMAND_ASKS, fileAsks } from '../../test/host-asks.ts';
import { hostileTree } from '../../test/hostile-tree.ts';
import { type Sshd, startSshd } from '../../test/sshd.ts';
import type { Ask } from './ask.ts';
import { viewOf } from './capture.ts';
import { localHost } from './local.ts';
import { collectMany } from './many.ts';
import { rootHost } from './root.ts';
import { sshHost } from './ssh.ts';

const tree = hostileTree();
const secrets = mkdtempSync(join(tmpdir(), 'hayward-secrets-'));
const cleanups: (() => unknown)[] = [];

async function server(...options: Parameters<typeof startSshd>): Promise<Sshd> {
  const sshd = await startSshd(...options);
  cleanups.push(sshd.stop);
  return sshd;
}

let sshd: Sshd;
beforeAll(async () => {
  sshd = await server();
  chmodSync(tree, 0o755);
  chmodSync(secrets, 0o755);
  mkdirSync(join(secrets, 'hidden/below'), { recursive: true });
  writeFileSync(join(secrets, 'secret.conf'), 'secret\n', { mode: 0o600 });
  writeFileSync(join(secrets, 'open.conf'), 'open\n');
  writeFileSync(join(secrets, 'hidden/below/key.conf'), 'hidden\n');
  chmodSync(join(secrets, 'hidden'), 0o700);
});
afterAll(async () => {
  for (const clean of cleanups) await clean();
  for (const folder of [tree, secrets]) rmSync(folder, { recursive: true });
});

describe('the same node through every host', () => {
  it.each([
    ['dash', {}],
    ['bash', { shell: '/usr/bin/bash' }],
    ['busybox', { shell: '/usr/bin/busybox' }],
  ])('answers alike: %s', async (_, options) => {
    const { sshCommand, destination } = await server(options);
    const asks = [...fileAsks(tree), ...COMMAND_ASKS];
    const remote = await sshHost(destination(), { sshCommand }).collect(asks);
    expect(remote.unreachable).toBeUndefined();
    expect(answersOf(remote)).toEqual(answersOf(await localHost().collect(asks)));
    const files = fileAsks(tree);
    const overSsh = await sshHost(destination(), { sshCommand }).collect(files);
    expect(answersOf(overSsh)).toEqual(answersOf(await rootHost('/').collect(files)));
  });

  it('answers alike where the other side has busybox and nothing else', async () => {
    const { sshCommand, destination } = await server({ busyboxWith: tree });
    const files = fileAsks(tree).filter(({ kind }) => kind !== 'which');
    const remote = await sshHost(destination(), { sshCommand }).collect(files);
    expect(remote.unreachable).toBeUndefined();
    expect(answersOf(remote)).toEqual(answersOf(await localHost().collect(files)));
  });
});

const SECRET_ASKS: readonly Ask[] = [
  { kind: 'file', path: `${secrets}/secret.conf` },
  { kind: 'file', path: `${secrets}/hidden/below/key.conf` },
  { kind: 'file', path: `${secrets}/hidden/below/key.conf`, keep: 'x' },
  { kind: 'files', glob: `${secrets}/*.conf` },
  { kind: 'files', glob: `${secrets}/hidden/*/key.conf` },
  { kind: 'values', glob: `${secrets}/*/below/key.conf` },
  { kind: 'list', path: `${secrets}/hidden` },
  { kind: 'list', path: `${secrets}/hidden/below` },
  { kind: 'run', argv: ['cat', `${secrets}/secret.conf`] },
  { kind: 'run', argv: ['id', '-u'] },
];

describe('a user who is not root', () => {
  it('becomes root where sudo allows it without a question', async () => {
    const { sshCommand } = sshd;
    const keeper = await sshHost(sshd.destination('keeper'), { sshCommand }).collect(SECRET_ASKS);
    expect(answersOf(keeper)).toEqual(answersOf(await localHost().collect(SECRET_ASKS)));
    expect(keeper.entries['id -u']).toEqual({ state: 'ok', text: '0\n' });
  });

  it.each([
    ['guest', true, 'a password is required'],
    ['keeper', false, 'sudo was not used'],
  ])('%s with sudo %s sees what is open, and is told what is denied and why', async (user, sudo, why) => {
    const { sshCommand } = sshd;
    const capture = await sshHost(sshd.destination(user), { sshCommand, sudo }).collect(SECRET_ASKS);
    const denied = { state: 'denied', detail: expect.stringContaining(why) };
    expect(capture.entries).toMatchObject({
      [`${secrets}/open.conf`]: { state: 'ok', text: 'open\n' },
      [`${secrets}/secret.conf`]: denied,
      [`${secrets}/hidden/below/key.conf`]: denied,
      [`cat ${secrets}/secret.conf`]: denied,
    });
    expect(capture.globs).toMatchObject({
      [`${secrets}/*.conf`]: [`${secrets}/open.conf`, `${secrets}/secret.conf`],
      [`${secrets}/hidden/*/key.conf`]: denied,
      [`${secrets}/*/below/key.conf`]: denied,
    });
    expect(capture.lists).toMatchObject({ [`${secrets}/hidden`]: denied, [`${secrets}/hidden/below`]: denied });
    expect(viewOf(capture).text(`${secrets}/secret.conf`)).toMatchObject({ known: false, reason: 'denied' });
  });
});

describe('a connection that goes wrong', () => {
  let proxy: FlakyProxy;
  afterEach(() => proxy.stop());

  async function through(options: ProxyOptions, user = 'root') {
    proxy = await startFlakyProxy(sshd.port, options);
    const sshCommand = [...sshd.sshCommand, '-o', `HostKeyAlias=[127.0.0.1]:${sshd.port}`];
    return sshHost(`${user}@127.0.0.1:${proxy.port}`, { sshCommand });
  }

  it('is tried again when the server drops the first ones', async () => {
    const host = await through({ refuse: 2 });
    const capture = await host.collect([{ kind: 'run', argv: ['echo', 'here'] }]);
    expect(capture.entries['echo here']).toEqual({ state: 'ok', text: 'here\n' });
    expect(proxy.seen()).toBe(3);
  });

  it('is tried again when it is cut in the middle of the answer, of which nothing is used', async () => {
    const host = await through({ cut: { connections: 1, afterBytes: 200_000 } });
    const asks: Ask[] = [{ kind: 'files', glob: `${tree}/contents/*` }];
    const capture = await host.collect(asks);
    expect(answersOf(capture)).toEqual(answersOf(await localHost().collect(asks)));
    expect(proxy.seen()).toBe(2);
  });

  it('is given up after a few tries', async () => {
    const host = await through({ refuse: 100 });
    const { unreachable } = await host.collect([]);
    expect(unreachable).toMatchObject({ reason: 'failed', detail: expect.stringMatching(/closed|reset/) });
    expect(proxy.seen()).toBe(4);
  });

  it('that never says a word ends at its time limit, and its ssh with it', async () => {
    const host = await through({ mute: true });
    const { unreachable } = await host.collect([], { timeoutMs: 1_500 });
    expect(unreachable).toEqual({ reason: 'failed', detail: 'no answer within 1.5 s' });
    await proxy.idle();
  });

  it('ends when the caller gives up', async () => {
    const host = await through({ mute: true });
    const controller = new AbortController();
    const pending = host.collect([], { signal: controller.signal });
    controller.abort();
    expect((await pending).unreachable).toEqual({ reason: 'failed', detail: 'cancelled' });
    expect((await host.collect([], { signal: controller.signal })).unreachable?.detail).toBe('cancelled');
  });

  it('is not tried again when the key is refused', async () => {
    const host = await through({}, 'nobody-of-this-name');
    const { unreachable } = await host.collect([]);
    expect(unreachable).toMatchObject({ reason: 'denied', detail: expect.stringContaining('Permission denied') });
    expect(proxy.seen()).toBe(1);
  });

  it('is not made with a server whose key has changed', async () => {
    const other = await server();
    proxy = await startFlakyProxy(other.port);
    const sshCommand = [...sshd.sshCommand, '-o', `HostKeyAlias=[127.0.0.1]:${sshd.port}`];
    const { unreachable } = await sshHost(`root@127.0.0.1:${proxy.port}`, { sshCommand }).collect([]);
    expect(unreachable).toEqual({ reason: 'failed', detail: 'Host key verification failed.' });
    expect(proxy.seen()).toBe(1);
  });

  it('fails an act that had begun instead of doing it twice', async () => {
    const host = await through({ cut: { connections: 9, afterBytes: 5_000 } });
    const path = join(secrets, 'count');
    writeFileSync(path, '');
    const argv = ['sh', '-c', `echo once >>${path}; head -c 100000 /dev/zero`];
    await expect(host.run(argv)).rejects.toMatchObject({ code: 'connection-lost' });
    expect(readFileSync(path, 'utf8')).toBe('once\n');
  });
});

describe('many hosts', () => {
  it('that are one server with few places all answer', async () => {
    const { sshCommand, destination } = await server({ config: ['MaxStartups 3:100:3'] });
    const hosts = Array.from({ length: 12 }, () => sshHost(destination(), { sshCommand, retries: 10 }));
    const captures = await collectMany(hosts, [{ kind: 'run', argv: ['id', '-u'] }], { bound: 8 });
    expect(captures.map((capture) => capture.unreachable ?? capture.entries['id -u'])).toEqual(
      hosts.map(() => ({ state: 'ok', text: '0\n' })),
    );
  });
});

describe('changes over ssh, by a user with sudo', () => {
  const keeper = () => sshHost(sshd.destination('keeper'), { sshCommand: sshd.sshCommand });

  it('keep the owner of a file, or set it', async () => {
    const path = join(secrets, 'hidden/owned.conf');
    await keeper().writeFile(path, Buffer.from('1'), { mode: 0o640, uid: 4242, gid: 65534 });
    expect(lstatSync(path)).toMatchObject({ uid: 4242, gid: 65534 });
    await keeper().writeFile(path, Buffer.from('2'), { mode: 0o4755 });
    expect(lstatSync(path)).toMatchObject({ uid: 4242, gid: 65534 });
    expect(lstatSync(path).mode & 0o7777).toBe(0o4755);
    await localHost().writeFile(path, Buffer.from('3'), { mode: 0o600 });
    expect(lstatSync(path)).toMatchObject({ uid: 4242, gid: 65534 });
    expect(readFileSync(path, 'utf8')).toBe('3');
  });

  it('are refused to a guest in one clear line', async () => {
    const guest = sshHost(sshd.destination('guest'), { sshCommand: sshd.sshCommand });
    const path = join(secrets, 'secret.conf');
    await expect(guest.writeSetting(path, '1')).rejects.toMatchObject({ code: 'EACCES' });
    await expect(guest.writeFile(path, Buffer.from('1'), { mode: 0o644 })).rejects.toMatchObject({ code: 'EACCES' });
    await expect(guest.removeFile(path)).rejects.toMatchObject({ code: 'EACCES' });
    await expect(guest.removeFile(join(secrets, 'hidden/below/key.conf'))).rejects.toMatchObject({ code: 'EACCES' });
    expect(await guest.stat(path)).toMatchObject({ known: false, reason: 'denied' });
    expect(await guest.readSetting(path)).toMatchObject({ known: false, reason: 'denied' });
    expect(readFileSync(path, 'utf8')).toBe('secret\n');
    expect(readdirSync(secrets).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
