import { describe, expect, it } from 'vitest';
import { ago, healthy, NOW, part, unanswered, withVip } from '../../test/cluster.ts';
import { known } from '../hosts/reading.ts';
import { type ClusterAnswer, type ClusterJudgeOptions, judgeCluster } from './judge.ts';
import { type Memory, NO_MEMORY } from './memory.ts';
import { memoryFrom, memoryText } from './memory-text.ts';
import type { ClusterSnapshot } from './model.ts';

const once = { lang: 'en', atOnce: true } as const;
const silent = withVip({ https: known(unanswered('silent'), 'https://10.0.0.10/') });
const MIN = 60;

function at(snapshot: ClusterSnapshot, seconds: number): ClusterSnapshot {
  const takenAt = new Date(Date.parse(NOW) + seconds * 1000).toISOString();
  return { ...snapshot, takenAt, serverClock: known(takenAt, 'Date') };
}

type Seen = readonly (readonly [number, ClusterSnapshot])[];

/** Runs one after another, each with what the one before wrote into its file. */
const runs = (...seen: Seen): ClusterAnswer[] => runsWith(once, seen);

function runsWith(options: ClusterJudgeOptions, seen: Seen): ClusterAnswer[] {
  let file = memoryText(NO_MEMORY);
  return seen.map(([seconds, snapshot]) => {
    const answer = judgeCluster(at(snapshot, seconds), options, memoryFrom(file));
    file = memoryText(answer.memory);
    return answer;
  });
}

const verdicts = (answers: readonly ClusterAnswer[]) => answers.map(({ verdict }) => verdict);
const vip = (answer: ClusterAnswer | undefined) => answer?.findings.find((one) => one.problem === 'vip-unreachable');

describe('who runs status every five minutes', () => {
  const every = (minutes: number, ...states: readonly ClusterSnapshot[]) =>
    runs(...states.map((state, index) => [index * minutes * MIN, state] as const));

  it('is told that a thing comes and goes, with numbers', () => {
    const answers = every(5, healthy(), silent, healthy(), silent, healthy(), silent, healthy());
    expect(verdicts(answers)).toEqual(['ready', 'settling', 'ready', 'settling', 'ready', 'not-ready', 'ready']);
    expect(vip(answers[5])).toMatchObject({ phase: 'flapping' });
    expect(vip(answers[5])?.cause).toContain('bad 3 times in 1200 s');
    expect(vip(answers[6])).toMatchObject({ status: 'problem', phase: 'flapping', severity: 'info' });
    expect(vip(answers[6])?.cause).toContain('bad 3 times in 1500 s');
  });

  it('has it called calm after three good looks', () => {
    const bad = [silent, healthy(), silent, healthy(), silent];
    const after = every(5, ...bad, healthy(), healthy(), healthy(), healthy());
    expect(after.slice(-4).map((one) => vip(one)?.status)).toEqual(['problem', 'problem', 'problem', 'ok']);
  });

  it('is told that it lasted beyond its deadline', () => {
    expect(verdicts(every(5, silent, silent))).toEqual(['settling', 'not-ready']);
    expect(verdicts(every(60, healthy(), healthy(), healthy(), silent, silent)).slice(-2)).toEqual([
      'settling',
      'not-ready',
    ]);
  });
});

it('who waits is told that it settles until it has stayed good', () => {
  const states = [silent, healthy(), silent, healthy(), silent, healthy(), healthy()];
  const seen = states.map((state, index) => [index * MIN, state] as const);
  expect(verdicts(runsWith({ lang: 'en' }, seen)).slice(-3)).toEqual(['not-ready', 'settling', 'settling']);
});

describe('who looks now and then', () => {
  it('is told nothing of a time nobody looked at: hours, a day, a clock that was put back', () => {
    for (const later of [16 * MIN, 5 * 60 * MIN, 25 * 60 * MIN, -60]) {
      expect(verdicts(runs([0, silent], [later, silent]))[1]).toBe('settling');
    }
    expect(verdicts(runs([0, silent], [14 * MIN, silent]))[1]).toBe('not-ready');
  });
});

it('what comes and goes and does not decide is good while it is good, and says so', () => {
  const lost = healthy({ parts: known([part('harvester', { ready: 1 })], 'parts') });
  const answers = runs([0, lost], [60, healthy()], [120, lost], [180, healthy()], [240, lost], [300, healthy()]);
  const rollout = answers.map(({ findings }) =>
    findings.find(({ subject }) => subject === 'Deployment harvester-system/harvester'),
  );
  expect(rollout[4]).toMatchObject({ status: 'problem', phase: 'flapping' });
  expect(rollout[5]).toMatchObject({ status: 'ok' });
  expect(rollout[5]?.evidence.at(-1)).toMatchObject({
    source: 'earlier looks',
    value: expect.stringContaining('3 times'),
  });
  expect(answers[5]?.verdict).toBe('ready');
});

describe('the text of a memory', () => {
  const { memory } = judgeCluster(silent, once);

  it('keeps what was bad and which boot a node is in, and no more', () => {
    const again = memoryFrom(memoryText(memory));
    expect(Object.keys(again.conditions)).toEqual(['vip-unreachable 10.0.0.10']);
    expect(again.boots['node-1']).toEqual({ id: 'boot-node-1', changes: [] });
    expect(again.looks).toEqual([NOW]);
  });

  it('is bounded', () => {
    const [condition] = Object.values(memoryFrom(memoryText(memory)).conditions);
    if (!condition) throw new Error('one is bad');
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`node-unready ${index}`, condition]));
    const boots = Object.fromEntries(
      Array.from({ length: 9000 }, (_, index) => [`n${index}`, { id: 'a', changes: [] }]),
    );
    const text = memoryText({ ...memory, conditions: { ...many, ['x'.repeat(1e6)]: condition }, boots });
    expect(text.length).toBeLessThan(1_000_000);
  });

  const turned = ago(9);
  const good = { bad: true, badSince: NOW, lastBad: NOW, turns: [], turned, severity: 'critical' };
  it.each([
    ['nothing', ''],
    ['torn', memoryText(memory).slice(0, -20)],
    ['a list', '[]'],
    ['another version', '{"version":2,"conditions":{},"looks":[],"boots":{}}'],
    ['times that are none', '{"version":1,"conditions":{},"looks":["noon"],"boots":{}}'],
    ['__proto__', '{"version":1,"looks":[],"conditions":{"__proto__":{"bad":1}},"boots":[]}'],
  ])('that is %s is no memory', (_, text) => {
    expect(memoryFrom(text)).toEqual(NO_MEMORY);
    expect(judgeCluster(silent, once, memoryFrom(text)).verdict).toBe('settling');
  });

  it('leaves out what is no condition', () => {
    const conditions = { one: good, two: { ...good, turns: 'often' }, three: { ...good, severity: 'dire' } };
    const text = JSON.stringify({ version: 1, conditions, looks: [NOW], boots: { a: { id: 1, changes: [] } } });
    const read: Memory = memoryFrom(text);
    expect([Object.keys(read.conditions), read.boots]).toEqual([['one'], {}]);
  });
});
