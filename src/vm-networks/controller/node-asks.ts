import type { Written } from '../../cluster/client/write.ts';
import type { NetworkKey, NodeProbe, WantedProbe } from '../cluster/model.ts';

/** What all networks together ask of each node, and what the API server has of it. */
export interface NodeAsks {
  /** What one network asks, of each node that has it; of others nothing. */
  want(key: NetworkKey, wanted: ReadonlyMap<string, WantedProbe>): void;
  /** Looks at a node's object although no network asks anything of it: what an earlier leader asked there is taken back. */
  adopt(node: string): void;
  /** The object is gone: what is asked is to be written again. */
  forget(node: string): void;
  /** Writes what changed, one write a node at a time; what changes meanwhile follows. */
  flush(): void;
  /** When what waits may be written, ms; infinity where nothing waits. */
  nextAtMs(): number;
}

export interface NodeAsksOptions {
  readonly seen: (node: string) => NodeProbe | undefined;
  /** Whether there is such a node; the object of one that is gone is removed. */
  readonly exists: (node: string) => boolean;
  readonly write: (node: string, probes: Readonly<Record<NetworkKey, WantedProbe>>) => Promise<Written>;
  readonly remove: (node: string) => Promise<Written>;
  readonly refused: (node: string, detail: string) => void;
  readonly nowMs: () => number;
  /** Called when something has to be flushed later. */
  readonly wake: () => void;
}

interface NodeState {
  readonly probes: Map<NetworkKey, WantedProbe>;
  /** As it was written last; undefined where that is not known. */
  written: string | undefined;
  isWriting: boolean;
  isChanged: boolean;
  failures: number;
  notBeforeMs: number;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/**
 * A write of a thousand asks is work for the API server, most of it the same for one change as for all: it is left alone for so many
 * times as long as the last one took, and what changes meanwhile goes together.
 */
const REST = 3;
const LONGEST_REST_MS = 2_000;

/** Keeps what each node is asked: one object a node, so that a thousand networks are few requests. */
export function nodeAsks(options: NodeAsksOptions): NodeAsks {
  const nodes = new Map<string, NodeState>();

  function stateOf(node: string): NodeState {
    const held = nodes.get(node);
    if (held) return held;
    const seen = options.seen(node);
    const written = seen && textOf(seen.probes);
    const fresh = { probes: new Map(), written, isWriting: false, isChanged: true, failures: 0, notBeforeMs: 0 };
    nodes.set(node, fresh);
    return fresh;
  }
  async function write(node: string, state: NodeState): Promise<void> {
    const probes = Object.fromEntries(state.probes);
    const text = textOf(probes);
    state.isChanged = false;
    if (text === state.written) return;
    state.isWriting = true;
    const begunMs = options.nowMs();
    const written = await options.write(node, probes);
    const endedMs = options.nowMs();
    state.notBeforeMs = endedMs + Math.min(LONGEST_REST_MS, REST * (endedMs - begunMs));
    if (written.kind === 'done') done(state, text);
    else refuse(node, state, written.detail);
  }
  async function remove(node: string, state: NodeState): Promise<void> {
    state.isChanged = false;
    state.isWriting = true;
    const removed = await options.remove(node);
    if (removed.kind !== 'done' && removed.kind !== 'gone') {
      refuse(node, state, removed.detail);
      return;
    }
    done(state, undefined);
    if (!state.isChanged) nodes.delete(node);
  }
  function done(state: NodeState, written: string | undefined): void {
    Object.assign(state, { written, isWriting: false, failures: 0 });
    if (state.isChanged) options.wake();
  }
  function refuse(node: string, state: NodeState, detail: string): void {
    options.refused(node, detail);
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(state.failures, 10));
    const notBeforeMs = options.nowMs() + waitMs;
    Object.assign(state, { isWriting: false, isChanged: true, failures: state.failures + 1, notBeforeMs });
    options.wake();
  }
  return {
    want(key, wanted) {
      for (const [node, state] of nodes) {
        if (!wanted.has(node) && state.probes.delete(key)) state.isChanged = true;
      }
      for (const [node, probe] of wanted) {
        const state = stateOf(node);
        if (sameProbe(state.probes.get(key), probe)) continue;
        state.probes.set(key, probe);
        state.isChanged = true;
      }
    },
    adopt(node) {
      stateOf(node).isChanged = true;
    },
    forget(node) {
      const state = nodes.get(node);
      if (!state) return;
      state.written = undefined;
      state.isChanged = true;
    },
    flush() {
      for (const [node, state] of nodes) {
        if (!state.isChanged || state.isWriting || options.nowMs() < state.notBeforeMs) continue;
        void (options.exists(node) ? write(node, state) : remove(node, state));
      }
    },
    nextAtMs() {
      const waiting = [...nodes.values()].filter(({ isChanged, isWriting }) => isChanged && !isWriting);
      return Math.min(Number.POSITIVE_INFINITY, ...waiting.map(({ notBeforeMs }) => notBeforeMs));
    },
  };
}

/** Sorted, for the API server gives maps back in an order of its own. */
function textOf(probes: Readonly<Record<NetworkKey, WantedProbe>>): string {
  return JSON.stringify(
    Object.keys(probes)
      .sort()
      .map((key) => [key, ...partsOf(probes[key])]),
  );
}

function sameProbe(a: WantedProbe | undefined, b: WantedProbe): boolean {
  return a !== undefined && partsOf(a).join('\n') === partsOf(b).join('\n');
}

function partsOf(probe: WantedProbe | undefined): readonly unknown[] {
  return [probe?.bridge, probe?.vlan, probe?.cidr, probe?.gateway, probe?.server, probe?.ask].map(
    (part) => part ?? null,
  );
}
