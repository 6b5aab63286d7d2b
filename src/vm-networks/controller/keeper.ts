import { setMaxListeners } from 'node:events';
import type { Term } from '../../cluster/client/lead.ts';
import type { Attachment } from '../cluster/attachment.ts';
import { keepNetwork, type NetworkMemory, type NetworkOutcome, type Settings } from '../cluster/keep-network.ts';
import type { NetworkKey } from '../cluster/model.ts';
import { nodesWith } from '../cluster/node.ts';
import type { RouteWrite } from '../cluster/route-writing.ts';
import type { Tell } from './events.ts';
import { keyedWork } from './keyed-work.ts';
import { nodeAsks } from './node-asks.ts';
import { type Sight, watchCluster } from './sight.ts';
import type { Tally } from './tally.ts';
import { waker } from './waker.ts';
import { clusterWrites } from './writes.ts';

export interface KeeperOptions {
  readonly settings: Settings;
  readonly tell: Tell;
  readonly tally: Tally;
}

const TOGETHER_MS = 20;
/** Writes of single networks under way at once. */
const AT_ONCE = 16;
/** What was refused is written again after so long. */
const RETRY_MS = 10_000;
/** So long the watch is given to bring what overtook a write. */
const OVERTAKEN_MS = 200;

/** Keeps all networks as long as the term lasts: sees, asks the nodes, reports, writes. Throws what is a bug. */
export async function keepNetworks({ lost, client }: Term, { settings, tell, tally }: KeeperOptions): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([lost, ended.signal]);
  // Each list and each write under way listens: that is bounded, and more than Node takes for a leak.
  setMaxListeners(0, signal);
  const rounds = waker(TOGETHER_MS, signal);
  const writes = clusterWrites(client, { tell, tally, signal });
  const memories = new Map<NetworkKey, NetworkMemory>();
  /** When a network wants to be looked at although nothing happened, ms. */
  const wakes = new Map<NetworkKey, number>();
  const rests = new Map<NetworkKey, Rest>();
  const dirty = new Set<NetworkKey>();
  let bug: { readonly error: unknown } | undefined;

  function look(key: NetworkKey): void {
    dirty.add(key);
    rounds.wake();
  }
  const sight = watchCluster(
    client,
    {
      network: look,
      answered: look,
      nodes() {
        for (const key of sight.attachments.keys()) dirty.add(key);
        rounds.wake();
      },
      reportRemoved(key) {
        const memory = memories.get(key);
        if (memory) memories.set(key, { ...memory, reported: undefined });
        look(key);
      },
      nodeProbeRemoved(node) {
        asks.forget(node);
        rounds.wake();
      },
    },
    tell,
    signal,
  );
  const asks = nodeAsks({
    seen: (node) => sight.nodeProbes.get(node),
    exists: (node) => sight.nodes.has(node),
    nowMs: () => performance.now(),
    wake: rounds.wake,
    ...writes.asksOf(sight),
  });
  const work = keyedWork(AT_ONCE, {
    after: look,
    failed(error) {
      bug ??= { error };
      ended.abort();
    },
  });

  function decide(key: NetworkKey, attachment: Attachment): NetworkOutcome {
    const outcome = keepNetwork(seenOf(sight, attachment, memories.get(key)), settings, {
      ms: performance.now(),
      text: new Date().toISOString(),
    });
    memories.set(key, outcome.memory);
    wakes.set(key, outcome.wakeAtMs);
    asks.want(key, outcome.wanted);
    return outcome;
  }
  function rest(key: NetworkKey, uid: string | undefined, ms: number): void {
    rests.set(key, { untilMs: performance.now() + ms, uid });
  }
  async function write(key: NetworkKey, attachment: Attachment, outcome: NetworkOutcome): Promise<void> {
    const decided = outcome.route ? await writeRoute(key, attachment, outcome.route, outcome.memory) : outcome;
    if (!decided?.report) return;
    if (await writes.report(attachment, decided.report, decided.memory.reported)) {
      memories.set(key, { ...(memories.get(key) ?? decided.memory), reported: decided.report });
    } else rest(key, attachment.uid, RETRY_MS);
  }
  /** Returns what is to be said after it; undefined where there is nothing to say. */
  async function writeRoute(key: NetworkKey, attachment: Attachment, route: RouteWrite, memory: NetworkMemory) {
    const written = await writes.route(attachment, route, memory.route);
    if (written.kind === 'overtaken') {
      rest(key, attachment.uid, OVERTAKEN_MS);
      return undefined;
    }
    if (written.kind === 'written' && written.attachment) sight.wrote(written.attachment);
    memories.set(key, { ...(memories.get(key) ?? memory), route: written.after });
    const current = sight.attachments.get(key);
    return current?.uid === attachment.uid && !signal.aborted ? decide(key, current) : undefined;
  }
  function round(key: NetworkKey): void {
    dirty.delete(key);
    // What is under way is looked at again when it is done.
    if (work.isBusy(key)) {
      wakes.delete(key);
      return;
    }
    const attachment = sight.attachments.get(key);
    const isResting = holds(rests.get(key), attachment?.uid);
    if (!isResting) rests.delete(key);
    if (!attachment) {
      forget(key, isResting);
      return;
    }
    const outcome = decide(key, attachment);
    if (!isResting && (outcome.route || outcome.report)) work.begin(key, () => write(key, attachment, outcome));
  }
  /** A network that is gone, or is Harvester's no more. Its report goes with it, also where nothing collects garbage. */
  function forget(key: NetworkKey, isResting: boolean): void {
    memories.delete(key);
    wakes.delete(key);
    asks.want(key, new Map());
    tally.reported(key, undefined);
    if (isResting || !sight.reports.has(key)) return;
    work.begin(key, async () => {
      await writes.removeReport(key);
      // The watch tells that it is gone; until then, and where it was refused, it is not removed again.
      rest(key, undefined, RETRY_MS);
    });
  }
  async function turn(): Promise<void> {
    for (const key of [...due(wakes), ...due(ends(rests))]) dirty.add(key);
    for (const key of [...dirty]) round(key);
    asks.flush();
    await rounds.until(Math.min(earliest(wakes), earliest(ends(rests)), asks.nextAtMs()));
  }
  try {
    if (!(await sight.synced)) return;
    tell({ type: 'leading', networks: sight.attachments.size, nodes: sight.nodes.size });
    tally.leads(sight.reports);
    for (const key of [...sight.attachments.keys(), ...sight.reports.keys()]) dirty.add(key);
    for (const node of sight.nodeProbes.keys()) asks.adopt(node);
    while (!signal.aborted) await turn();
  } finally {
    ended.abort();
    await Promise.all([work.idle(), sight.ended]);
    tally.stands();
  }
  if (bug) throw bug.error;
}

/** Until when a network that was refused is left alone: that very one, none of the same name that comes after it. */
interface Rest {
  readonly untilMs: number;
  /** Undefined: there is no such network any more. */
  readonly uid: string | undefined;
}

function holds(rest: Rest | undefined, uid: string | undefined): boolean {
  return rest !== undefined && rest.untilMs > performance.now() && rest.uid === uid;
}

function ends(rests: ReadonlyMap<NetworkKey, Rest>): ReadonlyMap<NetworkKey, number> {
  return new Map([...rests].map(([key, { untilMs }]) => [key, untilMs]));
}

function earliest(times: ReadonlyMap<NetworkKey, number>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const at of times.values()) first = Math.min(first, at);
  return first;
}

function due(times: ReadonlyMap<NetworkKey, number>): readonly NetworkKey[] {
  const now = performance.now();
  return [...times].filter(([, at]) => at <= now).map(([key]) => key);
}

function seenOf(sight: Sight, attachment: Attachment, memory: NetworkMemory | undefined) {
  const { key, network } = attachment;
  const nodes = nodesWith(network.clusterNetwork ?? '', sight.nodes.values()).map(({ name }) => name);
  return {
    attachment,
    nodes,
    memory,
    askedOf: (node: string) => sight.nodeProbes.get(node)?.probes[key],
    resultOf: (node: string) => sight.nodeProbes.get(node)?.results[key],
    report: sight.reports.get(key),
  };
}
