import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localHost } from '../hosts/local.ts';
import { unknown } from '../hosts/reading.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { Demand } from './demand.ts';
import { makeEnforcer } from './hold/enforcer.ts';
import type { GuardEvent, GuardPlan, Stage } from './model.ts';
import { newLedger } from './tell/ledger.ts';
import type { StartReporting } from './tell/report.ts';

/** The guard with a judgement that answers once and then hangs: what services do has to be followed without one. */

const RKE2 = 'rke2-server.service';
const KEY = 'net.bridge.bridge-nf-call-iptables';

let directory: string;
let daemon: Daemon | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-daemon-'));
});
afterEach(async () => {
  await daemon?.stop('test');
  rmSync(directory, { recursive: true });
});

function stage(phase: Stage['phase'], value?: string): Stage {
  const key = KEY.replaceAll('.', '/');
  const reason = { en: 'why', 'zh-CN': '原因' };
  const demands: readonly Demand[] = value ? [{ kind: 'setting', key, value, by: 'bridge-netfilter', reason }] : [];
  return { phase, demands, conflicts: [], left: [], undecided: [] };
}

const LAUNCHING = stage('launching');
const LAUNCHED = stage('launched', '0');

const BEFORE: GuardPlan = {
  schemaVersion: 1,
  takenAt: '2026-01-01T00:00:00.000Z',
  target: 'node',
  bootId: '',
  profile: 'harvester',
  profileEvidence: [],
  versions: { os: '', kernel: '', distribution: '' },
  ...stage('before-launch', '1'),
  ahead: { services: [RKE2, 'rke2-agent.service'], stages: [LAUNCHING, LAUNCHED] },
  now: {},
  leases: [],
  findings: [],
};

/** `first` is what the first judgement finds; later ones wait for ever, or do what `later` says. */
function guarding(first: GuardPlan, { later = 'setInterval(() => {}, 1_000_000)', judgeEveryMs = 3_600_000 } = {}) {
  const script = join(directory, 'judge.mjs');
  writeFileSync(join(directory, 'plan.json'), JSON.stringify(first));
  writeFileSync(
    script,
    `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
     if (existsSync('${directory}/asked')) ${later};
     else writeFileSync('${directory}/asked', ''), process.stdout.write(readFileSync('${directory}/plan.json'));`,
  );
  const told: GuardEvent[] = [];
  const awaited: (readonly string[])[] = [];
  let senses: Parameters<DaemonOptions['senses']>[0] | undefined;
  let services: Parameters<DaemonOptions['services']>[0] | undefined;
  let reports: Parameters<StartReporting>[0] | undefined;
  const running = startDaemon({
    report(tell) {
      reports = tell;
      const standing = { node: 'node-1', server: '', heardAt: null, trouble: null };
      return { standing: () => standing, ended: Promise.resolve() };
    },
    lang: 'en',
    enforce: 'poll',
    intervalMs: 5,
    judgeEveryMs,
    planOptions: [],
    reclaim: false,
    program: { node: process.execPath, script },
    host: localHost(),
    journalDirectory: join(directory, 'journal'),
    bootId: '',
    senses(tell) {
      senses = tell;
      return { refresh: () => undefined, read: () => unknown('absent', 'test', ''), write: () => ({ ok: true }) };
    },
    services(tell) {
      services = tell;
      return { await: (units) => void awaited.push(units) };
    },
    watched: () => undefined,
    holding: makeEnforcer({
      asked: 'poll',
      open: () => unknown('absent', 'test', ''),
      lost: () => undefined,
      unpin: () => ({ released: [], failed: [] }),
    }),
    lastGood: { read: () => undefined, keep: () => undefined },
    sink: { record: (event) => void told.push(event), complain: (why) => expect.fail(why), ledger: newLedger() },
    notify: {
      ready: () => undefined,
      alive: () => undefined,
      stopping: () => undefined,
      status: () => undefined,
      watchdogMs: undefined,
    },
  });
  daemon = running;
  const wanted = () => {
    const { phase, keys } = running.status('en');
    return [phase, ...keys.map(({ key, wanted: value }) => `${key}=${value}`)];
  };
  return {
    told,
    awaited,
    wanted,
    starts: (unit: string) => senses?.started(unit),
    isReady: (unit: string) => services?.ready(unit),
    reported: () => reports?.judgement('node-1'),
    stopped: () => reports?.signal.aborted,
    status: () => running.status('en'),
    async judged() {
      while (!running.ready()) await wait(5);
    },
  };
}

describe('a guard, while RKE2 comes to its first launch after boot', () => {
  it('lets go of 1 as it starts and holds 0 as it is ready, at that moment and before the node is judged anew', async () => {
    const { starts, isReady, judged, wanted, awaited, told } = guarding(BEFORE);
    await judged();
    expect(wanted()).toEqual(['before-launch', `${KEY}=1`]);
    starts('k3s.service');
    expect(wanted()).toEqual(['before-launch', `${KEY}=1`]);
    starts(RKE2);
    expect(wanted()).toEqual(['launching']);
    isReady(RKE2);
    expect(wanted()).toEqual(['launched', `${KEY}=0`]);
    starts(RKE2);
    expect(wanted(), 'at each later start').toEqual(['launched', `${KEY}=0`]);
    expect(told.filter(({ type }) => type === 'planned')).toMatchObject([
      { phase: 'launching', removed: [KEY], because: [`${RKE2} is launching`] },
      { phase: 'launched', added: [KEY], because: [`${RKE2} is launched`] },
    ]);
    expect(awaited, 'nothing is waited for any more').toEqual([...Array(2).fill(BEFORE.ahead?.services), []]);
  });

  it('does not go back to a judgement that began before', async () => {
    const { starts, isReady, judged, wanted } = guarding(BEFORE);
    starts(RKE2);
    isReady('rke2-agent.service');
    await judged();
    expect(wanted()).toEqual(['launched', `${KEY}=0`]);
  });

  it('goes on from where it found it', async () => {
    const { isReady, judged, wanted } = guarding({
      ...BEFORE,
      ...LAUNCHING,
      ahead: { services: [RKE2], stages: [LAUNCHED] },
    });
    await judged();
    expect(wanted()).toEqual(['launching']);
    isReady(RKE2);
    expect(wanted()).toEqual(['launched', `${KEY}=0`]);
  });

  it('holds what the judgement says where nothing lies ahead', async () => {
    const { ahead: _none, ...settled } = BEFORE;
    const { starts, isReady, judged, wanted, awaited } = guarding(settled);
    await judged();
    starts(RKE2);
    isReady(RKE2);
    expect(wanted()).toEqual(['before-launch', `${KEY}=1`]);
    expect(awaited).toEqual([[]]);
  });
});

describe('what a guard has to report', () => {
  it('is nothing before the first full round, then what it found, and no more once it ends', async () => {
    const { judged, reported, status, stopped } = guarding(BEFORE);
    expect(reported()).toBeUndefined();
    await judged();
    expect(reported()).toMatchObject({ node: 'node-1', launch: 'before-launch', unseen: {} });
    expect(status().report).toMatchObject({ node: 'node-1', heardAt: null });
    await daemon?.stop('test');
    expect(stopped()).toBe(true);
  });

  it('is that it cannot be judged, once judgements have failed for long', async () => {
    const { judged, reported } = guarding(BEFORE, {
      later: `process.stderr.write('no disk\\n'), process.exit(2)`,
      judgeEveryMs: 1,
    });
    await judged();
    expect(reported()?.findings).toEqual([]);
    while (reported()?.findings.length === 0) await wait(5);
    expect(reported()?.findings).toMatchObject([{ problem: 'node-unjudged', status: 'unknown', cause: 'no disk' }]);
  });
});
