import { setTimeout as wait } from 'node:timers/promises';
import type { Reading } from '../hosts/reading.ts';
import { turnstile } from '../turnstile.ts';
import { type Pace, parseAnswers, type Question, questionText } from './agent/protocol.ts';
import type { Outcome, Probed } from './matrix.ts';
import { type Ground, type PlannedProbe, plannedFor } from './plan.ts';

/** Speaks with what asks on each node. */
export interface Runner {
  /** Hands the text to the node's agent and gives back all that it said. */
  ask(node: string, questions: string, limitMs: number): Promise<Reading<string>>;
}

export interface Round {
  readonly pace: Pace;
  /** Nodes that ask at the same time. */
  readonly nodesAtOnce: number;
  readonly onProgress: (done: number, all: number) => void;
  readonly signal: AbortSignal;
}

/** Asks everything, from every node; `silent` names those that cannot ask, and why. Rejects as `signal` does. */
export async function askAll(
  runner: Runner,
  ground: Ground,
  silent: ReadonlyMap<string, string>,
  round: Round,
): Promise<readonly Probed[]> {
  const turns = turnstile(round.nodesAtOnce);
  let done = 0;
  const rows = await Promise.all(
    ground.nodes.map(({ name }) =>
      turns(async () => {
        const probed = await askFrom(name, { runner, ground, why: silent.get(name), round });
        round.onProgress(++done, ground.nodes.length);
        return probed;
      }),
    ),
  );
  return rows.flat();
}

interface Asking {
  readonly runner: Runner;
  readonly ground: Ground;
  readonly why: string | undefined;
  readonly round: Round;
}

async function askFrom(node: string, { runner, ground, why, round }: Asking): Promise<readonly Probed[]> {
  const planned = plannedFor(node, ground);
  if (why !== undefined) return planned.map((one) => probedAs(one, { kind: 'unknown', reason: 'failed', detail: why }));
  let probed = await askThese(node, planned, runner, round.pace);
  for (const { pauseMs, isWorth } of AGAIN) {
    const again = planned.filter((_, index) => isLostAs(probed[index], isWorth));
    if (again.length === 0) continue;
    await wait(pauseMs, undefined, { signal: round.signal });
    const second = await askThese(node, again, runner, round.pace);
    const byPlan = new Map(again.map((one, index) => [one, second[index]]));
    probed = probed.map((one, index) => betterOf(one, byPlan.get(planned[index] as PlannedProbe)));
  }
  return probed;
}

/**
 * What was lost is asked again: a packet may be lost by chance. What was refused once more and later, which costs no time of waiting: a
 * Service without Pods refuses (kube-proxy's REJECT), and a new one is without until kube-proxy has heard of its Pods.
 */
const AGAIN: readonly { readonly pauseMs: number; readonly isWorth: (error: string) => boolean }[] = [
  { pauseMs: 1000, isWorth: () => true },
  { pauseMs: 2000, isWorth: () => true },
  { pauseMs: 4000, isWorth: (error) => /refused/i.test(error) },
];

function isLostAs(probed: Probed | undefined, isWorth: (error: string) => boolean): boolean {
  return probed?.outcome.kind === 'lost' && isWorth(probed.outcome.error);
}

/** A second look that failed as a whole takes back nothing. */
function betterOf(first: Probed, second: Probed | undefined): Probed {
  return second === undefined || second.outcome.kind === 'unknown' ? first : second;
}

async function askThese(
  node: string,
  planned: readonly PlannedProbe[],
  runner: Runner,
  pace: Pace,
): Promise<readonly Probed[]> {
  const asked = planned.flatMap(({ question }) => ('means' in question ? [question] : []));
  const said = asked.length === 0 ? undefined : await runner.ask(node, questionText(asked, pace), limitOf(asked, pace));
  const outcomes = said?.known ? parseAnswers(said.value, asked.length).outcomes : [];
  const silence: Outcome =
    said && !said.known
      ? { kind: 'unknown', reason: said.reason, detail: said.detail }
      : { kind: 'unknown', reason: 'failed', detail: 'its agent ended before it answered' };
  let next = 0;
  return planned.map((one) => probedAs(one, 'means' in one.question ? (outcomes[next++] ?? silence) : one.question));
}

/** Also a slow image's processes, one after the other in groups. */
const START_MS = 10_000;

function limitOf(asked: readonly Question[], { timeoutMs, atOnce }: Pace): number {
  return START_MS + Math.ceil(asked.length / Math.min(atOnce, SLOWEST_AT_ONCE)) * timeoutMs * 2;
}

/** Of the shell dialect. */
const SLOWEST_AT_ONCE = 8;

function probedAs({ question: _, ...probe }: PlannedProbe, outcome: Outcome): Probed {
  return { ...probe, outcome };
}
