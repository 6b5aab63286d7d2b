import type { Verdict } from '../cluster/verdict.ts';
import type { Lang } from '../lang.ts';

/** The words of `hayward status`; those of a finding come with it. */
export interface StatusWords {
  readonly verdict: Readonly<Record<Verdict, string>>;
  readonly phase: Readonly<Record<'definite' | 'settling' | 'flapping', string>>;
  /** How long, from seconds. */
  readonly since: (seconds: number) => string;
  readonly as: (user: string) => string;
  readonly by: (path: string, owner: string) => string;
  /** Of a bundle, and its time. */
  readonly of: (path: string, takenAt: string) => string;
  readonly owner: Readonly<Record<string, string>>;
  readonly only: (ids: string) => string;
  readonly means: string;
  readonly next: string;
  readonly why: string;
  readonly follows: (names: string) => string;
  readonly notKnown: (what: string) => string;
  /** What to do with an answer that may come by itself. */
  readonly waitForIt: string;
  readonly note: (names: string) => string;
  readonly notNeeded: string;
  readonly notApplicable: string;
  readonly more: (count: number) => string;
  readonly counted: (counts: { problem: number; ok: number; unknown: number; aside: number }) => string;
  readonly changed: string;
  readonly appeared: (name: string) => string;
  readonly gone: (name: string) => string;
  readonly lostSight: (name: string) => string;
  readonly definite: (name: string) => string;
  readonly verdictChanged: (from: string, to: string) => string;
  readonly nothingChanged: string;
  readonly looked: (seconds: number) => string;
  readonly looking: (seconds: number) => string;
  readonly ends: string;
}

const en: StatusWords = {
  verdict: { ready: 'ready', settling: 'settling', 'not-ready': 'not ready', unknown: 'not known' },
  phase: { definite: 'definite', settling: 'may pass by itself', flapping: 'comes and goes' },
  since: (seconds) => `for ${span(seconds, { s: 's', min: 'min', h: 'h', d: 'd' }, ' ')}`,
  as: (user) => `as ${user}`,
  by: (path, owner) => `by ${path}${owner && ` (${owner})`}`,
  of: (path, takenAt) => `as it was at ${takenAt}, by ${path}`,
  owner: {
    option: '--kubeconfig',
    environment: 'KUBECONFIG',
    rke2: "RKE2's",
    k3s: "k3s's",
    kubeadm: "kubeadm's",
    kubelet: "the kubelet's",
    home: "the user's",
  },
  only: (ids) => `only ${ids}: so are the list below and the exit status`,
  means: 'Means',
  next: 'Next',
  why: 'Why',
  follows: (names) => `follows from this: ${names}`,
  notKnown: (what) => `not known: ${what}`,
  waitForIt: ' Wait for it: hayward status --wait',
  note: (names) => `notes: ${names}`,
  notNeeded: 'not seen, and not needed for the answer',
  notApplicable: 'does not apply here',
  more: (count) => `and ${count} more (--verbose)`,
  counted: ({ problem, ok, unknown, aside }) =>
    `${problem} ${problem === 1 ? 'problem' : 'problems'}, ${ok} fine, ${unknown} unknown` +
    (aside > 0 ? `; not seen, and not needed: ${aside}` : ''),
  changed: 'Changed',
  appeared: (name) => `${name} appeared`,
  gone: (name) => `${name} is gone`,
  lostSight: (name) => `${name} can no longer be seen`,
  definite: (name) => `${name} did not pass in time`,
  verdictChanged: (from, to) => `${from} → ${to}`,
  nothingChanged: 'nothing since the first look',
  looked: (seconds) => `looked ${seconds} s ago`,
  looking: (seconds) => `looking, for ${seconds} s by now; the above is older`,
  ends: 'Ctrl-C ends',
};

const zh: StatusWords = {
  verdict: { ready: '就绪', settling: '恢复中', 'not-ready': '未就绪', unknown: '无法判断' },
  phase: { definite: '确定的故障', settling: '可能自行恢复', flapping: '时好时坏' },
  since: (seconds) => `已 ${span(seconds, { s: '秒', min: '分钟', h: '小时', d: '天' }, ' ')}`,
  as: (user) => `身份 ${user}`,
  by: (path, owner) => `使用 ${path}${owner && `（${owner}）`}`,
  of: (path, takenAt) => `${takenAt} 时的状况，依据 ${path}`,
  owner: {
    option: '--kubeconfig',
    environment: 'KUBECONFIG',
    rke2: 'RKE2',
    k3s: 'k3s',
    kubeadm: 'kubeadm',
    kubelet: 'kubelet',
    home: '用户',
  },
  only: (ids) => `仅 ${ids}：以下列表和退出码只针对这些`,
  means: '含义',
  next: '下一步',
  why: '原因',
  follows: (names) => `由此引起：${names}`,
  notKnown: (what) => `无法判断：${what}`,
  waitForIt: '等待结果：hayward status --wait',
  note: (names) => `提示：${names}`,
  notNeeded: '看不到，结论不需要',
  notApplicable: '此处不适用',
  more: (count) => `另有 ${count} 项（--verbose）`,
  counted: ({ problem, ok, unknown, aside }) =>
    `${problem} 个问题，${ok} 项正常，${unknown} 项未知${aside > 0 ? `；另有 ${aside} 项看不到，结论不需要` : ''}`,
  changed: '变化',
  appeared: (name) => `出现 ${name}`,
  gone: (name) => `${name} 已消失`,
  lostSight: (name) => `${name} 已无法看到`,
  definite: (name) => `${name} 未在期限内恢复`,
  verdictChanged: (from, to) => `${from} → ${to}`,
  nothingChanged: '首次查看以来没有变化',
  looked: (seconds) => `${seconds} 秒前查看`,
  looking: (seconds) => `正在查看，已 ${seconds} 秒；以上为此前的结果`,
  ends: 'Ctrl-C 结束',
};

interface Units {
  readonly s: string;
  readonly min: string;
  readonly h: string;
  readonly d: string;
}

/** Seconds in the largest unit of which there are at least two. */
function span(seconds: number, units: Units, gap: string): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole}${gap}${units.s}`;
  if (whole < 7200) return `${Math.round(whole / 60)}${gap}${units.min}`;
  return whole < 172_800
    ? `${Math.round(whole / 3600)}${gap}${units.h}`
    : `${Math.round(whole / 86_400)}${gap}${units.d}`;
}

export const STATUS_WORDS: Readonly<Record<Lang, StatusWords>> = { en, 'zh-CN': zh };
