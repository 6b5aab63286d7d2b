import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type ListedObject, list } from '../../cluster/client/list.ts';
import { pausesFor } from '../../cluster/client/pauses.ts';
import { listAt, objectAt, textAt } from '../../cluster/object-fields.ts';
import { keyedWork } from '../../vm-networks/controller/keyed-work.ts';
import { NODE_CONDITION, type NodeCondition, type NodeWish, nodeConditionAfter } from '../node-condition.ts';
import type { FleetNode } from '../sight.ts';
import { nodeEvent } from '../told-events.ts';
import type { FleetWrites } from './fleet-writes.ts';
import type { TellFleet } from './told.ts';

/** Our condition on each Node: what is there, and what is to be. */
export interface NodeConditions {
  /** True once what is there was seen; false when it was ended before. */
  readonly synced: Promise<boolean>;
  /** What a later look saw there: a condition that somebody removed is written again. */
  seen(conditions: ReadonlyMap<string, NodeCondition | undefined>, asOfMs: number): void;
  /** Begins to write what differs. */
  want(wishes: ReadonlyMap<string, NodeWish>, nodes: ReadonlyMap<string, FleetNode>, at: string): void;
  /** When what was refused is to be tried again, ms; infinity where nothing was. */
  retryMs(): number;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
}

export interface NodeConditionsOptions {
  readonly client: KubeConnection;
  readonly writes: Pick<FleetWrites, 'nodeCondition' | 'event'>;
  /** `off`: what an earlier controller wrote is removed. */
  readonly mode: 'on' | 'off';
  readonly wake: () => void;
  /** Told what is a bug. */
  readonly failed: (error: unknown) => void;
  readonly tell: TellFleet;
  readonly signal: AbortSignal;
}

/** At once: all nodes may change together, as by an upgrade. */
const AT_ONCE = 4;
const RETRY_MS = 10_000;
const NEVER = Number.POSITIVE_INFINITY;

export function nodeConditions(options: NodeConditionsOptions): NodeConditions {
  const { client, writes, mode, wake, failed, tell, signal } = options;
  const present = new Map<string, NodeCondition>();
  /** When ours was written last, ms. */
  const writtenMs = new Map<string, number>();
  const rests = new Map<string, number>();
  // What is wanted may be another by the time it is done.
  const work = keyedWork(AT_ONCE, { after: wake, failed });

  async function listed(): Promise<boolean> {
    const pauses = pausesFor(signal);
    while (!signal.aborted) {
      const nodes = await list(client, '/api/v1/nodes', conditionIn, { signal });
      if (signal.aborted) return false;
      tell({ type: 'sight', what: 'conditions of Nodes', detail: nodes.known ? '' : nodes.detail });
      if (nodes.known) {
        for (const { node, condition } of nodes.value) hold(node, condition);
        return true;
      }
      await pauses.next();
    }
    return false;
  }
  function hold(node: string, condition: NodeCondition | undefined): void {
    if (condition) present.set(node, condition);
    else present.delete(node);
  }
  async function write(node: FleetNode, condition: NodeCondition | undefined): Promise<void> {
    if (signal.aborted) return;
    const before = present.get(node.name);
    if (!(await writes.nodeCondition(node, condition))) {
      rests.set(node.name, performance.now() + RETRY_MS);
      return;
    }
    writtenMs.set(node.name, performance.now());
    hold(node.name, condition);
    const event = condition && nodeEvent(node.name, before, condition);
    if (event) await writes.event(event, node.uid);
  }
  /** What is gone, and what has rested long enough. */
  function forget(nodes: ReadonlyMap<string, FleetNode>): void {
    const now = performance.now();
    for (const [name, until] of rests) if (until <= now || !nodes.has(name)) rests.delete(name);
    for (const kept of [present, writtenMs]) {
      for (const name of kept.keys()) if (!nodes.has(name)) kept.delete(name);
    }
  }
  function bring(node: FleetNode, wish: NodeWish, at: string): void {
    const before = present.get(node.name);
    if (wish === 'keep') return;
    if (wish === 'remove') {
      if (before) begin(node, undefined);
      return;
    }
    const after = nodeConditionAfter(before, wish, at);
    if (after) begin(node, after);
  }
  function begin(node: FleetNode, condition: NodeCondition | undefined): void {
    work.begin(node.name, () => write(node, condition));
  }
  return {
    synced: listed(),
    seen(conditions, asOfMs) {
      for (const [node, condition] of conditions) {
        if (!work.isBusy(node) && (writtenMs.get(node) ?? 0) < asOfMs) hold(node, condition);
      }
    },
    want(wishes, nodes, at) {
      forget(nodes);
      for (const [name, node] of nodes) {
        if (work.isBusy(name) || rests.has(name)) continue;
        bring(node, mode === 'off' ? 'remove' : (wishes.get(name) ?? 'keep'), at);
      }
    },
    retryMs: () => Math.min(NEVER, ...rests.values()),
    idle: work.idle,
  };
}

interface Carried {
  readonly node: string;
  readonly condition: NodeCondition | undefined;
}

const STATUSES = ['True', 'False', 'Unknown'] as const;

function conditionIn(object: ListedObject): Carried {
  const node = textAt(objectAt(object, 'metadata'), 'name') ?? '';
  const all = listAt(objectAt(object, 'status'), 'conditions');
  const own = all.find((one) => textAt(one, 'type') === NODE_CONDITION);
  const status = STATUSES.find((one) => one === textAt(own, 'status'));
  if (!status) return { node, condition: undefined };
  const text = (field: string): string => textAt(own, field) ?? '';
  const words = { reason: text('reason'), message: text('message') };
  const lastTransitionTime = text('lastTransitionTime');
  return { node, condition: { type: NODE_CONDITION, status, ...words, lastTransitionTime } };
}
