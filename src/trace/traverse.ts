import type { Chain, Hook, Ruleset, Table } from '../snapshot/netfilter/ruleset.ts';
import { type BaseChain, baseChains, inAnyOrder, tiesOf, type Unit } from './base-chains.ts';
import type { DecidedBy, Packet, Verdict } from './packet.ts';
import { protocolNumber } from './protocols.ts';
import { type ChainRun, type Exit, type Hang, runChain } from './run-chain.ts';
import { type Sight, sightOf, type TraceContext } from './sight.ts';
import { joinStates, type PacketState, stateOf } from './state.ts';

/** What has become of a packet after some of the chains on its way. */
export interface Flow {
  /** Undefined: nothing of it is left. */
  readonly alive: PacketState | undefined;
  /** In the midst of nat: the packet a nat rule has rewritten, to which the hook's other nat chains do not apply. */
  readonly settled?: Exit;
  /** A nat rule gave it another destination address, and the caller wanted such packets apart. */
  readonly diverted?: Exit;
  readonly droppedBy?: DecidedBy;
  /** The last rule that accepted, and the last policy. */
  readonly acceptedBy?: DecidedBy;
  readonly hangs: readonly Hang[];
  readonly rewrites: Verdict['rewrites'];
}

/** conntrack takes a packet up at -200 (NF_IP_PRI_CONNTRACK), on PREROUTING and OUTPUT. */
const CONNTRACK = -200;

interface Walk {
  readonly packet: Packet;
  readonly sight: Sight;
  /** Keep packets with a new destination address apart. */
  readonly divert: boolean;
}

/**
 * What the packet filter does to a packet at some hooks, one after the other: every base chain there, by priority. A
 * drop is final; an accept ends only the base chain it is in; nat chains see a connection's first packet only.
 *
 * The verdict is `pass` or `drop` only if every possibility agrees. The packet is taken to be whole (no fragment), and
 * what conntrack rewrites of an established connection's packets to have been rewritten already, or not at all.
 */
export function traverse(rules: Ruleset, packet: Packet, hooks: readonly Hook[], context: TraceContext = {}): Verdict {
  return verdictOf(rules, walk(rules, packet, hooks, context, startOf(packet), false));
}

/** A packet before its first hook. */
export function startOf(packet: Packet): Flow {
  return { alive: stateOf(packet), hangs: [], rewrites: [] };
}

/** Takes what is alive of a packet through the hooks in order. `divert`: another destination address ends the walk. */
export function walk(
  rules: Ruleset,
  packet: Packet,
  hooks: readonly Hook[],
  context: TraceContext,
  start: Flow,
  divert: boolean,
): Flow {
  return hooks.reduce((flow, hook) => {
    const tracking = hook === 'prerouting' || hook === 'output';
    const around: Walk = { packet, sight: sightOf(hook, packet, context), divert };
    const chains = baseChains(rules, packet.family, hook);
    if (!tracking) return through(chains, around, flow);
    const early = chains.filter(({ priority }) => priority < CONNTRACK);
    const tracked = takenUp(through(early, around, untracked(flow)), packet);
    return through(chains.slice(early.length), around, tracked);
  }, start);
}

function through(chains: readonly BaseChain[], around: Walk, start: Flow): Flow {
  const run = (flow: Flow, { nat, chains: [base], chains: all }: Unit): Flow => {
    if (nat) return natUnit(all, around, flow);
    return base ? filterChain(base, around, flow) : flow;
  };
  return tiesOf(chains).reduce((flow, tie) => inAnyOrder(tie, flow, run, joinFlows), start);
}

function filterChain(base: BaseChain, around: Walk, flow: Flow): Flow {
  if (!flow.alive) return flow;
  const run = runBase(base, around, flow.alive);
  return { ...flow, ...after(flow, run), alive: run.exits.accept?.state };
}

function runBase({ table, chain }: { table: Table; chain: Chain }, { sight }: Walk, state: PacketState): ChainRun {
  return runChain({ table, sight, runs: new Map(), within: new Set() }, chain, state);
}

function after(flow: Flow, { exits, hangs }: ChainRun): Pick<Flow, 'droppedBy' | 'acceptedBy' | 'hangs'> {
  const accepted = exits.accept?.by;
  const better = accepted && (accepted.rule !== 'policy' || (flow.acceptedBy?.rule ?? 'policy') === 'policy');
  const acceptedBy = better ? accepted : flow.acceptedBy;
  const droppedBy = exits.drop?.by ?? flow.droppedBy;
  const open = exits.drop && (exits.accept || exits.rewrite);
  return {
    ...(acceptedBy && { acceptedBy }),
    ...(droppedBy && { droppedBy }),
    hangs: open ? [...flow.hangs, ...hangs] : flow.hangs,
  };
}

/**
 * All nat chains of a hook. The first that makes a rewrite settles it (net/netfilter/nf_nat_core.c, nf_nat_inet_fn);
 * packets that belong to no connection, or to one that has been answered, do not come here.
 */
function natUnit(chains: readonly BaseChain[], around: Walk, start: Flow): Flow {
  const sees = start.alive ? natSees(start.alive, around.packet) : 'no';
  if (!start.alive || sees === 'no') return start;
  const done = tiesOf(chains.map((base) => ({ ...base, nat: false, priority: base.chain.priority ?? 0 }))).reduce(
    (flow, tie) =>
      inAnyOrder(tie, flow, (now, { chains: [base] }) => (base ? natChain(base, around, now) : now), joinFlows),
    start,
  );
  const flow = sees === 'yes' ? done : joinFlows([done, start]);
  return settle(flow, start.alive, around, sees === 'yes');
}

function natSees({ ctState }: PacketState, { protocol }: Packet): 'yes' | 'no' | 'maybe' {
  if (ctState === 'NEW') return 'yes';
  if (ctState === undefined) return 'maybe';
  const number = protocolNumber(protocol);
  return ctState === 'RELATED' && number !== 1 && number !== 58 ? 'maybe' : 'no';
}

function natChain(base: BaseChain, around: Walk, flow: Flow): Flow {
  if (!flow.alive) return flow;
  const run = runBase(base, around, flow.alive);
  const { accept, rewrite } = run.exits;
  const settled =
    rewrite && flow.settled
      ? { ...rewrite, state: joinStates(rewrite.state, flow.settled.state) }
      : (rewrite ?? flow.settled);
  return { ...flow, ...after(flow, run), alive: accept?.state, ...(settled && { settled }) };
}

/** Ends a hook's nat: brings the rewritten packet back, or sets it apart where its destination is another. */
function settle(flow: Flow, before: PacketState, { sight, divert }: Walk, certain: boolean): Flow {
  const { settled, ...rest } = flow;
  if (!settled?.by) return rest;
  const kind = sight.hook === 'prerouting' || sight.hook === 'output' ? 'dnat' : 'snat';
  const rewrites =
    certain && !flow.alive && !flow.droppedBy ? [...flow.rewrites, { kind, rule: settled.by } as const] : flow.rewrites;
  const { destination } = settled.state;
  const elsewhere = destination === undefined || destination !== before.destination;
  if (divert && kind === 'dnat' && elsewhere) return { ...rest, rewrites, diverted: settled };
  return { ...rest, rewrites, alive: flow.alive ? joinStates(flow.alive, settled.state) : settled.state };
}

/** Before conntrack a packet has no connection, which reads as INVALID. */
function untracked(flow: Flow): Flow {
  if (!flow.alive) return flow;
  const ctState = flow.alive.ctState === 'UNTRACKED' ? undefined : 'INVALID';
  return { ...flow, alive: { ...flow.alive, ctState } };
}

function takenUp(flow: Flow, { ctState }: Packet): Flow {
  if (!flow.alive || flow.alive.ctState === 'UNTRACKED') return flow;
  const known = flow.alive.ctState === 'INVALID' || ctState === 'UNTRACKED';
  return { ...flow, alive: { ...flow.alive, ctState: known ? ctState : undefined } };
}

function joinFlows(flows: readonly Flow[]): Flow {
  return flows.reduce(joinTwo);
}

function joinTwo(a: Flow, b: Flow): Flow {
  const settled = joinExits(a.settled, b.settled);
  const diverted = joinExits(a.diverted, b.diverted);
  return {
    ...a,
    ...b,
    alive: a.alive && b.alive ? joinStates(a.alive, b.alive) : (a.alive ?? b.alive),
    ...(settled && { settled }),
    ...(diverted && { diverted }),
    hangs: [...new Set([...a.hangs, ...b.hangs])],
    rewrites: a.rewrites.length <= b.rewrites.length ? a.rewrites : b.rewrites,
  };
}

function joinExits(a: Exit | undefined, b: Exit | undefined): Exit | undefined {
  return a && b ? { ...a, state: joinStates(a.state, b.state) } : (a ?? b);
}

const ORDER = 'chains of the same priority run in an order that cannot be seen';
const DIVERTED = 'it gives the packet another destination: where that goes is decided by the routes';

/** The verdict on what is left at the end of the way. */
export function verdictOf(rules: Ruleset, flow: Flow): Verdict {
  const { alive, diverted, droppedBy, acceptedBy, rewrites } = flow;
  const unseen = rules.unseen ?? [];
  if (!alive && !diverted)
    return { verdict: 'drop', ...(droppedBy && { decidedBy: droppedBy }), hangsOn: [], rewrites };
  if (!droppedBy && !diverted && unseen.length === 0) {
    return { verdict: 'pass', ...(acceptedBy && { decidedBy: acceptedBy }), hangsOn: [], rewrites };
  }
  const hangs = [
    ...flow.hangs,
    ...(diverted?.by ? [{ rule: diverted.by, why: DIVERTED }] : []),
    ...unseen.map((text) => ({ rule: { table: '', chain: '', rule: 'policy', text, source: '' } as const, why: text })),
  ];
  return {
    verdict: 'unknown',
    hangsOn: hangs.length > 0 || !droppedBy ? hangs : [{ rule: droppedBy, why: ORDER }],
    rewrites,
  };
}
