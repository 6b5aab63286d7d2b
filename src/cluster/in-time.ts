import type { Finding, Phase, Severity } from '../judging/finding.ts';
import { wordedFinding } from '../judging/worded.ts';
import type { Lang } from '../lang.ts';
import type { Judged } from './judged.ts';
import { type Condition, FLAP_WINDOW_SECONDS, isFlapping, secondsBetween } from './memory.ts';
import type { ClusterSnapshot } from './model.ts';
import type { ClusterJudgement, ClusterProblem, Settling, SnapshotPart } from './problem.ts';
import { ageSeconds, clusterNow } from './time.ts';

/** What a check said, and whose check it was. */
export interface Looked {
  readonly problem: ClusterProblem<SnapshotPart, unknown>;
  readonly judgement: ClusterJudgement<unknown>;
}

/** What a judgement is remembered under. */
export function keyOf({ problem, judgement }: Looked): string {
  return judgement.subject === '' ? problem.id : `${problem.id} ${judgement.subject}`;
}

interface InTimeOptions {
  readonly lang: Lang;
  readonly deadlineSeconds?: number;
}

type Moment = Pick<ClusterSnapshot, 'takenAt' | 'serverClock' | 'target'>;

/** A judgement as a finding, with what the looks before make of it: `condition` is as of this look. */
export function inTime(
  looked: Looked,
  condition: Condition | undefined,
  moment: Moment,
  options: InTimeOptions,
): Judged {
  const { problem, judgement } = looked;
  const { lang } = options;
  const finding = wordedFinding(problem, judgement, { target: moment.target, lang });
  const flaps = condition !== undefined && isFlapping(condition, moment.takenAt);
  switch (judgement.status) {
    case 'not-applicable':
      return { finding, decides: false, badNow: false };
    case 'unknown':
      return { finding, decides: judgement.severity === 'critical', badNow: false };
    case 'ok':
      return flaps ? good(finding, condition, moment, lang) : { finding, decides: false, badNow: false };
    case 'problem': {
      const { phase, since } = flaps
        ? ({ phase: 'flapping', since: condition.turns[0] ?? condition.badSince } as const)
        : phaseOf(judgement.settles, condition, moment, options.deadlineSeconds);
      const timed: Finding = {
        ...finding,
        phase,
        since,
        severity: shown(judgement.severity, phase),
        cause: flaps ? `${finding.cause} ${flapping(condition, moment.takenAt)[lang]}` : finding.cause,
        prove: problem.prove(judgement.facts),
      };
      return { finding: timed, decides: judgement.severity === 'critical', badNow: true };
    }
  }
}

/** What may pass by itself and does not decide is a note until its deadline. */
function shown(severity: Severity, phase: Phase): Severity {
  return phase === 'settling' && severity !== 'critical' ? 'info' : severity;
}

/** Both an object's own time and what was seen by looking count: whichever says that it has lasted longer. */
function phaseOf(
  settles: Settling | undefined,
  condition: Condition | undefined,
  moment: Moment,
  override: number | undefined,
): { phase: Phase; since: string } {
  const seen = condition?.badSince || moment.takenAt;
  if (settles === undefined) return { phase: 'definite', since: seen };
  const seenFor = secondsBetween(seen, moment.takenAt);
  const saidFor = ageSeconds(settles.since ?? '', clusterNow(moment)) ?? 0;
  const deadline = override ?? settles.deadlineSeconds;
  const phase = Math.max(seenFor, saidFor) < deadline ? 'settling' : 'definite';
  return { phase, since: saidFor > seenFor && settles.since !== undefined ? settles.since : seen };
}

/** It is good now, and has been bad too often of late to be called so. */
function good(base: Finding, condition: Condition, { takenAt }: Moment, lang: Lang): Judged {
  const told = flapping(condition, takenAt);
  const finding: Finding = {
    ...base,
    status: 'problem',
    severity: condition.severity === 'info' ? 'info' : 'warning',
    phase: 'flapping',
    since: condition.turns[0] ?? takenAt,
    title: lang === 'en' ? `${base.title}: comes and goes` : `${base.title}：时好时坏`,
    cause: told[lang],
    impact: lang === 'en' ? 'It is good at this moment; that may not last.' : '此刻正常，但未必持久。',
  };
  return { finding, decides: condition.severity === 'critical', badNow: false };
}

function flapping({ turns }: Condition, at: string) {
  const times = turns.filter((turn) => secondsBetween(turn, at) <= FLAP_WINDOW_SECONDS);
  const seconds = Math.round(secondsBetween(times[0] ?? at, at));
  return {
    en: `It comes and goes: bad ${times.length} times in ${seconds} s.`,
    'zh-CN': `时好时坏：${seconds} 秒内出现 ${times.length} 次。`,
  };
}
