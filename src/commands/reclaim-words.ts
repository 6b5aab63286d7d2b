import type { Lang } from '../lang.ts';
import type { JudgedLeases } from '../leases/observe.ts';
import { minutes } from '../leases/why.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import { block, type Layout, line } from './change-text.ts';

interface ReclaimWords {
  readonly plan: (target: string, count: number) => string;
  readonly nothing: (target: string) => string;
  readonly byFile: string;
  readonly byRuntime: string;
  readonly ask: string;
  readonly unknown: (count: number) => string;
  readonly grace: (count: number) => string;
  readonly untold: (count: number) => string;
  readonly waits: (ms: number) => string;
  readonly done: (count: number) => string;
  readonly notGiven: (addresses: readonly string[]) => string;
}

const en: ReclaimWords = {
  plan: (target, count) => `On ${target}, ${count} leaked ${count === 1 ? 'address' : 'addresses'} to give back:`,
  nothing: (target) => `On ${target} there is nothing to give back.`,
  byFile: 'its sandbox is unknown to the runtime: the lease file goes',
  byRuntime: 'the runtime still lists its dead sandbox, and stops it',
  ask: 'Give them back? [y/N] ',
  unknown: (count) => `${count} not judged, and so left alone:`,
  grace: (count) => `${count} too young to be judged (--grace); try again later.`,
  untold: (count) => `${count} of an age that no clock tells: --wait looks at them twice, the grace time apart.`,
  waits: (ms) => `No clock tells how old the leases are: looking again in ${minutes(ms)} (Ctrl-C changes nothing).`,
  done: (count) => `Given back: ${count}. Waiting Pods start at the kubelet's next try.`,
  notGiven: (addresses) => `Not given back, for the reasons above: ${addresses.join(', ')}`,
};

const zh: ReclaimWords = {
  plan: (target, count) => `${target} 上有 ${count} 个泄漏的地址可归还：`,
  nothing: (target) => `${target} 上没有可归还的地址。`,
  byFile: '运行时中没有其沙箱：删除租约文件',
  byRuntime: '运行时仍列出其已失效的沙箱：由运行时停止它',
  ask: '归还这些地址？[y/N] ',
  unknown: (count) => `${count} 个无法判断，因此保持不动：`,
  grace: (count) => `${count} 个分配不久，尚不能判断（--grace），请稍后再试。`,
  untold: (count) => `${count} 个无法凭时钟判断存在多久：加 --wait 可相隔宽限时间查看两次。`,
  waits: (ms) => `时钟无法说明租约存在多久：${minutes(ms)}后再次查看（Ctrl-C 不做任何改动）。`,
  done: (count) => `已归还 ${count} 个。等待中的 Pod 会在 kubelet 下次重试时启动。`,
  notGiven: (addresses) => `未能归还（原因见上）：${addresses.join('、')}`,
};

export const RECLAIM_WORDS: Readonly<Record<Lang, ReclaimWords>> = { en, 'zh-CN': zh };

/** The addresses that would be given back, and how each. */
export function planLines(target: string, plan: readonly PlannedRemedy[], lang: Lang): string {
  const words = RECLAIM_WORDS[lang];
  const steps = plan.flatMap((remedy) => remedy.steps);
  if (steps.length === 0) return line(words.nothing(target));
  const items = steps.flatMap((step) =>
    step.kind === 'release-lease'
      ? [`  ${line(`${step.path}: ${step.runtime ? words.byRuntime : words.byFile}`)}`]
      : [],
  );
  return line(words.plan(target, steps.length)) + items.join('');
}

/** The addresses that were to be given back and were not. */
export function notGivenLines(addresses: readonly string[], layout: Layout): string {
  return addresses.length === 0 ? '' : block('', RECLAIM_WORDS[layout.lang].notGiven(addresses), layout);
}

/** Reasons shown before the rest is left to `hayward leases`. */
const SHOWN = 5;

/** Why leases were left alone, each reason once. */
export function unknownLines({ verdicts, capture, unread }: JudgedLeases, lang: Lang): string {
  const words = RECLAIM_WORDS[lang];
  const unknown = verdicts.filter(({ state }) => state === 'unknown');
  const untold = verdicts.filter(({ ageUntold }) => ageUntold);
  const young = verdicts.filter(({ state, ageUntold }) => state === 'grace' && !ageUntold);
  const details = [...(capture.unreachable ? [capture.unreachable] : []), ...unread].map(({ detail }) => detail);
  const reasons = new Set([...details, ...unknown.flatMap(({ why }) => why.map((one) => one[lang]))]);
  return [
    ...(reasons.size > 0 ? [line(words.unknown(unknown.length))] : []),
    ...[...reasons].slice(0, SHOWN).map((reason) => `  ${line(`- ${reason}`)}`),
    ...(young.length > 0 ? [line(words.grace(young.length))] : []),
    ...(untold.length > 0 ? [line(words.untold(untold.length))] : []),
  ].join('');
}
