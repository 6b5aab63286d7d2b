import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processAt } from '../../src/hosts/process.ts';
import { eventually, type GuardBed, makeGuardBed } from './bed.ts';

const FORWARD = 'net.ipv4.ip_forward';
const ASK = `const [url, token] = process.argv.slice(1);
const answer = await fetch(url, token ? { headers: { authorization: 'Bearer ' + token } } : {});
process.stdout.write(answer.status + ' ' + (await answer.text()));`;

let bed: GuardBed;
beforeEach(async () => {
  bed = await makeGuardBed();
});
afterEach(() => bed.remove());

const forward = ['--hold', `${FORWARD}=1`];

/** Asks a guard of the bed's namespace over TCP. */
function ask(path: string, token = '') {
  return bed.sh(`exec "$NODE" --input-type=module -e "$ASK" -- "$URL" "$TOKEN"`, {
    env: { NODE: process.execPath, ASK, URL: `http://127.0.0.1:9470${path}`, TOKEN: token },
  });
}

describe('guards beside each other', () => {
  it('the second on a node steps back with one line, and the first goes on', async () => {
    const first = bed.guard(['--enforce', 'poll', ...forward]);
    await first.ready();
    const second = bed.guard(['--enforce', 'poll', '--listen', 'off', ...forward]);
    expect(await second.ended).toBe(2);
    expect(second.complaints()).toBe(
      `hayward: another guard runs here as process ${first.pid} (hayward guard status)\n`,
    );
    expect(second.events).toEqual([]);
    bed.sh(`sysctl -w ${FORWARD}=0`);
    await first.told('repaired', FORWARD);
    expect((await first.status()).pid).toBe(first.pid);
  });

  it('one of the same network namespace with another state directory steps back as well, and may come when that has ended', async () => {
    const elsewhere = { env: { HAYWARD_STATE: `${bed.directory}/elsewhere` } };
    const first = bed.guard(['--enforce', 'poll', '--listen', 'off', ...forward]);
    await first.ready();
    const second = bed.guard(['--enforce', 'poll', '--listen', 'off', ...forward], elsewhere);
    expect(await second.ended).toBe(2);
    expect(second.complaints()).toBe(
      `hayward: another guard runs here as process ${first.pid} (hayward guard status)\n`,
    );
    await first.end('SIGKILL');
    await bed.guard(['--enforce', 'poll', '--listen', 'off', ...forward], elsewhere).ready();
  });

  it('a stranger who took the name of the lock keeps no guard away', async () => {
    // Node 20 pads an abstract name with NULs to its longest, which is another name.
    const script = `socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un("\\0hayward-guard")) or die $!;
      listen(S, 1); $| = 1; print "ready\\n"; sleep`;
    const stranger = bed.start(['setpriv', '--reuid=65534', '--clear-groups', 'perl', '-MSocket', '-e', script]);
    await once(stranger.stdout as NodeJS.ReadableStream, 'data');
    const guard = bed.guard(['--enforce', 'poll', '--listen', 'off', ...forward]);
    await guard.ready();
    expect(guard.complaints()).toContain(`process ${stranger.pid} of user 65534 has taken the guard's socket`);
  });

  it.each([
    ['bpf file systems of their own', 'true'],
    ['the one the system has', 'mount -t bpf bpf /sys/fs/bpf'],
  ])('those of two network namespaces hold and release each its own, pinned on %s', async (_, mount) => {
    bed.sh(mount);
    const options = ['--enforce', 'kernel', '--cgroup', bed.cgroup, '--listen', 'off'];
    const elsewhere = { netns: 'other', env: { HAYWARD_STATE: `${bed.directory}/other` } } as const;
    bed.sh(`sysctl -qw ${FORWARD}=0`, elsewhere);
    const one = bed.guard([...options, ...forward]);
    const other = bed.guard([...options, '--hold', `${FORWARD}=0`], elsewhere);
    await Promise.all([one.ready(), other.ready()]);
    expect(bed.attached()).toHaveLength(2);
    bed.sh(`sysctl -w ${FORWARD}=0`);
    bed.sh(`sysctl -w ${FORWARD}=1`, elsewhere);
    expect([bed.read(FORWARD), bed.read(FORWARD, elsewhere)]).toEqual(['1', '0']);
    await other.end('SIGKILL');
    expect(bed.hayward(['guard', 'release'], elsewhere).status).toBe(0);
    expect(bed.attached()).toHaveLength(1);
    bed.sh(`sysctl -w ${FORWARD}=0`);
    bed.sh(`sysctl -w ${FORWARD}=1`, elsewhere);
    expect([bed.read(FORWARD), bed.read(FORWARD, elsewhere)]).toEqual(['1', '1']);
    expect(await one.status()).toMatchObject({ enforce: { inForce: 'kernel' } });
    expect(one.events.filter(({ type }) => type === 'hold-lost')).toEqual([]);
  });
});

describe('what a guard is told and asked', () => {
  it.each([
    [['--enforce', 'foo'], 'foo'],
    [['--interval', 'soon'], '--interval soon'],
    [['--interval', '1ms'], '--interval'],
    [['--listen', 'nonsense'], '--listen nonsense'],
    [['--token-file', '/nowhere/token'], '--token-file /nowhere/token'],
    [['--cgroup', '/proc'], '--cgroup /proc'],
    [['--hold', 'nonsense'], '--hold nonsense'],
    [['--hold', '../../etc/passwd=1'], '--hold'],
    [
      ['--hold', `${FORWARD}=1`, '--hold', 'net.ipv4.conf.all.forwarding=0'],
      `--hold ${FORWARD}: asked for as 1 and as 0`,
    ],
    [['install', '--dry-run', '--hold', 'net.ipv4.ip_forwrd=1', '-q'], `did you mean ${FORWARD}?`],
  ])('%j is wrong usage, in one line', (options, named) => {
    const { status, stdout, stderr } = bed.hayward(['guard', ...options]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^hayward: [^\n]+\n$/);
    expect(stderr).toContain(named);
  });

  it('an address that is taken is wrong usage before anything is guarded; the default one is done without', async () => {
    const taken = bed.start([
      process.execPath,
      '-e',
      "require('http').createServer().listen(9470, '127.0.0.1', () => console.log('ready'))",
    ]);
    await once(taken.stdout as NodeJS.ReadableStream, 'data');
    const { status, stderr } = bed.hayward(['guard', '--listen', '127.0.0.1:9470', ...forward]);
    expect([status, stderr.split('\n').length]).toEqual([2, 2]);
    expect(stderr).toContain('EADDRINUSE');
    const guard = bed.guard(['--enforce', 'poll', ...forward]);
    await guard.ready();
    expect(guard.complaints()).toContain('127.0.0.1:9470');
  });

  it('tells /metrics and /v1/findings to who shows the token, and its health to anybody', async () => {
    const token = `${bed.directory}/token`;
    writeFileSync(token, 'secret\n');
    chmodSync(token, 0o600);
    const guard = bed.guard(['--enforce', 'poll', '--token-file', token, ...forward]);
    await guard.ready();
    expect(ask('/metrics')).toMatch(/^401 /);
    expect(ask('/metrics', 'wrong')).toMatch(/^401 /);
    expect(ask('/metrics', 'secret')).toContain(`hayward_guard_key_right{key="${FORWARD}",held="poll"} 1`);
    expect(JSON.parse(ask('/v1/findings', 'secret').slice(4))).toMatchObject({ schemaVersion: 1 });
    expect([ask('/healthz'), ask('/readyz')]).toEqual(['200 ok', '200 ok']);
    expect(ask('/v1/pause?ms=1', 'secret')).toMatch(/^404 /);
  });

  it('judges anew on SIGHUP, and on SIGTERM ends in order', async () => {
    const guard = bed.guard(['--enforce', 'poll', '--listen', 'off', '--judge-every', '1h', ...forward]);
    await guard.ready();
    const { judged } = await guard.status();
    process.kill(guard.pid, 'SIGHUP');
    await eventually(async () => (await guard.status()).judged?.at !== judged?.at);
    expect(await guard.end('SIGTERM')).toBe(0);
    expect(guard.events.at(-1)).toMatchObject({ type: 'stopped', why: 'SIGTERM' });
    expect(bed.hayward(['guard', 'status']).status).toBe(3);
  });

  it('finishes a repair that SIGTERM meets on its way', async () => {
    const guard = bed.guard(['--enforce', 'poll', '--listen', 'off', ...forward]);
    await guard.ready();
    // Somebody else changes this node and holds the journal's lock: the first repair waits for it.
    const journal = `${bed.state}/journal`;
    mkdirSync(journal, { recursive: true });
    const holder = {
      pid: process.pid,
      start: String(processAt('self')?.start),
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    };
    writeFileSync(`${journal}/lock`, JSON.stringify(holder));
    bed.sh(`sysctl -w ${FORWARD}=0`);
    await guard.told('drift', FORWARD);
    expect(await guard.end('SIGTERM')).toBe(0);
  });

  it('goes on repairing while the judgement hangs', async () => {
    const programs = `${bed.directory}/bin`;
    mkdirSync(programs);
    const guard = bed.guard(['--enforce', 'poll', '--listen', 'off', '--judge-every', '1s', ...forward], {
      env: { PATH: `${programs}:${process.env['PATH']}` },
    });
    await guard.ready();
    writeFileSync(`${programs}/nice`, '#!/bin/sh\necho hangs >&2; exec sleep infinity\n', { mode: 0o755 });
    await eventually(() => bed.run(['pgrep', '-P', String(guard.pid), '-x', 'sleep']).status === 0);
    for (const value of ['0', '2']) bed.sh(`sysctl -w ${FORWARD}=${value}`);
    await guard.told('repaired', FORWARD);
    await eventually(() => bed.read(FORWARD) === '1');
    expect(await guard.end()).toBe(0);
  });
});
