import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type OnTerminal, type TrialNode, trialNode, until } from '../../test/trial-node.ts';
import { processAt } from '../hosts/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const QUICK = ['--no-probe', '--quiet'] as const;
/** Longer than any test: it is not the time that ends the trial. */
const LONG = ['fix', 'ip-forward', ...QUICK, '--try', '1h'] as const;
const SHORT = ['fix', 'ip-forward', ...QUICK, '--try', '5s'] as const;
const QUESTION = /Keep it\?/;

let node: TrialNode;
beforeAll(async () => {
  node = await trialNode();
});
afterAll(() => node?.remove());
beforeEach(() => node.reset());

/** Files that would make it last. */
function lasting(): readonly string[] {
  return node
    .shell('ls /etc/sysctl.d')
    .split('\n')
    .filter((name) => name.includes('hayward'));
}

/** A trial that waits for its answer. */
async function asked(words: readonly string[] = LONG): Promise<OnTerminal> {
  const terminal = node.onTerminal(words);
  await terminal.prints(/Do this\?/);
  terminal.type('y\n');
  await terminal.prints(QUESTION);
  expect(node.forwards()).toEqual(['1', '1']);
  expect(lasting()).toEqual([]);
  return terminal;
}

/** A trial whose tool was stopped after its first step and before its question. */
async function stoppedBeforeItAsks(): Promise<OnTerminal> {
  for (;;) {
    const terminal = node.onTerminal(LONG);
    await terminal.prints(/Do this\?/);
    terminal.type('y\n');
    await terminal.prints(/✓/);
    process.kill(tool(), 'SIGSTOP');
    await until(() => processAt(tool())?.state === 'T');
    if (!QUESTION.test(terminal.printed())) return terminal;
    // Too late on a loaded machine: once more.
    process.kill(tool(), 'SIGKILL');
    await node.settled();
    node.reset();
  }
}

/** The process that asks. */
function tool(): number {
  return Number(node.lastRun().trial?.by.pid);
}

async function takenBack(why: string): Promise<void> {
  const run = await node.settled();
  expect(run).toMatchObject({ end: 'verified', trial: { decision: { how: 'taken-back', why } } });
  expect(node.forwards()).toEqual(['0', '0']);
  expect(lasting()).toEqual([]);
  await until(() => node.watcher() === undefined);
  expect(readdirSync(node.journal).filter((name) => !name.endsWith('.jsonl'))).toEqual([]);
}

describe('a fix on trial, at a terminal', () => {
  it('lasts once it is confirmed, and not before', async () => {
    const terminal = await asked();
    terminal.type('\n');
    expect(await terminal.ended).toBe(0);
    expect(node.forwards()).toEqual(['1', '1']);
    expect(lasting()).not.toEqual([]);
    expect(node.lastRun()).toMatchObject({ end: 'verified', trial: { decision: { how: 'kept' } } });
    await until(() => node.watcher() === undefined);
    expect(node.forwards()).toEqual(['1', '1']);
    expect(node.hayward('undo', '--yes').status).toBe(0);
    expect([node.forwards(), lasting()]).toEqual([['0', '0'], []]);
  });

  it('is taken back on no, and where nobody answers in time', async () => {
    const declined = await asked();
    declined.type('what?\nn\n');
    expect(await declined.ended).toBe(1);
    expect(declined.printed()).toContain('Taken back: the answer was no');
    await takenBack('declined');
    node.reset();
    const silent = await asked(SHORT);
    expect(await silent.ended).toBe(1);
    expect(silent.printed()).toContain('Taken back: it was not confirmed in time');
    await takenBack('no-answer');
  });

  it('takes what was typed before the question for no answer to it', async () => {
    const terminal = await stoppedBeforeItAsks();
    terminal.type('\n\n');
    process.kill(tool(), 'SIGCONT');
    await terminal.prints(QUESTION);
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(1);
    await takenBack('interrupted');
  });

  it('is taken back when the terminal goes', async () => {
    const terminal = await asked();
    terminal.close();
    await takenBack('interrupted');
  });

  it('is taken back by its watcher when the tool is killed, and by the tool when the watcher is', async () => {
    await asked();
    process.kill(tool(), 'SIGKILL');
    await takenBack('tool-died');
    node.reset();
    const terminal = await asked(SHORT);
    process.kill(Number(node.watcher()), 'SIGKILL');
    expect(await terminal.ended).toBe(1);
    const run = await node.settled();
    expect(run.trial?.decision).toMatchObject({ why: 'no-answer' });
    expect(node.forwards()).toEqual(['0', '0']);
  });

  it('is taken back by its watcher when the tool is stopped, and ends without it', async () => {
    await asked(SHORT);
    const pid = tool();
    process.kill(pid, 'SIGSTOP');
    await takenBack('no-answer');
    process.kill(pid, 'SIGKILL');
  });

  it('is told and taken back by the next fix when both were killed', async () => {
    await asked();
    process.kill(Number(node.watcher()), 'SIGKILL');
    const pid = tool();
    process.kill(pid, 'SIGKILL');
    await until(() => !existsSync(`/proc/${pid}`) && node.watcher() === undefined);
    expect(node.hayward('journal').stdout.replace(/\s+/g, ' ')).toContain('on trial, and nobody watches over it');
    expect(node.hayward('fix', '--dry-run').stderr).toContain('nobody watches over it');
    expect(node.forwards()).toEqual(['1', '1']);
    const next = node.hayward('fix', 'rp-filter', '--yes', ...QUICK);
    expect(next.stderr).toMatch(/was on trial and nobody watched over it any more; it is taken back/);
    expect(node.lastRun()).toMatchObject({ trial: { decision: { how: 'taken-back', why: 'tool-died' } } });
    expect(node.forwards()).toEqual(['0', '0']);
    expect(node.hayward('journal').stdout).toContain('the process that asked died');
  });

  it('is kept, or taken back, from another session', async () => {
    const kept = await asked();
    const run = node.lastRun().run;
    const other = node.hayward('fix', '--yes', ...QUICK);
    expect(other.status).toBe(1);
    expect(other.stderr).toContain(`run ${run} is on trial`);
    expect(node.hayward('fix', '--confirm', run).status).toBe(0);
    expect(await kept.ended).toBe(0);
    expect(kept.printed()).toContain('it was confirmed from elsewhere');
    expect(lasting()).not.toEqual([]);
    node.reset();
    const undone = await asked();
    expect(node.hayward('undo', '--yes').status).toBe(0);
    expect(await undone.ended).toBe(1);
    expect(undone.printed()).toContain('Taken back: by hayward undo');
    await takenBack('undo');
  });
});

describe('a fix on trial that is left', () => {
  it('is confirmed by the command it names, and lasts from then on', async () => {
    const left = node.hayward(...LONG, '--yes', '--json');
    const { run, trial, verified } = JSON.parse(left.stdout);
    expect([left.status, verified, trial.state]).toEqual([0, true, 'on-trial']);
    expect(trial.confirm).toBe(`hayward fix --confirm ${run}`);
    expect(node.forwards()).toEqual(['1', '1']);
    expect(lasting()).toEqual([]);
    expect(node.hayward('journal').stdout.replace(/\s+/g, ' ')).toContain(`on trial until ${trial.until}`);
    const kept = node.hayward(...trial.confirm.split(' ').slice(1), '--json');
    expect([kept.status, JSON.parse(kept.stdout)]).toMatchObject([
      0,
      { run, verified: true, trial: { state: 'kept' } },
    ]);
    expect(lasting()).not.toEqual([]);
    await until(() => node.watcher() === undefined);
    expect(node.forwards()).toEqual(['1', '1']);
    expect(node.hayward('fix', '--confirm').stdout).toContain('was kept already');
    expect(node.hayward('undo', '--yes').status).toBe(0);
    const undone = node.hayward('fix', '--confirm');
    expect([undone.status, undone.stdout]).toEqual([1, expect.stringContaining('taken back since')]);
  });

  it('is taken back when its time is over, also when the program on the disk is gone by then', async () => {
    const copy = mkdtempSync(`${ROOT}/node_modules/.cache/hayward-trial-`);
    cpSync(`${ROOT}/dist`, copy, { recursive: true });
    const terminal = node.onTerminal([...SHORT, '--yes'], `${copy}/cli.js`);
    expect(await terminal.ended).toBe(0);
    rmSync(copy, { recursive: true });
    await takenBack('no-answer');
    const late = node.hayward('fix', '--confirm');
    expect([late.status, late.stdout]).toEqual([1, expect.stringContaining('not confirmed in time')]);
    expect(node.forwards()).toEqual(['0', '0']);
  });

  it('cannot be on a node behind ssh, nor without anything to try', () => {
    for (const words of [['--host', 'root@node-1'], ['--only-persist'], ['--emit', 'script']]) {
      const refused = node.hayward(...LONG, ...words);
      expect([words, refused.status, refused.stdout]).toEqual([words, 2, '']);
      expect(refused.stderr).toMatch(/^hayward: --try [^\n]*\n$/);
    }
  });
});

describe('a fix on trial where a guard is', () => {
  let guard: ChildProcess;
  beforeEach(async () => {
    // Between two turns of this one there is time for a fix.
    const options = ['--enforce', 'poll', '--interval', '1h', '--no-reclaim', '--listen', 'off', '--quiet'];
    const [program = '', ...argv] = node.command(['guard', ...options]);
    guard = spawn(program, argv, { stdio: 'ignore' });
    await until(() => node.forwards().every((value) => value === '1'));
    await until(() => node.hayward('guard', 'status', '--json').status === 0);
  });
  afterEach(async () => {
    const ended = once(guard, 'exit');
    guard.kill('SIGTERM');
    await ended;
  });

  it('is refused for what the guard would write again', () => {
    node.shell('echo 0 >/proc/sys/net/ipv4/ip_forward');
    const refused = node.hayward(...LONG, '--yes', '--no-persist');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/a guard \(process \d+\) keeps net\.ipv4\.ip_forward.*hayward guard pause/);
    expect(existsSync(node.journal) && node.lastRun().trial).toBeFalsy();
  });

  it('names a guard that keeps again what is taken back', async () => {
    expect(node.hayward('guard', 'pause', '10m').status).toBe(0);
    node.shell('echo 0 >/proc/sys/net/ipv4/ip_forward');
    expect(node.hayward(...SHORT, '--yes', '--no-persist').status).toBe(0);
    expect(node.hayward('guard', 'pause', '0').status).toBe(0);
    const run = await node.settled();
    expect(run.note?.en).toMatch(/^a guard \(process \d+\) keeps net\.ipv4\.ip_forward here and writes it again$/);
    expect(node.hayward('journal').stdout.replace(/\s+/g, ' ')).toContain(run.note?.en);
  });
});
