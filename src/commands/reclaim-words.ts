import { posix } from 'node:path';
import type { Lang } from '../lang.ts';
import { addressRanges } from '../leases/address-ranges.ts';
import type { JudgedLeases } from '../leases/observe.ts';
import { minutes } from '../leases/why.ts';
import type { StepReport } from '../remedies/run-plan.ts';
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
  readonly leftOut: (count: number) => string;
  readonly given: string;
  readonly failed: string;
  readonly colon: string;
}

const en: ReclaimWords = {
  plan: (target, count) => `On ${target}, ${count} leaked ${count === 1 ? 'address' : 'addresses'} to give back:`,
  nothing: (target) => `On ${target} there is nothing to give back.`,
  byFile: 'their sandboxes are unknown to the runtime, the lease files go',
  byRuntime: 'the runtime still lists their dead sandboxes, and stops them',
  ask: 'Give them back? [y/N] ',
  unknown: (count) => `${count} not judged, and so left alone:`,
  grace: (count) => `${count} too young to be judged (--grace); try again later.`,
  untold: (count) => `${count} of an age that no clock tells: --wait looks at them twice, the grace time apart.`,
  waits: (ms) => `No clock tells how old the leases are: looking again in ${minutes(ms)} (Ctrl-C changes nothing).`,
  done: (count) => `Given back: ${count}. Waiting Pods start at the kubelet's next try.`,
  notGiven: (addresses) => `Not given back, for the reasons above: ${addresses.join(', ')}`,
  leftOut: (count) => `Left out: ${count}. To carry on: the same command again.`,
  given: 'given back',
  failed: 'FAILED',
  colon: ': ',
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
  leftOut: (count) => `未处理 ${count} 个。如需继续：再次执行同一命令。`,
  given: '已归还',
  failed: '失败',
  colon: '：',
};

export const RECLAIM_WORDS: Readonly<Record<Lang, ReclaimWords>> = { en, 'zh-CN': zh };

/** The addresses that would be given back, by how and from which directory. */
export function planLines(target: string, plan: readonly PlannedRemedy[], layout: Layout): string {
  const words = RECLAIM_WORDS[layout.lang];
  const steps = plan.flatMap((remedy) => remedy.steps).filter((step) => step.kind === 'release-lease');
  if (steps.length === 0) return line(words.nothing(target));
  const groups = new Map<string, string[]>();
  for (const { path, runtime } of steps) {
    const how = `${posix.dirname(path)}${words.colon}${runtime ? words.byRuntime : words.byFile}`;
    const ips = groups.get(how) ?? [];
    groups.set(how, ips);
    ips.push(posix.basename(path));
  }
  const items = [...groups].map(
    ([how, ips]) => block('  ', how, layout) + block('    ', addressRanges(ips).join(', '), layout),
  );
  return line(words.plan(target, steps.length)) + items.join('');
}

/** One lease's fate, as it comes; of what is left out only the number is told, at the end. */
export function stepLine({ step, result, detail }: StepReport, layout: Layout): string {
  if (step.kind !== 'release-lease' || result === 'skipped') return '';
  const words = RECLAIM_WORDS[layout.lang];
  const why = detail[layout.lang];
  const said = result === 'failed' ? `${words.failed}${words.colon}${why}` : words.given + (why && words.colon + why);
  return block(`  ${result === 'failed' ? '✗' : '✓'} ${posix.basename(step.path)}  `, said, layout);
}

/** The addresses that were to be given back and were not, and how many were left out. */
export function notGivenLines(addresses: readonly string[], leftOut: number, layout: Layout): string {
  const words = RECLAIM_WORDS[layout.lang];
  const failed = addresses.length === 0 ? '' : block('', words.notGiven(addressRanges(addresses)), layout);
  return failed + (leftOut === 0 ? '' : line(words.leftOut(leftOut)));
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
