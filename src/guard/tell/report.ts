import type { JudgedFinding, NodeJudgement } from '../../fleet/node-report.ts';
import type { Reporter } from '../../fleet/reporter.ts';
import type { UnknownReason } from '../../hosts/reading.ts';
import { VERSION } from '../../version.ts';
import type { EventOf, GuardPlan, GuardStatus } from '../model.ts';

type Unstamped<T> = T extends unknown ? Omit<T, 'at'> : never;

/** How the guard has its reporting begun: it is asked what there is to say, and told what becomes of it. */
export type StartReporting = (told: {
  readonly judgement: (node: string) => NodeJudgement | undefined;
  readonly record: (event: Unstamped<EventOf<'reporting' | 'report-trouble'>>) => void;
  readonly signal: AbortSignal;
}) => Reporter;

export interface ReportSources {
  readonly node: string;
  readonly plan: GuardPlan;
  readonly status: GuardStatus;
  /** Why the node could not be judged for long, so that the plan is of a time gone by; empty where it is not so. */
  readonly unjudged: string;
}

/** What the guard knows of its node at this moment, as it is reported. Pure. */
export function judgementOf({ node, plan, status, unjudged }: ReportSources): NodeJudgement {
  const { keys, enforce, conflicts, paused } = status;
  const isJudged = unjudged === '';
  return {
    node,
    version: VERSION,
    takenAt: plan.takenAt,
    profile: plan.profile,
    launch: plan.phase,
    ...(isJudged ? seenBy(plan, keys) : { facts: {}, settings: {}, unseen: {} }),
    findings: isJudged ? plan.findings : [unjudgedFinding(unjudged), ...plan.findings],
    guard: {
      enforce: enforce?.inForce ?? 'off',
      keys: keys.length,
      held: keys.filter(({ held }) => held !== 'none').length,
      contested: keys.filter(({ contested }) => contested).length,
      conflicts: conflicts.length,
      paused,
    },
  };
}

/** How the node reads, for comparing it with others: old words of a node that is no longer judged have no vote there. */
function seenBy({ facts }: GuardPlan, keys: GuardStatus['keys']): Pick<NodeJudgement, 'facts' | 'settings' | 'unseen'> {
  const read = keys.filter(({ value }) => value !== null);
  // What is not there, as a bridge that went, is neither same nor different elsewhere, and not unseen either.
  const unread = keys.filter(({ value, unreadable }) => value === null && unreadable !== 'absent');
  return {
    facts: facts?.values ?? {},
    settings: Object.fromEntries(read.map(({ key, value }) => [key, value ?? ''])),
    unseen: {
      ...facts?.unseen,
      ...Object.fromEntries(
        unread.map(({ key, unreadable = 'not-collected' }): [string, UnknownReason] => [key, unreadable]),
      ),
    },
  };
}

/** What is told last of a node that cannot be judged any more must not pass for how it is. */
function unjudgedFinding(why: string): JudgedFinding {
  return {
    problem: 'node-unjudged',
    subject: '',
    status: 'unknown',
    severity: 'critical',
    title: 'The node can no longer be judged',
    cause: why,
    unknown: { reason: 'failed', detail: why },
  };
}
