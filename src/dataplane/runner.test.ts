import { describe, it } from 'vitest';
import { known, type Reading, unknown } from '../hosts/reading.ts';
import { outcomeLine, parseQuestions } from './agent/protocol.ts';
import type { Kind, Outcome } from './matrix.ts';
import { askAll } from './runner.ts';

const names = ['node-1', 'node-2', 'node-3'];
const node = (name: string, index: number) => ({
  name,
  address: `10.0.0.${index + 1}`,
  echo: `10.52.${index + 1}.2`,
  service: { address: `10.53.0.${index + 1}`, port: 7, nodePorts: { tcp: 30_001, udp: 30_002 } },
  missing: '',
});
const ground = { nodes: names.map(node), servers: [], echoPort: 7 };
const LOST: Outcome = { kind: 'lost', error: 'no answer in 1 s' };
const ANSWERED: Outcome = { kind: 'answered', ms: 1 };

type Answer = (address: string, turn: number) => Outcome | undefined;

/** Asks from every node; `answer` says what comes of an address in which turn, none: the agent ended before it said so. */
async function asked(
  answer: Answer,
  silent = new Map<string, string>(),
  cut?: (turn: number) => Reading<string>,
  ages: readonly number[] = [],
) {
  const turns: Record<string, number> = {};
  const left = [...ages];
  let running = 0;
  let most = 0;
  const runner = {
    async ask(from: string, text: string): Promise<Reading<string>> {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      const turn = (turns[from] ?? 0) + 1;
      turns[from] = turn;
      if (cut && turn > 1) return cut(turn);
      const lines = parseQuestions(text).questions.map(({ address }, id) => {
        const outcome = answer(address, turn);
        return outcome === undefined ? '' : outcomeLine(id, outcome);
      });
      return known(lines.join(''), 'agent');
    },
  };
  const { signal } = new AbortController();
  const probed = await askAll(runner, ground, silent, {
    pace: { timeoutMs: 1000, atOnce: 8 },
    nodesAtOnce: 2,
    pausesMs: [0, 0],
    age: () => left.shift() ?? Number.POSITIVE_INFINITY,
    onProgress: () => undefined,
    signal,
  });
  const of = (from: string, to: string, kind: Kind = 'pod') =>
    probed.find((one) => one.from === from && one.to === to && one.kind === kind)?.outcome;
  return { of, most, turns };
}

const isTwo = (address: string): boolean => address === '10.52.2.2';

/** So that only the first node asks. */
const OTHERS = new Map(['node-2', 'node-3'].map((name) => [name, 'not asked here']));

describe.concurrent('a round', () => {
  it('asks again what was lost, once more where that was answered', async ({ expect }) => {
    const { of, turns } = await asked((address, turn) => (isTwo(address) && turn === 1 ? LOST : ANSWERED), OTHERS);
    expect(of('node-1', 'node-2')).toEqual(ANSWERED);
    expect(turns).toEqual({ 'node-1': 2 });
  });

  const isService = (address: string): boolean => address === '10.53.0.2';
  const young = (loses: (address: string) => boolean, answers: number, lost: Outcome, ages: readonly number[]) =>
    asked((address, turn) => (loses(address) && turn < answers ? lost : ANSWERED), OTHERS, undefined, ages);

  it('waits for kube-proxy to hear of a new Service, however it loses what it does not know', async ({ expect }) => {
    const seen = await young(isService, 5, LOST, [6000, 8000]);
    expect(seen.turns).toEqual({ 'node-1': 5 });
    expect(seen.of('node-1', 'node-2', 'service')).toEqual(ANSWERED);
    const late = await young(isService, 5, LOST, [6000, 10_000]);
    expect(late.turns).toEqual({ 'node-1': 4 });
    expect(late.of('node-1', 'node-2', 'service')).toEqual(LOST);
  });

  it('waits for a Pod that does not listen yet, and for none that nothing reaches', async ({ expect }) => {
    const refused: Outcome = { kind: 'lost', error: 'connect ECONNREFUSED 10.52.2.2:7' };
    expect((await young(isTwo, 5, refused, [8000, 29_000])).of('node-1', 'node-2')).toEqual(ANSWERED);
    expect((await young(isTwo, 5, refused, [8000, 30_000])).of('node-1', 'node-2')).toEqual(refused);
    expect((await young(isTwo, 5, LOST, [0])).turns).toEqual({ 'node-1': 3 });
  });

  it('takes nothing back when a second look fails as a whole', async ({ expect }) => {
    const answer: Answer = (address) => (isTwo(address) ? LOST : ANSWERED);
    const { of } = await asked(answer, OTHERS, () => unknown('failed', 'agent', 'the kubelet went away'));
    expect(of('node-1', 'node-2')).toEqual(LOST);
  });

  it('does not know what an agent left unsaid, nor anything of one that cannot ask', async ({ expect }) => {
    const answer: Answer = (address) => (isTwo(address) ? undefined : ANSWERED);
    const { of, turns } = await asked(answer, new Map([['node-3', 'its Pod does not run']]));
    expect(of('node-1', 'node-2')).toMatchObject({ kind: 'unknown', reason: 'failed' });
    expect(of('node-1', 'node-3')).toEqual(ANSWERED);
    expect(of('node-3', 'node-1')).toMatchObject({ kind: 'unknown', detail: 'its Pod does not run' });
    expect(turns).toEqual({ 'node-1': 1, 'node-2': 1 });
  });

  it('is not asked from more nodes at once than it may', async ({ expect }) => {
    const { most, turns } = await asked(() => ANSWERED);
    expect(most).toBe(2);
    expect(turns).toEqual({ 'node-1': 1, 'node-2': 1, 'node-3': 1 });
  });
});
