import type { Said } from './cluster-report.ts';
import type { NodeReport } from './node-report.ts';
import { decidingOf, problemsOf, type Standing } from './node-standing.ts';

/**
 * On Nodes, as node-problem-detector has its permanent problems: True where there is one (its KernelDeadlock, say), so that what evicts or
 * alerts by its conditions can by this one.
 */
export const NODE_CONDITION = 'HaywardNetworkProblem';

/** What is on a Node: v1.NodeCondition without its heartbeat. */
export interface NodeCondition extends Said<typeof NODE_CONDITION> {
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

/** `keep`: nothing new can be said. `remove`: there is no agent that could say it. */
export type NodeWish = Said<typeof NODE_CONDITION> | 'keep' | 'remove';

/** What a Node is to say of itself. */
export function nodeWish({ state, reason }: Standing, report: NodeReport | undefined): NodeWish {
  const type = NODE_CONDITION;
  switch (state) {
    case 'awaited':
    case 'settling':
      return 'keep';
    case 'missing':
      return 'remove';
    case 'silent':
      return { type, status: 'Unknown', reason, message: 'the guard on this node has stopped reporting' };
    case 'unknown':
      return { type, status: 'Unknown', reason, message: unknownIn(report) };
    case 'healthy':
      return { type, status: 'False', reason: 'NoNetworkProblem', message: 'hayward finds no problem' };
    case 'problem':
      return { type, status: 'True', reason, message: problemsIn(report) };
  }
}

/** The condition to write; undefined where the Node already says so. */
export function nodeConditionAfter(
  before: NodeCondition | undefined,
  wish: Exclude<NodeWish, 'keep' | 'remove'>,
  at: string,
): NodeCondition | undefined {
  const isSame = before?.status === wish.status && before.reason === wish.reason && before.message === wish.message;
  if (isSame) return undefined;
  return { ...wish, lastTransitionTime: before?.status === wish.status ? before.lastTransitionTime : at };
}

function problemsIn(report: NodeReport | undefined): string {
  const worst = report && decidingOf(report);
  if (!report || !worst) return 'a problem comes and goes; there is none at this moment';
  const more = new Set(problemsOf(report).map(({ problem }) => problem)).size - 1;
  return more > 0 ? `${worst.title} (and ${more} more)` : worst.title;
}

function unknownIn(report: NodeReport | undefined): string {
  const first = report?.findings.find(({ status, severity }) => status === 'unknown' && severity !== 'info');
  return first ? `${first.title}: ${first.unknown?.detail ?? first.cause}` : '';
}
