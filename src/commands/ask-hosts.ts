import type { Ask } from '../hosts/ask.ts';
import type { Capture } from '../hosts/capture.ts';
import type { Host } from '../hosts/host.ts';
import { collectMany, DEFAULT_BOUND } from '../hosts/many.ts';
import type { CommonOptions } from './common-options.ts';
import { progressLine } from './progress.ts';

const WORDS = {
  en: {
    looking: (names: readonly string[]) => `looking at ${names.join(', ')} …`,
    answered: 'answered',
    unreachable: 'unreachable',
    done: (done: number, total: number, name: string, how: string) => `${done} of ${total}: ${name} ${how}`,
  },
  'zh-CN': {
    looking: (names: readonly string[]) => `正在查看 ${names.join('、')} …`,
    answered: '已应答',
    unreachable: '无法连接',
    done: (done: number, total: number, name: string, how: string) => `${done}/${total}：${name} ${how}`,
  },
} as const;

/** Asks all hosts the same, a bounded number at once, with progress on a terminal. */
export async function askHosts(
  hosts: readonly Host[],
  asks: readonly Ask[],
  { quiet, lang }: Pick<CommonOptions, 'quiet' | 'lang'>,
): Promise<Capture[]> {
  const words = WORDS[lang];
  const progress = progressLine(!quiet);
  progress.update(words.looking(hosts.map(({ name }) => name)));
  const captures = await collectMany(hosts, asks, {
    bound: DEFAULT_BOUND,
    onProgress: (done, total, name, outcome) => progress.update(words.done(done, total, name, words[outcome])),
  });
  progress.end();
  return captures;
}
