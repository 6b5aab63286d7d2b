import {
  CLOSE_PACE,
  type Condition as Course,
  isFlapping,
  isForgettable,
  remember,
  type Timing,
} from '../cluster/memory.ts';
import type { NodeState, StandingNode } from './cluster-report.ts';
import { LEASE_SECONDS } from './heartbeat.ts';
import { reasonFrom } from './names.ts';
import { type NodeReport, type ReportedFinding, worstOf } from './node-report.ts';
import type { FleetSight, Heartbeat, Moment } from './sight.ts';

/** How a node stands, and what of it is remembered until the next judgement. */
export interface Standing {
  readonly state: NodeState;
  readonly reason: string;
  readonly since: string;
  readonly heartbeat?: string;
  /** Since when its agent's first word is waited for: when the node, or its report, was first seen. */
  readonly seenMs: number;
  /** Since when it settles, by this controller's clock. */
  readonly settlingMs?: number;
  /** How it came and went of late, where it was bad at all. */
  readonly course?: Course;
}

export interface Judged {
  readonly standing: Standing;
  /** When it has to be judged again although nothing happens, ms. */
  readonly againMs: number;
  /** Its agent has not been heard in time: whether that is so the Leases have to be asked. */
  readonly isSuspect: boolean;
}

/** A node that has just joined, or an agent that has just been rolled out, is given the time an agent may be silent. */
const GRACE_MS = LEASE_SECONDS * 1000;
/** What settles has to have settled after so long: as `hayward status` gives nodes (src/cluster/problems/node-unready.ts). */
const SETTLE_MS = 600_000;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * How a node stands. Silence counts from what this controller itself has seen: never from times that a Lease holds, which are of another
 * clock, and never over a gap in its own sight; so one that has just begun to lead knows of no silence but what its predecessor found and
 * nothing has ended since. Pure.
 */
export function standingOf(name: string, seen: FleetSight, before: Standing | undefined, at: Moment): Judged {
  const report = seen.reports.get(name);
  const prior = waitedFor(before ?? firstSight(name, seen, at), report !== undefined, at);
  const heartbeat = seen.heartbeats.get(name);
  if (!report) return withoutReport(prior, at);
  if (prior.state === 'silent' && prior.heartbeat === (heartbeat?.renewed ?? '')) return still(prior);
  const deadlineMs = deadlineOf(heartbeat, prior, seen);
  if (at.ms < deadlineMs) return heard(report, prior, at, deadlineMs);
  if (seen.confirmedMs < deadlineMs) return { standing: prior, againMs: NEVER, isSuspect: true };
  const silent = { state: 'silent', reason: 'AgentSilent', heartbeat: heartbeat?.renewed ?? '' } as const;
  return still(moved(prior, silent, at));
}

/** As the predecessor's report has it, where that names the node. */
function firstSight(name: string, { inherited }: FleetSight, at: Moment): Standing {
  const known = inherited?.standing.find((one) => one.name === name);
  return known ? { ...withoutName(known), since: known.since || at.text, seenMs: at.ms } : awaited(at);
}

/** Where a report has come, its Lease is waited for from then on; where it has gone, another. */
function waitedFor(before: Standing, reports: boolean, at: Moment): Standing {
  const isAbsent = before.state === 'awaited' || before.state === 'missing';
  if (reports) return isAbsent ? { ...before, seenMs: at.ms } : before;
  return isAbsent ? before : awaited(at);
}

function withoutName({ name: _, ...rest }: StandingNode) {
  return rest;
}

function awaited(at: Moment): Standing {
  return { state: 'awaited', reason: 'AgentAwaited', since: at.text, seenMs: at.ms };
}

function deadlineOf(heartbeat: Heartbeat | undefined, prior: Standing, { seeingSinceMs }: FleetSight): number {
  if (seeingSinceMs === undefined) return NEVER;
  const changedMs = heartbeat?.changedMs ?? prior.seenMs;
  return Math.max(changedMs, seeingSinceMs) + (heartbeat?.durationMs ?? GRACE_MS);
}

function withoutReport(prior: Standing, at: Moment): Judged {
  const deadlineMs = prior.seenMs + GRACE_MS;
  if (prior.state === 'missing') return still(prior);
  if (at.ms < deadlineMs) return { standing: prior, againMs: deadlineMs, isSuspect: false };
  return still(moved(prior, { state: 'missing', reason: 'NoAgent' }, at));
}

/** Its agent lives: it is as that says. */
function heard(report: NodeReport, prior: Standing, at: Moment, deadlineMs: number): Judged {
  const said = stateOf(report);
  const settlingMs = prior.settlingMs ?? at.ms;
  const maySettle = said.state === 'settling' && prior.state !== 'problem' && at.ms < settlingMs + SETTLE_MS;
  if (maySettle) {
    const standing = { ...moved(prior, said, at), settlingMs };
    return { standing, againMs: Math.min(deadlineMs, settlingMs + SETTLE_MS), isSuspect: false };
  }
  const isBad = said.state === 'settling' || said.state === 'problem';
  const timing: Timing = { at: at.text, pace: CLOSE_PACE };
  const course = courseAfter(prior.course, isBad, timing);
  const comesAndGoes = course !== undefined && isFlapping(course, timing);
  const now = isBad ? { ...said, state: 'problem' as const } : said;
  const held = comesAndGoes && prior.state === 'problem' ? { state: prior.state, reason: prior.reason } : now;
  const againMs = comesAndGoes ? Math.min(deadlineMs, at.ms + CLOSE_PACE.calmSeconds * 1000) : deadlineMs;
  const { course: _, ...standing } = moved(prior, isBad ? now : held, at);
  return { standing: { ...standing, ...(course && { course }) }, againMs, isSuspect: false };
}

/** What has never been bad, or not for long, has no course. */
function courseAfter(before: Course | undefined, bad: boolean, timing: Timing): Course | undefined {
  if (!bad && (!before || isForgettable(before, timing))) return undefined;
  return remember(before, { bad, severity: 'warning' }, timing);
}

/** Until a node has come up, and while what is wrong is within its own time, that may pass by itself. */
function stateOf(report: NodeReport): { readonly state: NodeState; readonly reason: string } {
  const worst = worstOf(report);
  if (worst === 'ok') return { state: 'healthy', reason: '' };
  const problem = decidingOf(report);
  const reason = reasonFrom(problem?.problem ?? '');
  if (worst === 'unknown') return { state: 'unknown', reason: 'NotKnown' };
  const isStarting = report.launch === 'before-launch' || report.launch === 'launching';
  return { state: isStarting || problem?.phase === 'settling' ? 'settling' : 'problem', reason };
}

/** The problem that decides: the worst of those past their time, else the worst of all. */
export function decidingOf({ findings }: Pick<NodeReport, 'findings'>): ReportedFinding | undefined {
  const problems = problemsOf({ findings });
  return problems.find(({ phase }) => phase !== 'settling') ?? problems[0];
}

/** The problems that count, the worst first. */
export function problemsOf({ findings }: Pick<NodeReport, 'findings'>): readonly ReportedFinding[] {
  return findings.filter(({ status, severity }) => status === 'problem' && severity !== 'info');
}

function still(standing: Standing): Judged {
  return { standing, againMs: NEVER, isSuspect: false };
}

type Said = Pick<Standing, 'state' | 'reason' | 'heartbeat'>;

/** Since when only another state changes. */
function moved({ state, since, seenMs, course }: Standing, said: Said, at: Moment): Standing {
  const { heartbeat } = said;
  return {
    state: said.state,
    reason: said.reason,
    since: state === said.state ? since : at.text,
    seenMs,
    ...(heartbeat !== undefined && { heartbeat }),
    ...(course && { course }),
  };
}
