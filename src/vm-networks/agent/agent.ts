import type { KubeConnection } from '../../cluster/client/connection.ts';
import { inform } from '../../cluster/client/informer.ts';
import type { Prober } from '../../probes/vm-network/many.ts';
import { VERSION } from '../../version.ts';
import {
  KIND_MISSING,
  type NetworkKey,
  NODE_PROBES,
  type NodeProbe,
  type ProbeResult,
  type WantedProbe,
} from '../cluster/model.ts';
import { nodeProbeOf } from '../cluster/objects.ts';
import { answersTo } from './answers.ts';
import type { TellAgent } from './events.ts';
import { requestFor } from './request.ts';
import { resultOf, unasked } from './result.ts';

export interface AgentOptions {
  readonly client: KubeConnection;
  /** By the name its Node has. */
  readonly node: string;
  readonly probe: Prober;
  readonly tell: TellAgent;
  readonly signal: AbortSignal;
}

/** A network this agent is asked about. */
interface Charge {
  wanted: WantedProbe;
  /** The ask that was answered last; undefined before the first answer. */
  answered: number | undefined;
  /** As it was told last. */
  told: string;
  /** Ends the probe that is under way. */
  running: AbortController | undefined;
}

/**
 * Probes what the node's NodeNetworkProbe asks for and writes what was found into its status, until the signal ends it: then probes
 * under way are broken off, and what they were leased is given back.
 */
export async function runAgent({ client, node, probe, tell, signal }: AgentOptions): Promise<void> {
  const charges = new Map<NetworkKey, Charge>();
  const probes = new Set<Promise<void>>();
  const path = `${NODE_PROBES.path}/${encodeURIComponent(node)}/status`;
  const answers = answersTo({
    version: VERSION,
    write: (status) => client.merge(path, { status }, { signal }),
    refused: (detail) => tell({ type: 'refused', detail }),
    now: () => new Date(),
    signal,
  });

  function answer(key: NetworkKey, charge: Charge, result: ProbeResult): void {
    charge.answered = result.ask;
    answers.answer(key, result);
    const { state, reason, message } = result;
    const told = `${state} ${reason} ${message}`;
    if (told !== charge.told) tell({ type: 'found', network: key, state, reason, message });
    charge.told = told;
  }

  /** What is asked, once; asked again meanwhile, again. */
  async function look(key: NetworkKey, charge: Charge): Promise<void> {
    while (!signal.aborted && charge.answered !== charge.wanted.ask && charges.get(key) === charge) {
      const { wanted } = charge;
      const read = requestFor(wanted);
      if (!read.ok) {
        answer(key, charge, unasked(wanted.ask, read.detail, new Date()));
        continue;
      }
      const running = new AbortController();
      charge.running = running;
      const found = await probe(read.request, running.signal);
      charge.running = undefined;
      if (!running.signal.aborted && !signal.aborted) {
        answer(key, charge, resultOf(wanted.ask, read.request, found, new Date()));
      }
    }
  }
  function begin(key: NetworkKey, charge: Charge): void {
    const looking = look(key, charge).finally(() => probes.delete(looking));
    probes.add(looking);
  }
  function ask(key: NetworkKey, wanted: WantedProbe, result: ProbeResult | undefined): void {
    const held = charges.get(key);
    if (!held) {
      // What an agent before this one answered need not be looked at again.
      const charge: Charge = { wanted, answered: result?.ask, told: '', running: undefined };
      charges.set(key, charge);
      begin(key, charge);
      return;
    }
    const isOther = JSON.stringify({ ...held.wanted, ask: 0 }) !== JSON.stringify({ ...wanted, ask: 0 });
    const isIdle = held.answered === held.wanted.ask;
    held.wanted = wanted;
    // Nobody wants to know any more what is being looked at.
    if (isOther) held.running?.abort();
    if (isIdle) begin(key, held);
  }
  function release(key: NetworkKey): void {
    charges.get(key)?.running?.abort();
    charges.delete(key);
  }
  function onSet({ probes: wanted, results }: NodeProbe, before: NodeProbe | undefined): void {
    answers.open();
    const gone = [...charges.keys(), ...Object.keys(results)].filter((key) => !(key in wanted));
    for (const key of new Set(gone)) {
      release(key);
      if (key in results) answers.takeBack(key);
    }
    for (const [key, one] of Object.entries(wanted)) ask(key, one, results[key]);
    const networks = Object.keys(wanted).length;
    if (networks !== Object.keys(before?.probes ?? {}).length) tell({ type: 'asked', networks });
  }

  // Not AbortSignal.any for each probe: what it returns stays with a signal that lives as long as the agent (Node 20).
  signal.addEventListener('abort', () => {
    for (const { running } of charges.values()) running?.abort();
  });
  tell({ type: 'started', node, server: client.server });
  const informer = inform<NodeProbe>({
    client,
    path: NODE_PROBES.path,
    fieldSelector: `metadata.name=${node}`,
    read: nodeProbeOf,
    onTrouble: (why) => tell({ type: 'sight', detail: why?.reason === 'absent' ? KIND_MISSING : (why?.detail ?? '') }),
    signal,
    onChange(event) {
      if (event.kind === 'set') return onSet(event.value, event.before);
      for (const key of [...charges.keys()]) release(key);
      answers.drop();
    },
  });
  await Promise.all([informer.ended, answers.ended]);
  await Promise.all(probes);
  tell({ type: 'stopped' });
}
