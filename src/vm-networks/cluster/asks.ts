import type { ProbeResult, WantedProbe } from './model.ts';

/** When networks are probed; milliseconds. */
export interface Schedule {
  /** Between two probes of a network that is well. */
  readonly everyMs: number;
}

/** After a fault the first look again; then twice as long each time, until it is the schedule's. */
const FIRST_RETRY_MS = 10_000;
/** No probe takes longer, also where an agent has hundreds of networks to probe. After that its node does not answer. */
export const ANSWER_LIMIT_MS = 90_000;
const JITTER = 0.2;
/** What is due is asked together with what is due soon after: an ask costs a write of all that a node is asked. */
const SLOTS = 20;

/** What was asked of one node about one network, and how far it got. */
export interface Ask {
  readonly ask: number;
  /** The first ask of what is asked now: answers to earlier ones are about another network. */
  readonly since: number;
  /** What is asked, but its number. */
  readonly what: string;
  readonly askedAtMs: number;
  /** Undefined while the answer is outstanding. */
  readonly dueAtMs: number | undefined;
  /** How many answers in a row were of a fault. */
  readonly failures: number;
}

export interface AskSeen {
  readonly before: Ask | undefined;
  /** What is to be asked. */
  readonly probe: Omit<WantedProbe, 'ask'>;
  /** What the API server has, from an earlier leader. */
  readonly asked: WantedProbe | undefined;
  readonly result: ProbeResult | undefined;
  /** Ask at once, whatever was answered. */
  readonly anew: boolean;
  /** Spreads the networks over the schedule: a name. */
  readonly spread: string;
}

/** The ask as it stands now. Pure: what looks like chance comes from the names. */
export function nextAsk(seen: AskSeen, { everyMs }: Schedule, nowMs: number): Ask {
  const { before, result } = seen;
  const what = JSON.stringify(fieldsOf(seen.probe));
  if (!before) return firstAsk(seen, what, everyMs, nowMs);
  const begun = (ask: number, since: number): Ask => ({
    ask,
    since,
    what,
    askedAtMs: nowMs,
    dueAtMs: undefined,
    failures: before.what === what ? before.failures : 0,
  });
  // Somebody else asked meanwhile: to go on below that would leave answers of two askers with one number.
  const next = Math.max(before.ask, result?.ask ?? 0) + 1;
  if (before.what !== what || next > before.ask + 1) return begun(next, next);
  if (before.dueAtMs === undefined) return result?.ask === before.ask ? answered(seen, before, everyMs, nowMs) : before;
  const isDue = seen.anew || result === undefined || nowMs >= before.dueAtMs;
  return isDue ? begun(next, before.since) : before;
}

/** A leader that is new goes on with what was asked before it; what was answered already is not asked again at once. */
function firstAsk(seen: AskSeen, what: string, everyMs: number, nowMs: number): Ask {
  const { asked, result } = seen;
  const ground = { what, askedAtMs: nowMs, dueAtMs: undefined, failures: 0 };
  const last = Math.max(asked?.ask ?? 0, result?.ask ?? 0);
  if (!asked || asked.ask < last || JSON.stringify(fieldsOf(asked)) !== what) {
    return { ...ground, ask: last + 1, since: last + 1 };
  }
  const taken: Ask = { ...ground, ask: asked.ask, since: asked.ask };
  return result?.ask === asked.ask ? answered(seen, taken, everyMs, nowMs) : taken;
}

function answered({ result, spread }: AskSeen, ask: Ask, everyMs: number, nowMs: number): Ask {
  const failures = result?.state === 'active' ? 0 : ask.failures + 1;
  const waitMs = failures === 0 ? everyMs : Math.min(everyMs, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
  const jittered = waitMs * (1 - JITTER + 2 * JITTER * chanceFrom(`${spread} ${ask.ask}`));
  const slotMs = waitMs / SLOTS;
  return { ...ask, failures, dueAtMs: Math.ceil((nowMs + jittered) / slotMs) * slotMs };
}

function fieldsOf({ bridge, vlan, cidr, gateway, server }: Omit<WantedProbe, 'ask'>): readonly unknown[] {
  return [bridge, vlan, cidr ?? null, gateway ?? null, server ?? null];
}

/** What a node has to say at a moment: an answer, nothing yet, or nothing although it had the time. */
export type Answer =
  /** `isOld`: it was asked again since, and has not answered that yet. */
  | { readonly kind: 'answered'; readonly result: ProbeResult; readonly isOld: boolean }
  | { readonly kind: 'pending' }
  | { readonly kind: 'silent' };

export function answerTo(ask: Ask, result: ProbeResult | undefined, nowMs: number): Answer {
  if (ask.dueAtMs === undefined && nowMs - ask.askedAtMs >= ANSWER_LIMIT_MS) return { kind: 'silent' };
  return result && result.ask >= ask.since && result.ask <= ask.ask
    ? { kind: 'answered', result, isOld: result.ask < ask.ask }
    : { kind: 'pending' };
}

/** Asked once more, although the answer is known. */
export function askedAgain(ask: Ask, nowMs: number): Ask {
  return { ...ask, ask: ask.ask + 1, askedAtMs: nowMs, dueAtMs: undefined };
}

/** When an ask wants to be looked at again without anything happening. */
export function wakeOf({ dueAtMs, askedAtMs }: Ask, nowMs: number): number {
  if (dueAtMs !== undefined) return dueAtMs;
  const limit = askedAtMs + ANSWER_LIMIT_MS;
  return limit > nowMs ? limit : Number.POSITIVE_INFINITY;
}

/** From 0 up to 1, the same for the same text: FNV-1a, its bits mixed once more. */
function chanceFrom(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
