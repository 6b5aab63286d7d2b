import type { Chain, Rule, Table, Target } from '../snapshot/netfilter/ruleset.ts';
import { withMarks, withoutTracking, withUnknownMarks } from './marking.ts';
import { holds } from './match.ts';
import type { DecidedBy, Verdict } from './packet.ts';
import { rewritten } from './rewrite.ts';
import type { Sight } from './sight.ts';
import { joinStates, keyOf, type PacketState } from './state.ts';
import { every } from './tri.ts';
import { whyOpen } from './why.ts';

export type Hang = Verdict['hangsOn'][number];

/** How a packet can leave a chain. `rewrite`: accepted by a nat rule. */
type ExitKind = 'accept' | 'rewrite' | 'drop' | 'return';

export interface Exit {
  readonly state: PacketState;
  readonly by?: DecidedBy;
}

type Exits = Readonly<Partial<Record<ExitKind, Exit>>>;

/** All that can become of a packet in a chain, and the open rules that make it more than one thing. */
export interface ChainRun {
  readonly exits: Exits;
  readonly hangs: readonly Hang[];
}

/** Where chains are run: one table at one hook. */
export interface Place {
  readonly table: Table;
  readonly sight: Sight;
  /** Runs by chain and state: a chain called from many places, or many times over, is run once for each state. */
  readonly runs: Map<Chain, Map<string, ChainRun>>;
  /** Chains being run. The kernel refuses loops; a text need not. */
  readonly within: ReadonlySet<Chain>;
}

/** What one rule did: the exits it took, and the packet that goes on to the next rule. */
interface Acted {
  readonly exits: Exits;
  readonly next: PacketState | undefined;
  readonly hangs: readonly Hang[];
}

interface Step extends Acted {
  /** It may as well not have matched. */
  readonly maybe: boolean;
}

const MAX_HANGS = 20;
/** Calls within calls. nft allows 16 (NFT_JUMP_STACK_SIZE); a text could hold any number. */
const MAX_DEPTH = 256;

function decidedBy({ table }: Place, chain: Chain, rule: Rule | 'policy'): DecidedBy {
  const where = { table: table.name, chain: chain.name, source: table.source };
  if (rule === 'policy') return { ...where, rule, text: `policy ${(chain.policy ?? 'accept').toUpperCase()}` };
  return { ...where, rule: rule.number, text: rule.text };
}

/**
 * Runs a packet through a chain as an abstract interpretation: every rule once, with all that is known of a packet that
 * gets so far. Where a rule may or may not match, both ways are followed and joined behind it, so that the work grows
 * with the number of rules and not with the number of ways through them.
 */
export function runChain(place: Place, chain: Chain, state: PacketState): ChainRun {
  const key = keyOf(state);
  const runs = place.runs.get(chain) ?? new Map<string, ChainRun>();
  place.runs.set(chain, runs);
  const before = runs.get(key);
  if (before) return before;
  const run = freshRun({ ...place, within: new Set([...place.within, chain]) }, chain, state);
  runs.set(key, run);
  return run;
}

function freshRun(place: Place, chain: Chain, start: PacketState): ChainRun {
  const steps: Step[] = [];
  let exits: Exits = {};
  let here: PacketState | undefined = start;
  for (const rule of chain.rules) {
    if (!here) break;
    const step = takeStep(place, chain, rule, here);
    if (!step) continue;
    steps.push(step);
    exits = mergeExits(exits, step.exits);
    here = step.maybe ? (step.next ? joinStates(here, step.next) : here) : step.next;
  }
  if (here) exits = mergeExits(exits, { return: { state: here } });
  if (chain.policy && exits.return) {
    const { return: end, ...others } = exits;
    exits = mergeExits(others, { [chain.policy]: { state: end.state, by: decidedBy(place, chain, 'policy') } });
  }
  return { exits, hangs: relevantHangs(steps, here !== undefined, chain.policy ?? 'return') };
}

/** Undefined when the rule certainly does not match. */
function takeStep(place: Place, chain: Chain, rule: Rule, state: PacketState): Step | undefined {
  const met = every(rule.matches, (match) => holds(match, place.sight, state));
  if (met === 'no') return undefined;
  const acted = act(place, chain, rule, state);
  if (met === 'yes') return { ...acted, maybe: false };
  const open: Hang = { rule: decidedBy(place, chain, rule), why: whyOpen(rule.matches, place.sight, state) };
  return { ...acted, hangs: [open, ...acted.hangs], maybe: true };
}

function act(place: Place, chain: Chain, rule: Rule, state: PacketState): Acted {
  const effects = rule.effects ?? [];
  let exits: Exits = {};
  let hangs: readonly Hang[] = [];
  let next: PacketState | undefined = state;
  for (const target of [...effects, rule.target]) {
    if (!next) break;
    const acted = applyTarget(place, chain, rule, target, next);
    exits = mergeExits(exits, acted.exits);
    hangs = [...hangs, ...acted.hangs];
    next = acted.next;
  }
  return { exits, hangs, next };
}

function applyTarget(place: Place, chain: Chain, rule: Rule, target: Target, state: PacketState): Acted {
  const by = decidedBy(place, chain, rule);
  switch (target.kind) {
    case 'accept':
      return leaving({ accept: { state, by } });
    case 'drop':
    case 'reject':
      return leaving({ drop: { state, by } });
    case 'return':
      return leaving({ return: { state } });
    case 'jump':
    case 'goto':
      return call(place, target, state, by);
    case 'mark':
    case 'connmark':
    case 'save-mark':
    case 'restore-mark':
      return goingOn(withMarks(state, target));
    case 'notrack':
      return goingOn(withoutTracking(state));
    case 'snat':
    case 'masquerade':
    case 'dnat':
    case 'redirect':
    case 'netmap': {
      const after = rewritten(target, state, place.sight);
      return leaving(after ? { rewrite: { state: after, by } } : { drop: { state, by } });
    }
    case 'continue':
    case 'none':
      return goingOn(state);
    case 'unmodelled':
      return anything(state, by, `not modelled: ${target.text}`);
  }
}

function leaving(exits: Exits): Acted {
  return { exits, next: undefined, hangs: [] };
}

function goingOn(next: PacketState): Acted {
  return { exits: {}, next, hangs: [] };
}

/** Its fate is not known: accepted, dropped, or on to the next rule with any mark. */
function anything(state: PacketState, by: DecidedBy, why: string): Acted {
  const next = withUnknownMarks(state);
  return { exits: { accept: { state: next, by }, drop: { state, by } }, next, hangs: [{ rule: by, why }] };
}

/** A jump comes back to the rule after it; a goto comes back to where the chain itself was called from. */
function call(
  place: Place,
  { kind, chain: name }: Extract<Target, { kind: 'jump' | 'goto' }>,
  state: PacketState,
  by: DecidedBy,
): Acted {
  const chain = place.table.chains.get(name);
  if (!chain) return anything(state, by, `there is no chain ${name}`);
  if (place.within.has(chain) || place.within.size >= MAX_DEPTH) return anything(state, by, 'its calls have no end');
  const { exits, hangs } = runChain(place, chain, state);
  if (kind === 'goto') return { exits, hangs, next: undefined };
  const { return: back, ...others } = exits;
  return { exits: others, hangs, next: back?.state };
}

/** The later of two ways out of one kind names the rule: it is the one that leaves no other way. */
function mergeExits(a: Exits, b: Exits): Exits {
  const merged: Partial<Record<ExitKind, Exit>> = { ...a };
  for (const [kind, exit] of Object.entries(b) as [ExitKind, Exit][]) {
    const before = merged[kind];
    merged[kind] = before ? { ...exit, state: joinStates(before.state, exit.state) } : exit;
  }
  return merged;
}

/**
 * Of the open rules those that matter: going back from the end, the ones from which a packet can come to more than one
 * end. An open rule that logs, or accepts what would be accepted anyway, is none.
 */
function relevantHangs(steps: readonly Step[], fallsThrough: boolean, end: ExitKind): Hang[] {
  let after = new Set<ExitKind>(fallsThrough ? [end] : []);
  const relevant: (readonly Hang[])[] = [];
  for (const step of steps.toReversed()) {
    const kinds = Object.keys(step.exits) as ExitKind[];
    const ends = new Set(kinds.map((kind) => endOf(kind, end)));
    if (step.next || step.maybe) for (const kind of after) ends.add(kind);
    if (kinds.length > 0 && ends.size > 1) relevant.push(step.hangs);
    after = ends;
  }
  return relevant.toReversed().flat().slice(0, MAX_HANGS);
}

function endOf(kind: ExitKind, end: ExitKind): ExitKind {
  if (kind === 'return') return end;
  return kind === 'rewrite' ? 'accept' : kind;
}
