import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bootMachine, type Machine } from '../../lab/runtime/machine.ts';
import { type CriServer, startCriServer } from '../../test/cri-server.ts';
import { type HostLocal, hostLocal } from '../../test/host-local.ts';

/** The command as a user runs it, on a machine whose runtime lies, lags and fails by script; host-local is the real one. */

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const HOUR_S = 3600;

let disk: string;
let machine: Machine;
let addresses: HostLocal;
let server: CriServer;
let state: string;

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'hayward-reclaim-'));
  machine = await bootMachine(disk);
});
afterAll(async () => {
  await machine.cut();
  await rm(disk, { recursive: true, force: true });
});
beforeEach(async () => {
  addresses = await hostLocal();
  server = await startCriServer();
  state = mkdtempSync(join(tmpdir(), 'hayward-reclaim-state-'));
});
afterEach(async () => {
  await server.close();
  await addresses.dispose();
  rmSync(state, { recursive: true, force: true });
});

interface Answer {
  readonly reclaimed: readonly string[];
  readonly failures: readonly { readonly ip: string; readonly detail: string }[];
  readonly networks: readonly {
    readonly leaked: number;
    readonly leases: readonly { state: string; why: string[] }[];
  }[];
  readonly run: string;
}

async function hayward(...words: readonly string[]) {
  return machine.exec(['env', `HAYWARD_STATE=${state}`, process.execPath, CLI, ...words]);
}

async function reclaim(...more: readonly string[]): Promise<{ answer: Answer; exit: number | null; said: string }> {
  const where = ['--data-dir', addresses.dataDir, '--cri-socket', server.socket];
  const { stdout, stderr, exitCode } = await hayward('leases', 'reclaim', '--yes', '--json', ...where, ...more);
  return { answer: JSON.parse(stdout || '{}') as Answer, exit: exitCode, said: stderr };
}

const id = (letter: string) => letter.repeat(64);
const path = (ip: string) => join(addresses.directory, ip);
/** Gives a sandbox an address, an hour ago. */
async function lease(letter: string): Promise<string> {
  const [ip = ''] = await addresses.add(id(letter));
  const then = Date.now() / 1000 - HOUR_S;
  utimesSync(path(ip), then, then);
  return ip;
}
const held = async () => [...(await addresses.leases()).keys()].sort();

describe('leases reclaim', () => {
  it('gives back what is leaked, keeps what lives, and says so once', async () => {
    const [dead, living] = [await lease('a'), await lease('b')];
    server.sandboxes.set(id('b'), { id: id('b') });
    const { answer, exit, said } = await reclaim();
    expect([answer.reclaimed, exit, said]).toEqual([[dead], 0, '']);
    expect(await held()).toEqual([living]);
    expect((await reclaim()).answer).toMatchObject({ reclaimed: [], run: '' });
    const undone = await hayward('undo', '--yes', '--json');
    expect(undone.exitCode).toBe(0);
    expect(await held()).toEqual([dead, living].sort());
  });

  it('writes nothing in a dry run, and asks before it does anything', async () => {
    const dead = await lease('a');
    expect((await reclaim('--dry-run')).exit).toBe(1);
    expect(await held()).toEqual([dead]);
    const asked = await hayward('leases', 'reclaim', '--data-dir', addresses.dataDir, '--cri-socket', server.socket);
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toContain('--yes');
    expect(await held()).toEqual([dead]);
    expect(existsSync(join(state, 'journal'))).toBe(false);
  });

  it('gives back no more than it may, the lowest addresses first, and says that more is left', async () => {
    const dead = [await lease('a'), await lease('b'), await lease('c')];
    const first = await reclaim('--max', '2');
    expect([first.answer.reclaimed, first.exit]).toEqual([dead.slice(0, 2), 1]);
    expect((await reclaim('--max', '0')).answer.reclaimed).toEqual([]);
    expect(await held()).toEqual(dead.slice(2));
  });

  it('shows in a line or two what would go, and from where, and refuses a network that is not there', async () => {
    const dead = [await lease('a'), await lease('b'), await lease('c'), await lease('d')];
    server.sandboxes.set(id('b'), { id: id('b'), ready: false });
    const where = ['--data-dir', addresses.dataDir, '--cri-socket', server.socket];
    const { stdout } = await hayward('leases', 'reclaim', '--dry-run', ...where);
    expect(stdout.split('\n').map((line) => line.trim())).toEqual(
      expect.arrayContaining([`${dead[0]}, ${dead[2]}, ${dead[3]}`, dead[1]]),
    );
    const nowhere = await hayward('leases', 'reclaim', '--yes', '--network', 'nosuch', ...where);
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([2, expect.stringContaining('--network nosuch')]);
    expect((await hayward('leases', '--network', 'nosuch', ...where)).exitCode).toBe(2);
  });

  it('takes options on either side of the word', async () => {
    const dead = await lease('a');
    const before = ['--data-dir', addresses.dataDir, '--cri-socket', server.socket, '--json'];
    const { stdout, exitCode } = await hayward('leases', ...before, 'reclaim', '--yes');
    expect([(JSON.parse(stdout) as Answer).reclaimed, exitCode]).toEqual([[dead], 0]);
    expect((await hayward('leases', '--root', '/', 'reclaim', '--yes')).exitCode).toBe(2);
  });
});

describe('nothing is taken', () => {
  it('from a sandbox that only the second listing shows', async () => {
    const ip = await lease('a');
    server.sandboxes.set(id('a'), { id: id('a') });
    server.script({ list: (real, nth) => (nth === 0 ? [] : real) });
    const { answer } = await reclaim();
    expect([answer.reclaimed, answer.run]).toEqual([[], '']);
    expect(await held()).toEqual([ip]);
  });

  it('when the second listing fails', async () => {
    const ip = await lease('a');
    const busy = { code: 'UNAVAILABLE', words: 'busy' } as const;
    server.script({ fail: (method, nth) => (method === 'ListPodSandbox' && nth > 0 ? busy : undefined) });
    expect((await reclaim()).answer.reclaimed).toEqual([]);
    expect(await held()).toEqual([ip]);
  });

  it('when the runtime is away: exit 3, and why', async () => {
    const ip = await lease('a');
    const { answer, exit } = await reclaim('--cri-socket', '/run/nowhere.sock');
    expect([answer.reclaimed, exit]).toEqual([[], 3]);
    expect(answer.networks[0]?.leases[0]).toMatchObject({
      state: 'unknown',
      why: [expect.stringContaining('nowhere.sock')],
    });
    expect(await held()).toEqual([ip]);
  });

  it('from a lease that changed between the two looks', async () => {
    const ip = await lease('a');
    let lists = 0;
    server.script({
      before: async (method) => {
        if (method === 'ListPodSandbox' && ++lists === 1) writeFileSync(path(ip), `${id('e')}\r\neth0`);
      },
    });
    expect((await reclaim()).answer.reclaimed).toEqual([]);
    expect(readFileSync(path(ip), 'utf8')).toContain(id('e'));
  });

  it('while somebody keeps host-local’s lock, and the failure is told', async () => {
    const ip = await lease('a');
    const holder = machine.exec(['flock', '-x', path('lock'), 'sleep', '9']);
    await expect.poll(async () => (await machine.exec(['flock', '-n', path('lock'), 'true'])).exitCode).toBe(1);
    const { answer, exit } = await reclaim();
    expect([answer.reclaimed, exit]).toEqual([[], 1]);
    expect(answer.failures).toMatchObject([{ ip, detail: expect.stringContaining('another process held it') }]);
    expect(await held()).toEqual([ip]);
    await holder;
  });
});

describe('a dead sandbox that the runtime still lists', () => {
  it('is given back by the runtime', async () => {
    const ip = await lease('a');
    server.sandboxes.set(id('a'), { id: id('a'), ready: false });
    server.script({ del: (one) => addresses.del(one) });
    const { answer, exit } = await reclaim();
    expect([answer.reclaimed, exit]).toEqual([[ip], 0]);
    expect(server.calls).toContain(`StopPodSandbox ${id('a')}`);
  });

  it('that cannot be given back keeps its lease, is named, and stops no other', async () => {
    const ips = [await lease('a'), await lease('b'), await lease('c')];
    for (const letter of ['a', 'b', 'c']) server.sandboxes.set(id(letter), { id: id(letter), ready: false });
    const refused = { code: 'UNKNOWN', words: 'no iptables' } as const;
    server.script({
      fail: (method, _nth, which) => (method === 'StopPodSandbox' && which === id('a') ? refused : undefined),
      del: (one) => addresses.del(one),
    });
    const where = ['--data-dir', addresses.dataDir, '--cri-socket', server.socket];
    const { stdout, exitCode } = await hayward('leases', 'reclaim', '--yes', ...where);
    expect(await held()).toEqual(ips.slice(0, 1));
    expect(stdout).toContain(`Given back: 2.`);
    expect(stdout).toContain(`Not given back, for the reasons above: ${ips[0]}\n`);
    expect(exitCode).toBe(1);
  });

  it('keeps its lease where the runtime fails to give it back, and no file is removed behind its back', async () => {
    const ip = await lease('a');
    server.sandboxes.set(id('a'), { id: id('a'), ready: false });
    server.script({
      fail: (method) => (method === 'StopPodSandbox' ? { code: 'UNKNOWN', words: 'no iptables' } : undefined),
    });
    const { answer, exit } = await reclaim();
    expect([answer.reclaimed, exit]).toEqual([[], 1]);
    expect(answer.failures).toMatchObject([{ ip, detail: expect.stringContaining('no iptables') }]);
    expect(await held()).toEqual([ip]);
  });
});
