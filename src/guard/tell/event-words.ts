import type { Bilingual, Lang } from '../../lang.ts';
import type { EventOf, GuardEvent, Writer } from '../model.ts';
import { reportTroubleWords } from './report-words.ts';

/** One event as a sentence; what comes from the node is not made harmless here. */
export function eventWords(event: GuardEvent, lang: Lang): string {
  const words = WORDS[event.type] as (event: GuardEvent) => Bilingual;
  return words(event)[lang];
}

/** How much an event asks for a person's eye. */
export function eventWeight({ type }: GuardEvent): 'plain' | 'good' | 'warning' {
  if (
    [
      'drift',
      'repair-failed',
      'contested',
      'unreadable',
      'hold-lost',
      'plan-failed',
      'let-through',
      'report-trouble',
    ].includes(type)
  ) {
    return 'warning';
  }
  return ['repaired', 'held', 'calm', 'leases-reclaimed'].includes(type) ? 'good' : 'plain';
}

type Wording = { readonly [T in GuardEvent['type']]: (event: EventOf<T>) => Bilingual };

const WORDS: Wording = {
  started: ({ keys, enforce, pid }) => ({
    en: `guarding ${keys} ${keys === 1 ? 'setting' : 'settings'} (${enforce}), process ${pid}`,
    'zh-CN': `开始守护 ${keys} 项设置（${enforce}），进程 ${pid}`,
  }),
  stopped: ({ why, held }) => ({
    en: `stopped: ${why}; nothing is rolled back${held > 0 ? `; writes of ${held} settings are still answered for five minutes (hayward guard release ends it)` : ''}`,
    'zh-CN': `已停止：${why}；不回滚任何设置${held > 0 ? `；内核还会在五分钟内拦截对 ${held} 项设置的写入（hayward guard release 可立即结束）` : ''}`,
  }),
  planned: ({ added, removed, phase, because }) => ({
    en: `what is held changed (${[phase, ...because].join('; ')}): ${changes(added, removed)}`,
    'zh-CN': `守护内容有变（${[phase, ...because].join('；')}）：${changes(added, removed)}`,
  }),
  'plan-failed': ({ why }) => ({
    en: `the node could not be judged, what was held stays held: ${why}`,
    'zh-CN': `无法评估本节点，继续守护原有内容：${why}`,
  }),
  drift: ({ key, value, wanted, writer }) => ({
    en: `${key} became ${value}, wanted ${wanted}${writer ? `; written by ${named(writer)}` : ''}`,
    'zh-CN': `${key} 变成了 ${value}，应为 ${wanted}${writer ? `；由 ${named(writer)} 写入` : ''}`,
  }),
  repaired: ({ key, from, to, latencyMs }) => ({
    en: `${key} put right: ${from} → ${to} (within ${Math.ceil(latencyMs)} ms)`,
    'zh-CN': `已修复 ${key}：${from} → ${to}（${Math.ceil(latencyMs)} 毫秒内）`,
  }),
  'repair-failed': ({ key, why }) => ({
    en: `${key} could not be put right: ${why}`,
    'zh-CN': `无法修复 ${key}：${why}`,
  }),
  held: ({ key, written, writer, times }) => ({
    en: `${key} held: ${named(writer)} wrote ${written}${often(times)}, it stays as it was`,
    'zh-CN': `已守住 ${key}：${named(writer)} 写入 ${written}${oftenZh(times)}，值保持不变`,
  }),
  'let-through': ({ key, written, writer, times, why }) => ({
    en: `${key}: ${named(writer)} wrote ${written}${often(times)}, not answered (${why})`,
    'zh-CN': `${key}：${named(writer)} 写入 ${written}${oftenZh(times)}，未拦截（${why}）`,
  }),
  contested: ({ key, perMinute, writers, retryMs }) => ({
    en: `${key} is contested: rewritten ${perMinute} times in a minute by ${list(writers, 'somebody (the writer is only seen with --enforce kernel or observe)')}; repairs now at most every ${retryMs} ms`,
    'zh-CN': `${key} 存在争用：一分钟内被 ${list(writers, '某个程序（只有 --enforce kernel 或 observe 能看到是谁）')} 改写 ${perMinute} 次；现在最快每 ${retryMs} 毫秒修复一次`,
  }),
  calm: ({ key }) => ({ en: `${key} is no longer contested`, 'zh-CN': `${key} 不再有争用` }),
  unreadable: ({ key, reason }) => ({
    en: `${key} cannot be read (${reason}); nothing is written on a guess`,
    'zh-CN': `无法读取 ${key}（${reason}）；不凭猜测写入`,
  }),
  paused: ({ until }) => ({
    en: `paused until ${until}: changes are seen, nothing is held or repaired`,
    'zh-CN': `暂停至 ${until}：只观察，不拦截也不修复`,
  }),
  resumed: () => ({ en: 'guarding again', 'zh-CN': '恢复守护' }),
  'hold-lost': ({ why }) => ({
    en: `the kernel no longer holds: ${why}; polling instead`,
    'zh-CN': `内核拦截已失效：${why}；改为轮询`,
  }),
  upgraded: (event) => ({
    en: `after the change from ${event.from} to ${event.to}: ${afterwards(event, 'en')}`,
    'zh-CN': `从 ${event.from} 变为 ${event.to} 之后：${afterwards(event, 'zh-CN')}`,
  }),
  'leases-reclaimed': ({ addresses }) => ({
    en: `${addresses.length} leaked addresses given back: ${addresses.join(', ')}`,
    'zh-CN': `归还了 ${addresses.length} 个泄漏的地址：${addresses.join('、')}`,
  }),
  reporting: ({ server, node }) => ({
    en: `reporting to ${server} as the node ${node}`,
    'zh-CN': `以节点 ${node} 向 ${server} 报告`,
  }),
  'report-trouble': ({ node, trouble, why }) => reportTroubleWords(node, { kind: trouble, detail: why }),
};

function named({ comm, cgroup, pid }: Writer): string {
  return `${comm} (pid ${pid}, ${cgroup})`;
}

function often(times: number): string {
  return times === 1 ? '' : ` (${times} times)`;
}

function oftenZh(times: number): string {
  return times === 1 ? '' : `（${times} 次）`;
}

function list(words: readonly string[], none: string): string {
  return words.length === 0 ? none : words.join(', ');
}

function changes(added: readonly string[], removed: readonly string[]): string {
  return [...added.map((key) => `+ ${key}`), ...removed.map((key) => `- ${key}`)].join(', ');
}

function afterwards({ appeared, gone, different }: EventOf<'upgraded'>, lang: Lang): string {
  const zh = lang === 'zh-CN';
  const parts = [
    ...(appeared.length > 0 ? [`${zh ? '新出现' : 'new'}: ${appeared.join(', ')}`] : []),
    ...(gone.length > 0 ? [`${zh ? '已消失' : 'gone'}: ${gone.join(', ')}`] : []),
    ...(different.length > 0 ? [`${zh ? '会变成' : 'would have become'}: ${different.join(', ')}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : zh ? '判断结果没有变化' : 'nothing is judged otherwise';
}
