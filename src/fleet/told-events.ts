import type { Condition, ConditionStatus } from './cluster-report.ts';
import type { NodeCondition } from './node-condition.ts';

/** What an Event of events.k8s.io/v1 says. */
export interface ToldEvent {
  readonly about: 'node' | 'cluster';
  /** Of the node; empty for the cluster. */
  readonly node: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** The API's own limit (events.k8s.io/v1, EventSpec note). */
const LONGEST_NOTE = 1024;

/** Of a Node's condition that was written: its problems, and that they are over. That a new node is well is no event. */
export function nodeEvent(
  node: string,
  before: NodeCondition | undefined,
  { status, reason, message }: NodeCondition,
): ToldEvent | undefined {
  const isGood = status === 'False';
  if (isGood && before === undefined) return undefined;
  if (before?.status === status && before.reason === reason) return undefined;
  return { about: 'node', node, type: isGood ? 'Normal' : 'Warning', reason, note: noteOf(message) };
}

/** Of the cluster's conditions those whose status or reason became another. That all is well from the beginning is no change. */
export function changedConditions(before: readonly Condition[], after: readonly Condition[]): readonly Condition[] {
  return after.filter(({ type, status, reason }) => {
    const last = before.find((one) => one.type === type);
    return last ? last.status !== status || last.reason !== reason : status !== 'True';
  });
}

export function clusterEvent({ type, status, reason, message }: Condition): ToldEvent {
  const note = noteOf(`${type} is ${status}: ${message}`);
  return { about: 'cluster', node: '', type: EVENT_TYPES[status], reason: `${type}${reason}`, note };
}

const EVENT_TYPES: Readonly<Record<ConditionStatus, ToldEvent['type']>> = {
  True: 'Normal',
  False: 'Warning',
  Unknown: 'Warning',
};

function noteOf(text: string): string {
  return text.length > LONGEST_NOTE ? `${text.slice(0, LONGEST_NOTE - 1)}…` : text;
}

/** What is still allowed of what is bounded: a bucket that fills as time goes by. */
export interface Budget {
  readonly left: number;
  readonly atMs: number;
}

/** As many as client-go's own correlator lets one object have at once, and then one in so long (tools/record/events_cache.go). */
const BURST = 25;
const REFILL_MS = 10_000;

export function fullBudget(ms: number): Budget {
  return { left: BURST, atMs: ms };
}

/** Takes one; undefined where none is left. */
export function spent({ left, atMs }: Budget, ms: number): Budget | undefined {
  const full = Math.min(BURST, left + (ms - atMs) / REFILL_MS);
  return full >= 1 ? { left: full - 1, atMs: ms } : undefined;
}
