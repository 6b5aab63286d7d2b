import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { emitPlan } from '../emit/emit.ts';
import type { RunReport } from '../run-plan.ts';
import type { Step } from '../step.ts';
import { makeTestBed, remedyOf, type TestBed } from '../testing/test-bed.ts';

const IDS = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const LEASES = IDS.map((id, index) => [`10.52.0.${index + 7}`, `${id}\r\neth0`] as const);

let bed: TestBed;
let network: string;
let plan: readonly Step[];

beforeAll(() => {
  bed = makeTestBed();
  network = join(bed.directory, 'networks', 'k8s-pod-network');
  mkdirSync(network, { recursive: true });
  plan = IDS.map((containerId, index) => ({
    kind: 'release-lease',
    path: join(network, `10.52.0.${index + 7}`),
    containerId,
    ifName: 'eth0',
  }));
});
afterAll(() => bed.remove());
beforeEach(() => {
  rmSync(bed.journal, { recursive: true, force: true });
  // A lock that a test left held is held on the file it was taken on.
  rmSync(join(network, 'lock'), { force: true });
  for (const [ip, content] of LEASES) writeFileSync(join(network, ip), content, { mode: 0o600 });
  writeFileSync(join(network, '10.52.0.20'), `${'d'.repeat(64)}\r\neth0`);
});

/** What host-local would see. */
const held = () =>
  Object.fromEntries(
    readdirSync(network)
      .filter((name) => name !== 'lock')
      .map((name) => [name, readFileSync(join(network, name), 'utf8')]),
  );

/** Words that run a program in a mount namespace prepared so. */
const mounted = (mount: string) => ['unshare', '-m', 'sh', '-euc', `${mount}; exec "$@"`, 'sh'];

/** Kills the program at each moment in turn until it survives; returns how often it was killed. */
function killedAtMoments(attempt: (dieAt: number) => RunReport | undefined, afterwards: () => void): number {
  for (let dieAt = 1; ; dieAt++) {
    const survived = attempt(dieAt) !== undefined;
    afterwards();
    if (survived) return dieAt - 1;
  }
}

it('is taken back whole, at whatever moment it was killed', () => {
  const before = held();
  const kills = killedAtMoments(
    (dieAt) => bed.run(plan, { dieAt }),
    () => {
      expect(bed.undo()?.verified).toBe(true);
      expect(held()).toEqual(before);
    },
  );
  expect(kills).toBeGreaterThan(20);
});

it('is completed by the next run, and a killed undo by the next undo', () => {
  const before = held();
  killedAtMoments(
    (dieAt) => bed.run(plan, { dieAt: 2 * dieAt }),
    () => {
      expect(bed.resume()?.verified).toBe(true);
      expect(Object.keys(held())).toEqual(['10.52.0.20']);
      expect(bed.undo()?.verified).toBe(true);
      expect(held()).toEqual(before);
    },
  );
  killedAtMoments(
    (dieAt) => {
      expect(bed.run(plan)?.verified).toBe(true);
      return bed.undo({ dieAt });
    },
    () => {
      expect(bed.undo()?.verified).toBe(true);
      expect(held()).toEqual(before);
    },
  );
});

it('does not take from another what was handed out between the kill and the next run', () => {
  const other = `${'e'.repeat(64)}\r\neth0`;
  killedAtMoments(
    (dieAt) => {
      for (const [ip, content] of LEASES) writeFileSync(join(network, ip), content);
      return bed.run(plan, { dieAt });
    },
    () => {
      writeFileSync(join(network, '10.52.0.7'), other);
      bed.resume();
      bed.undo();
      expect(held()['10.52.0.7']).toBe(other);
    },
  );
});

it('says so where the directory cannot be written, and changes nothing', () => {
  const before = held();
  writeFileSync(join(network, 'lock'), '');
  const report = bed.run(plan, { prefix: mounted(`mount --bind -o ro ${network} ${network}`) });
  expect(report?.steps.map(({ result }) => result)).toEqual(['failed', 'skipped', 'skipped']);
  expect(report?.steps[0]?.detail.en).toMatch(/Read-only file system \(EROFS\)/);
  expect(held()).toEqual(before);
});

it('stops where the disk is full, and what went is in what was written of the journal', () => {
  const small = join(bed.directory, 'small');
  const kept = join(bed.directory, 'kept');
  mkdirSync(small);
  // Two pages: the lock, and a journal whose plan fills most of a page.
  const filler: Step = { kind: 'file', path: '/nowhere', content: 'x'.repeat(2_000), mode: 0o600 };
  const script = `mount -t tmpfs -o size=8k none ${small}; mkdir -m 700 ${small}/j
"$@" >${bed.directory}/report; cat ${small}/j/*.jsonl >${kept}`;
  const prefix = ['unshare', '-m', 'sh', '-euc', script, 'sh'];
  expect(() => bed.run([...plan, filler], { prefix, journal: join(small, 'j') })).toThrow();
  const report = JSON.parse(readFileSync(join(bed.directory, 'report'), 'utf8')) as RunReport;
  const results = report.steps.map(({ result }) => result);
  expect(results.slice(results.indexOf('failed') + 1).every((result) => result === 'skipped')).toBe(true);
  expect(report.steps[results.indexOf('failed')]?.detail.en).toMatch(/no space left/i);
  const journal = readFileSync(kept, 'utf8');
  const gone = LEASES.filter(([ip]) => !existsSync(join(network, ip)));
  expect(gone.length).toBeLessThan(LEASES.length);
  for (const [, content] of gone) expect(journal).toContain(Buffer.from(content).toString('base64'));
});

it('waits for a lock that is held a while, and says what it waited for when it is held for longer', () => {
  const lock = join(network, 'lock');
  const holding = (seconds: number) =>
    mounted(`flock -x '${lock}' sleep ${seconds} >/dev/null 2>&1 & while flock -n '${lock}' true; do :; done`);
  writeFileSync(lock, '');
  expect(bed.run(plan, { prefix: holding(1) })?.verified).toBe(true);
  for (const [ip, content] of LEASES) writeFileSync(join(network, ip), content);
  const report = bed.run(plan, { prefix: holding(7) });
  expect(report?.steps[0]?.detail.en).toMatch(/another process held it for 5 s \(EBUSY\)/);
  expect(existsSync(join(network, '10.52.0.7'))).toBe(true);
});

it.each([['dash'], ['busybox sh'], ['bash --posix']])('is done by the emitted script under %s, once', (shell) => {
  const script = join(bed.directory, 'plan.sh');
  writeFileSync(join(network, 'lock'), '');
  writeFileSync(script, emitPlan('script', [remedyOf(plan)], 'etc'));
  writeFileSync(join(network, '10.52.0.9'), `${'e'.repeat(64)}\r\neth0`);
  expect(bed.shell(`${shell} ${script}`)).toMatch(/^2 changes$/m);
  expect(Object.keys(held()).sort()).toEqual(['10.52.0.20', '10.52.0.9']);
  expect(bed.shell(`${shell} ${script}`)).toBe('0 changes\n');
});
