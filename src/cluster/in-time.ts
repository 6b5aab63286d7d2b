import type { Finding, Phase, Severity } from '../judging/finding.ts';
import { wordedFinding } from '../judging/worded.ts';
import type { Lang } from '../lang.ts';
import type { Judged } from './judged.ts';
import { type Condition, isFlapping, type Pace } from './memory.ts';
import type { ClusterSnapshot } from './model.ts';
import type { ClusterJudgement, ClusterProblem, Settling, SnapshotPart } from './problem.ts';
import { REBOOT_SECONDS } from './reboots.ts';
import { ageSeconds, clusterNow, secondsBetween } from './time.ts';

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
  readonly atOnce?: boolean;
  readonly pace: Pace;
  /** RFC 3339, by the API server's clock: when the cluster itself began anew. */
  readonly rebooted?: string;
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
  const { lang, pace } = options;
  const finding = wordedFinding(problem, judgement, { target: moment.target, lang });
  const flaps = condition !== undefined && isFlapping(condition, { at: moment.takenAt, pace });
  switch (judgement.status) {
    case 'not-applicable':
      return { finding, decides: false, badNow: false };
    case 'unknown':
      return { finding, decides: judgement.severity === 'critical', badNow: false };
    case 'ok':
      return flaps ? good(finding, condition, moment, options) : { finding, decides: false, badNow: false };
    case 'problem': {
      const { phase, since } = flaps
        ? ({ phase: 'flapping', since: condition.turns[0] ?? condition.badSince } as const)
        : phaseOf(judgement.settles, condition, moment, options);
      const timed: Finding = {
        ...finding,
        phase,
        since,
        severity: shown(judgement.severity, phase),
        cause: flaps ? `${finding.cause} ${flapping(condition, moment.takenAt, pace)[lang]}` : finding.cause,
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
  { deadlineSeconds: override, rebooted = '' }: InTimeOptions,
): { phase: Phase; since: string } {
  const seen = condition?.badSince || moment.takenAt;
  if (settles === undefined) return { phase: 'definite', since: seen };
  const now = clusterNow(moment);
  const anew = ageSeconds(settles.anew ?? '', now) ?? Number.POSITIVE_INFINITY;
  const seenFor = Math.min(anew, secondsBetween(seen, moment.takenAt));
  const saidFor = Math.min(anew, ageSeconds(settles.since ?? '', now) ?? 0);
  const deadline = override ?? settles.deadlineSeconds;
  const hasRebooted = override === undefined && (ageSeconds(rebooted, now) ?? REBOOT_SECONDS) < REBOOT_SECONDS;
  const phase = Math.max(seenFor, saidFor) < deadline || hasRebooted ? 'settling' : 'definite';
  return { phase, since: saidFor > seenFor && settles.since !== undefined ? settles.since : seen };
}

/**
 * It is good now, and has been bad too often of late to be trusted, where it decides; a note for one who asks once. What does not
 * decide is good: that it comes and goes is told while it is bad, and as evidence.
 */
function good(base: Finding, condition: Condition, { takenAt }: Moment, options: InTimeOptions): Judged {
  const { lang, pace, atOnce = false } = options;
  const told = flapping(condition, takenAt, pace)[lang];
  if (condition.severity !== 'critical') {
    const evidence = [...base.evidence, { source: lang === 'en' ? 'earlier looks' : '此前的查看', value: told }];
    return { finding: { ...base, evidence }, decides: false, badNow: false };
  }
  const finding: Finding = {
    ...base,
    status: 'problem',
    severity: atOnce ? 'info' : 'warning',
    phase: 'flapping',
    since: condition.turns[0] ?? takenAt,
    title: lang === 'en' ? `${base.title}: comes and goes` : `${base.title}：时好时坏`,
    cause: told,
    impact: lang === 'en' ? 'It is good at this moment; that may not last.' : '此刻正常，但未必持久。',
  };
  return { finding, decides: !atOnce, badNow: false };
}

function flapping({ turns }: Condition, at: string, { windowSeconds }: Pace) {
  const times = turns.filter((turn) => secondsBetween(turn, at) <= windowSeconds);
  const seconds = Math.round(secondsBetween(times[0] ?? at, at));
  return {
    en: `It comes and goes: bad ${times.length} times in ${seconds} s.`,
    'zh-CN': `时好时坏：${seconds} 秒内出现 ${times.length} 次。`,
  };
}
