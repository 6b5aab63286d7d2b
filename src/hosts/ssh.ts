import { readAnswer } from './answer.ts';
import { type Ask, criSource } from './ask.ts';
import type { Capture } from './capture.ts';
import { collection } from './collector-script.ts';
import { converse, type Outcome, reasonOf, type SshOptions, sshArguments } from './connection.ts';
import { crictlAnswer } from './crictl.ts';
import { parseDestination } from './destination.ts';
import { captureOf, emptyDraft, putClock, unreachable } from './draft.ts';
import type { ActingHost, CollectOptions } from './host.ts';
import { type Plan, planOf } from './plan.ts';
import { lastLine } from './sanitise.ts';
import { inShell } from './shell-asks.ts';
import { changesOver } from './ssh-changes.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * A node reached by the user's own ssh, so that their configuration, agent, jump hosts and known hosts hold; host keys are
 * checked as they are everywhere. The node needs a POSIX shell and nothing else; nothing is written on it by looking.
 * `destination` is `[user@]name[:port]` or `[user@][v6]:port`; anything else is a HostError of code `usage`.
 */
export function sshHost(destination: string, options: SshOptions = {}): ActingHost {
  const parsed = parseDestination(destination);
  const name = options.name ?? parsed.label;
  const isNamed = name === parsed.label && parsed.user === undefined;
  const target = { name, via: 'ssh', ...(!isNamed && { destination }) } as const;
  const argv = sshArguments(parsed, options);
  const retrying = options.retries === undefined ? {} : { retries: options.retries };
  return {
    name,
    via: 'ssh',
    async collect(asks: readonly Ask[], { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: CollectOptions = {}) {
      const plan = inShell(planOf(asks));
      const limits = { ...retrying, timeoutMs, ...(signal && { signal }) };
      const outcome = await converse(argv, collection(plan), { ...limits, repeatable: true });
      if (outcome.state === 'answered') return captureFrom(target, plan, outcome);
      const { reason, detail } = reasonOf(outcome, timeoutMs);
      return unreachable(name, 'ssh', reason, detail);
    },
    ...changesOver(name, (body, limits) => converse(argv, body, { ...retrying, ...limits, repeatable: false })),
  };
}

function captureFrom(target: Capture['target'], plan: Plan, outcome: Outcome & { state: 'answered' }): Capture {
  const draft = emptyDraft();
  const { clock, uid, refusal } = readAnswer(outcome.frames, plan, draft, outcome.marks.file);
  for (const socket of plan.runtimes) {
    const source = criSource(socket || undefined);
    const answer = draft.entries[source];
    if (answer) draft.entries[source] = crictlAnswer(answer);
  }
  if (/^[0-9]+(\.[0-9]+)?$/.test(clock)) putClock(draft, clock, offsetOf(clock, outcome));
  const remark = uid === '0' ? '' : ` (not root on the node; ${lastLine(refusal) || 'sudo was not used'})`;
  return captureOf(target, draft, remark);
}

/**
 * The node's clock minus ours, in seconds, by the assumption that the node read it half-way between our word and its
 * answer. A node without nanoseconds is on average half a second beyond what it prints.
 */
function offsetOf(clock: string, { sentAt, heardAt }: { sentAt: number; heardAt: number }): number {
  const node = Number(clock) + (clock.includes('.') ? 0 : 0.5);
  return node - (sentAt + heardAt) / 2;
}
