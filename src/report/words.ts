import type { UnknownReason } from '../hosts/reading.ts';
import type { Severity } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { Risk } from '../remedies/remedy.ts';

/** The words of the text report itself; those of a finding come with it. */
export interface ReportWords {
  readonly severity: Readonly<Record<Severity, string>>;
  readonly risk: Readonly<Record<Risk, string>>;
  readonly reason: Readonly<Record<UnknownReason, string>>;
  /** Of a node in a bundle. */
  readonly asOf: (moment: string) => string;
  readonly foundFrom: (evidence: string) => string;
  /** Of a machine on which no known distribution was found. */
  readonly candidate: string;
  readonly why: string;
  readonly breaks: string;
  readonly seen: string;
  readonly prove: string;
  readonly fix: string;
  readonly noFix: (docs: string) => string;
  /** A problem's page in this language. */
  readonly page: (docs: string) => string;
  readonly onNode: (target: string) => string;
  readonly read: string;
  readonly alike: (subjects: string) => string;
  readonly follows: (title: string) => string;
  readonly notKnown: (what: string) => string;
  readonly everything: (count: number) => string;
  readonly wanted: (value: string) => string;
  readonly empty: string;
  readonly more: (count: number) => string;
  readonly fine: (count: number) => string;
  readonly fineHint: string;
  readonly counted: (counts: { checked: number; problem: number; ok: number; unknown: number }) => string;
  readonly because: (reasons: string) => string;
  readonly notLooked: (what: string) => string;
  readonly unknownBecause: (reasons: string) => string;
  readonly notLookedAt: (what: string) => string;
  readonly above: string;
  readonly notApplicable: string;
  readonly notAsked: (only: string) => string;
  readonly separator: string;
  readonly semicolon: string;
  readonly open: string;
  readonly close: string;
  readonly stop: string;
}

const en: ReportWords = {
  severity: { critical: 'critical', warning: 'warning', info: 'note' },
  risk: { none: 'no risk', low: 'low risk', disruptive: 'disruptive' },
  reason: { absent: 'not there', denied: 'denied', failed: 'failed', 'not-collected': 'not collected' },
  asOf: (moment) => `as it was at ${moment}`,
  foundFrom: (evidence) => `found from: ${evidence}`,
  candidate: 'No cluster node that hayward knows: judged by its topology, as a candidate for one.',
  why: 'Why',
  breaks: 'Breaks',
  seen: 'Seen',
  prove: 'See it',
  fix: 'Fix',
  noFix: (docs) => `no automatic fix; see ${docs}`,
  page: (docs) => docs,
  onNode: (target) => `on ${target}:`,
  read: 'Read',
  alike: (subjects) => `the same: ${subjects}`,
  follows: (title) => `follows from this: ${title}`,
  everything: (count) => `anything of this node (${count} judgements)`,
  notKnown: (what) => `not known: ${what}`,
  wanted: (value) => `wanted ${value}`,
  empty: 'empty',
  more: (count) => `and ${count} more (--verbose)`,
  fine: (count) => `${count} fine`,
  fineHint: ' (--verbose lists them)',
  counted: ({ checked, problem, ok, unknown }) =>
    `${checked} checked: ${problem} ${problem === 1 ? 'problem' : 'problems'}, ${ok} fine, ${unknown} unknown`,
  because: (reasons) => ` (${reasons})`,
  notLooked: (what) => `; not looked at: ${what}`,
  unknownBecause: (reasons) => `Unknown: ${reasons}.`,
  notLookedAt: (what) => `Not looked at: ${what}.`,
  above: 'see above',
  notApplicable: 'not applicable here',
  notAsked: (only) => `all but ${only} (--only)`,
  separator: ', ',
  semicolon: '; ',
  open: ' (',
  close: ')',
  stop: '.',
};

const zh: ReportWords = {
  severity: { critical: '严重', warning: '警告', info: '提示' },
  risk: { none: '无风险', low: '低风险', disruptive: '会中断业务' },
  reason: { absent: '不存在', denied: '无权限', failed: '读取失败', 'not-collected': '未采集' },
  asOf: (moment) => `${moment} 时的状况`,
  foundFrom: (evidence) => `判断依据：${evidence}`,
  candidate: '不是 hayward 认识的集群节点：按实际拓扑、作为候选节点来判断。',
  why: '原因',
  breaks: '影响',
  seen: '证据',
  prove: '自查',
  fix: '修复',
  noFix: (docs) => `无自动修复，参见 ${docs}`,
  page: (docs) => docs.replace(/\.md$/, '.zh-CN.md'),
  onNode: (target) => `在 ${target} 上：`,
  read: '文档',
  alike: (subjects) => `同样的问题：${subjects}`,
  follows: (title) => `由此引起：${title}`,
  everything: (count) => `该节点的任何情况（${count} 项）`,
  notKnown: (what) => `无法判断：${what}`,
  wanted: (value) => `应为 ${value}`,
  empty: '空',
  more: (count) => `另有 ${count} 项（--verbose）`,
  fine: (count) => `${count} 项正常`,
  fineHint: '（--verbose 列出）',
  counted: ({ checked, problem, ok, unknown }) =>
    `共检查 ${checked} 项：${problem} 个问题，${ok} 项正常，${unknown} 项未知`,
  because: (reasons) => `（${reasons}）`,
  notLooked: (what) => `；未查看：${what}`,
  unknownBecause: (reasons) => `未知的原因：${reasons}。`,
  notLookedAt: (what) => `未查看：${what}。`,
  above: '见上',
  notApplicable: '此处不适用',
  notAsked: (only) => `除 ${only} 之外的各项（--only）`,
  separator: '、',
  semicolon: '；',
  open: '（',
  close: '）',
  stop: '。',
};

export const WORDS: Readonly<Record<Lang, ReportWords>> = { en, 'zh-CN': zh };
