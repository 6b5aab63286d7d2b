import { setTimeout as wait } from 'node:timers/promises';
import type { Reading } from '../hosts/reading.ts';
import { turnstile } from '../turnstile.ts';
import { type Pace, parseAnswers, questionText } from './agent/protocol.ts';
import { isLost, type Outcome, type Probed } from './matrix.ts';
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
  /** Before each further look at what was lost. */
  readonly pausesMs: readonly number[];
  /** How long what answers stands, ms: nodes hear of Services one after the other, and Pods need a while until they listen. */
  age(): number;
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
  for (let turn = 0; ; turn++) {
    const pauseMs = round.pausesMs[turn];
    const isMeant = pauseMs === undefined ? isYoung(probed, round.age()) : isLost;
    const again = planned.filter((_, index) => isMeant(probed[index] as Probed));
    if (again.length === 0) return probed;
    await wait(pauseMs ?? round.pausesMs.at(-1), undefined, { signal: round.signal });
    const second = await askThese(node, again, runner, round.pace);
    const byPlan = new Map(again.map((one, index) => [one, second[index]]));
    probed = probed.map((one, index) => betterOf(one, byPlan.get(planned[index] as PlannedProbe)));
  }
}

/** What is lost is asked again: a packet may be lost by chance. */
export const PAUSES_MS: readonly number[] = [1000, 2000];

/**
 * Until kube-proxy has heard of a new Service's Pods it refuses (REJECT) or drops: it gathers changes (minSyncPeriod, 1 s unless told
 * otherwise), and under load it is several seconds behind.
 */
const SETTLED_MS = 10_000;
/** Until what answers in a Pod that runs listens, too. */
const LISTENING_MS = 30_000;

/** What may be lost only because it is new: what is reached by kube-proxy, and what is refused by a Pod. */
function isYoung(all: readonly Probed[], age: number): (one: Probed) => boolean {
  const starting = new Set(all.flatMap((one) => (one.kind === 'pod' && isRefused(one) ? [one.backend] : [])));
  return (one) =>
    (age < SETTLED_MS && isLost(one) && one.kind !== 'pod') ||
    (age < LISTENING_MS && isRefused(one) && starting.has(one.backend));
}

function isRefused(one: Probed): boolean {
  return isLost(one) && /refused/i.test(one.outcome.error);
}

/** How long a round may take at most, where everything is lost on all of so many nodes. */
export function longestRoundMs(nodes: number, { pace, nodesAtOnce }: Pick<Round, 'pace' | 'nodesAtOnce'>): number {
  const asked = nodes * ASKED_OF_A_NODE + ASKED_OF_DNS;
  // The first look, one after each pause, and one that began while all was young.
  const looks = 2 + PAUSES_MS.length;
  const pauses = PAUSES_MS.reduce((sum, one) => sum + one, LISTENING_MS);
  return Math.ceil(nodes / nodesAtOnce) * (looks * limitOf(asked, pace) + pauses);
}

/** By plan.ts: a Pod, a Service and two NodePorts, in two protocols and two sizes; and of DNS as many servers as there may be. */
const ASKED_OF_A_NODE = 16;
const ASKED_OF_DNS = 64;

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
  const said =
    asked.length === 0 ? undefined : await runner.ask(node, questionText(asked, pace), limitOf(asked.length, pace));
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

function limitOf(asked: number, { timeoutMs, atOnce }: Pace): number {
  return START_MS + Math.ceil(asked / Math.min(atOnce, SLOWEST_AT_ONCE)) * timeoutMs * 2;
}

/** Of the shell dialect. */
const SLOWEST_AT_ONCE = 8;

function probedAs({ question: _, ...probe }: PlannedProbe, outcome: Outcome): Probed {
  return { ...probe, outcome };
}
