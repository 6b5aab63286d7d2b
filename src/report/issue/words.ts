import type { Lang } from '../../lang.ts';

export interface IssueWords {
  readonly several: (count: number) => string;
  readonly none: string;
  readonly noneText: string;
  readonly environment: string;
  readonly where: string;
  readonly why: string;
  readonly breaks: string;
  readonly seen: string;
  readonly prove: string;
  readonly cure: string;
  readonly noCure: string;
  readonly undo: string;
  readonly read: string;
  readonly unseen: string;
  readonly more: (count: number) => string;
  readonly moreFindings: (count: number) => string;
  readonly wanted: (value: string) => string;
  readonly colon: string;
  readonly replaced: (counts: { readonly hosts: number; readonly addresses: number }) => string;
  readonly judged: (counts: { readonly ok: number; readonly problem: number; readonly unknown: number }) => string;
}

const en: IssueWords = {
  several: (count) => `and ${count} more`,
  none: 'no problem found',
  noneText: 'hayward found no problem in what it judged.',
  environment: 'Environment',
  where: 'Where',
  why: 'Why',
  breaks: 'What it breaks',
  seen: 'What was seen',
  prove: 'To see it yourself',
  cure: 'What hayward would do',
  noCure: 'hayward has no automatic cure for it.',
  undo: 'to undo',
  read: 'More',
  unseen: 'What could not be seen',
  more: (count) => `… and ${count} more`,
  moreFindings: (count) => `${count} more left out, so that this fits into an issue: ask for one with --only.`,
  wanted: (value) => ` (wanted ${value})`,
  colon: ': ',
  replaced: ({ hosts, addresses }) =>
    `Secrets are taken out; ${hosts} host ${hosts === 1 ? 'name' : 'names'} and ${addresses} public ${addresses === 1 ? 'address' : 'addresses'} are replaced, each by the same word throughout. Private addresses, interfaces and Pods are as they were.`,
  judged: ({ ok, problem, unknown }) =>
    `Judged: ${problem} ${problem === 1 ? 'problem' : 'problems'}, ${ok} fine, ${unknown} not known.`,
};

const zh: IssueWords = {
  several: (count) => `另有 ${count} 项`,
  none: '未发现问题',
  noneText: 'hayward 在所检查的内容中未发现问题。',
  environment: '环境',
  where: '位置',
  why: '原因',
  breaks: '影响',
  seen: '所见',
  prove: '自行验证',
  cure: 'hayward 的修复方式',
  noCure: 'hayward 无法自动修复此问题。',
  undo: '撤销',
  read: '更多',
  unseen: '未能看到的内容',
  more: (count) => `… 另有 ${count} 项`,
  moreFindings: (count) => `为适应 issue 的长度，略去 ${count} 项：可用 --only 单独报告。`,
  wanted: (value) => `（应为 ${value}）`,
  colon: '：',
  replaced: ({ hosts, addresses }) =>
    `机密已去除；${hosts} 个主机名和 ${addresses} 个公网地址已替换，同一对象的替代名前后一致。私有地址、接口和 Pod 保持原样。`,
  judged: ({ ok, problem, unknown }) => `检查结果：${problem} 个问题，${ok} 项正常，${unknown} 项未知。`,
};

export const ISSUE_WORDS: Readonly<Record<Lang, IssueWords>> = { en, 'zh-CN': zh };
