import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Step } from '../remedies/step.ts';
import { makeTestBed, type TestBed } from '../remedies/testing/test-bed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = `${ROOT}/node_modules/.cache/hayward-fix-tests-${process.pid}`;
let bed: TestBed;

beforeAll(() => {
  buildSync({
    entryPoints: [`${ROOT}/src/cli.ts`],
    outdir: BUILT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  bed = makeTestBed();
  bed.shell('ip link set lo up');
});
afterAll(() => {
  bed.remove();
  rmSync(BUILT, { recursive: true, force: true });
});
beforeEach(reset);

function reset(): void {
  rmSync(`${bed.directory}/state`, { recursive: true, force: true });
  bed.shell('cd /proc/sys/net/ipv4; echo 0 > ip_forward; echo 0 > conf/all/rp_filter');
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a user runs it, its state below the scratch directory. */
function hayward(...words: readonly string[]): Ended {
  return haywardIn([], ...words);
}

/** The same behind words such as `unshare …`. */
function haywardIn(prefix: readonly string[], ...words: readonly string[]): Ended {
  const script = `exec env HAYWARD_STATE="${bed.directory}/state" "$@"`;
  const argv = [...prefix, 'sh', '-c', script, 'sh', process.execPath, `${BUILT}/cli.js`, ...words];
  return spawnSync('ip', ['netns', 'exec', bed.namespace, ...argv], { encoding: 'utf8' });
}

const STEPS: readonly Step[] = [
  { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' },
  { kind: 'setting', key: 'net/ipv4/conf/all/rp_filter', value: '2' },
];
const values = () => bed.shell('cd /proc/sys/net/ipv4; cat ip_forward conf/all/rp_filter').trim().split('\n');

/** A run killed after its first write. */
function killedRun(): void {
  reset();
  for (let dieAt = 1; values()[0] === '0'; dieAt++) {
    rmSync(bed.journal, { recursive: true, force: true });
    bed.run(STEPS, { dieAt });
  }
  expect(values()).toEqual(['1', '0']);
}

it('completes an interrupted run, in one journal, and undo takes all of it back', () => {
  killedRun();
  const fixed = hayward('fix', 'ip-forward', '--yes', '--no-persist');
  expect(fixed.stdout).toContain('was interrupted');
  expect(values()).toEqual(['1', '2']);
  expect(readdirSync(bed.journal).filter((name) => name.endsWith('.jsonl'))).toHaveLength(1);
  expect(hayward('undo', '--yes').status).toBe(0);
  expect(values()).toEqual(['0', '0']);
});

it('shows an interrupted run without touching it, and undo takes it back as it is', () => {
  killedRun();
  const before = readFileSync(`${bed.journal}/${readdirSync(bed.journal)[0]}`);
  expect(hayward('fix', '--dry-run').stdout).toContain('was interrupted');
  expect(hayward('journal').stdout).toContain('interrupted');
  expect(readFileSync(`${bed.journal}/${readdirSync(bed.journal)[0]}`)).toEqual(before);
  expect(hayward('undo', '--yes').status).toBe(0);
  expect(values()).toEqual(['0', '0']);
});

it('comes back to a run it could not take back whole, and names the one before it', () => {
  const [first, second] = STEPS.map((step) => bed.run([step])?.run ?? '');
  bed.shell('echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter');
  for (const attempt of [1, 2]) {
    const { status, stdout } = hayward('undo', '--yes');
    expect([attempt, status]).toEqual([attempt, 1]);
    expect(stdout).toContain(`Not everything of run ${second} could be taken back.`);
    expect(stdout.replaceAll('\n', ' ')).toContain(`The run before it: hayward undo ${first}`);
    expect(values()).toEqual(['1', '1']);
  }
  expect(JSON.parse(hayward('undo', '--yes', '--json').stdout)).toMatchObject({ run: second, before: first });
  expect(hayward('undo', String(first), '--yes').status).toBe(0);
  expect(values()).toEqual(['0', '1']);
  expect(JSON.parse(hayward('undo', '--yes', '--json').stdout)).not.toHaveProperty('before');
});

it('asks nobody without a terminal, and writes nothing for a dry run', () => {
  expect(hayward('fix', '--dry-run').status).toBe(0);
  expect(existsSync(`${bed.directory}/state`)).toBe(false);
  killedRun();
  const asked = hayward('fix', 'ip-forward');
  expect(asked).toMatchObject({ status: 2, stderr: expect.stringMatching(/^hayward: .*--yes.*\n$/) });
});

it('changes nothing while another run is under way', () => {
  killedRun();
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  writeFileSync(`${bed.journal}/lock`, JSON.stringify({ pid: process.pid, start, bootId }));
  for (const words of [['fix', 'ip-forward'], ['undo']]) {
    const refused = hayward(...words, '--yes');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`another run is under way (process ${process.pid})`);
  }
  expect(hayward('undo', '--yes', '--lang', 'zh-CN').stderr).toContain(`另一次运行正在进行（进程 ${process.pid}）`);
  expect(values()).toEqual(['1', '0']);
});

it('puts a corrupt journal aside and says where it is', () => {
  killedRun();
  writeFileSync(`${bed.journal}/20250101-000000-0000.jsonl`, 'nonsense\nmore\n');
  const undone = hayward('undo', '--yes');
  expect(undone.status).toBe(0);
  expect(undone.stderr).toMatch(/20250101-000000-0000 is corrupt .*\.jsonl\.corrupt/);
  expect(readdirSync(bed.journal)).toContain('20250101-000000-0000.jsonl.corrupt');
});

it('takes a run back where its journal can no longer be written, and says so', () => {
  killedRun();
  const mount = `mount --bind -o ro ${bed.directory}/state ${bed.directory}/state; exec "$@"`;
  const undone = haywardIn(['unshare', '-m', 'sh', '-euc', mount, 'sh'], 'undo', '--yes');
  expect(undone.status).toBe(0);
  expect(undone.stderr).toMatch(/read-only file system/);
  expect(values()).toEqual(['0', '0']);
});

it('says that there is nothing to take back, and what is wrong with a run id', () => {
  expect(hayward('undo', '--yes')).toMatchObject({ status: 0, stderr: '' });
  killedRun();
  expect(hayward('undo', '20250101-000000-ffff', '--yes')).toMatchObject({ status: 2, stdout: '' });
});

it('is not cut short by a reader that goes away', () => {
  killedRun();
  const unheard = ['bash', '-c', '"$@" 2>&1 | true; exit $PIPESTATUS', 'bash'];
  const fixed = haywardIn(unheard, 'fix', 'ip-forward', '--yes', '--no-persist');
  expect(values()).toEqual(['1', '2']);
  expect(fixed.status).toBe(0);
  expect(JSON.parse(hayward('journal', '--json').stdout).runs).toMatchObject([{ interrupted: false }]);
});

/** Behind it every `ip` fails, or each that runs while this node forwards: as commands do that hit their time limit. */
function withoutIp(when: 'always' | 'forwarding'): readonly string[] {
  const guard = when === 'always' ? 'true' : '[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ]';
  const script = `#!/bin/sh\nif ${guard}; then exit 2; fi\nexec ${bed.directory}/ip "$@"\n`;
  writeFileSync(`${bed.directory}/failing-ip`, script, { mode: 0o755 });
  const mount = `ip=$(readlink -f "$(command -v ip)"); cp "$ip" ${bed.directory}/ip; mount --bind ${bed.directory}/failing-ip "$ip"; exec "$@"`;
  return ['unshare', '-m', 'sh', '-euc', mount, 'sh'];
}

describe('a router whose links cannot always be seen', () => {
  let guests: readonly string[] = [];

  beforeAll(() => {
    guests = ['a', 'b'].map((letter) => `${bed.namespace}${letter}`);
    for (const [index, guest] of guests.entries()) {
      const link = `guest${index}`;
      // From outside: what is mounted inside `ip netns exec` ends with it.
      spawnSync('ip', ['netns', 'add', guest]);
      bed.shell(`ip link add ${link} type veth peer name eth0 netns ${guest}`);
      bed.shell(`ip addr add 10.9.${index}.1/24 dev ${link}; ip link set ${link} up`);
      bed.shell(`ip -n ${guest} addr add 10.9.${index}.2/24 dev eth0; ip -n ${guest} link set eth0 up`);
    }
  });
  afterAll(() => {
    for (const guest of guests) spawnSync('ip', ['netns', 'del', guest]);
  });

  it('is not told that nothing is to be done when looking fails', () => {
    expect(hayward('doctor', '--only', 'ip-forward').status).toBe(1);
    for (const words of [['fix'], ['fix', 'ip-forward', '--dry-run']]) {
      const { status, stdout } = haywardIn(withoutIp('always'), ...words, '--yes');
      expect([words, status]).toEqual([words, 3]);
      expect(stdout).toMatch(/not known[\s\S]*ip-forward net\.ipv4\.ip_forward/);
    }
    const { status, stdout } = haywardIn(withoutIp('always'), 'fix', 'ip-forward', '--yes', '--json');
    expect([status, JSON.parse(stdout)]).toMatchObject([3, { steps: [], verified: false }]);
    expect(values()[0]).toBe('0');
  });

  it('is not told that a fix is verified when nobody could look afterwards', () => {
    const words = ['fix', 'ip-forward', '--yes', '--no-persist', '--no-probe'];
    const json = haywardIn(withoutIp('forwarding'), ...words, '--json');
    expect(values()[0]).toBe('1');
    expect([json.status, JSON.parse(json.stdout)]).toMatchObject([3, { verified: false }]);
    reset();
    const { status, stdout } = haywardIn(withoutIp('forwarding'), ...words);
    expect(status).toBe(3);
    expect(stdout).toMatch(/could not be seen[\s\S]*ip-forward net\.ipv4\.ip_forward/);
  });
});

it('says on standard error that a plan printed for other tools is empty', () => {
  const { status, stdout, stderr } = hayward('fix', '--emit', 'script');
  expect(stdout).toMatch(/^#!\/bin\/sh\n/);
  expect(stderr).toMatch(/plan is empty/);
  expect(status).toBe(0);
});
