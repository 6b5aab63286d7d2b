import type { Comparison, Difference, Kind, NotCompared } from '../diff/model.ts';
import type { Lang } from '../lang.ts';
import { type Paint, painter } from './paint.ts';
import type { RenderOptions } from './report.ts';
import { hanging, oneLine } from './text-line.ts';

export interface Compared {
  readonly comparisons: readonly Comparison[];
  /** Names of nodes that only one side has. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

interface Words {
  readonly kinds: Readonly<Record<Kind, string>>;
  readonly weights: Readonly<Record<Difference['weight'], string>>;
  readonly head: (a: string, b: string, matter: number) => string;
  readonly same: string;
  readonly others: (count: number) => string;
  readonly unseen: (count: number) => string;
  readonly only: (side: string, names: string) => string;
  readonly nothing: string;
  readonly more: (count: number) => string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  en: {
    kinds: {
      finding: 'problem',
      setting: 'setting',
      module: 'module',
      network: 'network',
      version: 'version',
      boot: 'next boot',
      program: 'program',
      file: 'file',
    },
    weights: { critical: 'critical', warning: 'warning', info: 'note' },
    head: (a, b, matter) =>
      `A ${a}, B ${b}: ${matter} ${matter === 1 ? 'difference' : 'differences'} that ${matter === 1 ? 'matters' : 'matter'}`,
    same: 'Nothing that matters differs.',
    others: (count) => `${count} more of little weight: -v shows them.`,
    unseen: (count) => `Could not be compared: ${count}`,
    only: (side, names) => `Only in ${side}: ${names}`,
    nothing: '(nothing)',
    more: (count) => `… ${count} more lines`,
  },
  'zh-CN': {
    kinds: {
      finding: '问题',
      setting: '设置',
      module: '模块',
      network: '网络',
      version: '版本',
      boot: '下次启动',
      program: '程序',
      file: '文件',
    },
    weights: { critical: '严重', warning: '警告', info: '提示' },
    head: (a, b, matter) => `A ${a}，B ${b}：${matter} 处重要差别`,
    same: '没有重要差别。',
    others: (count) => `另有 ${count} 处次要差别：用 -v 显示。`,
    unseen: (count) => `无法比较：${count} 项`,
    only: (side, names) => `仅在 ${side} 中：${names}`,
    nothing: '（无）',
    more: (count) => `…… 另有 ${count} 行`,
  },
};

/** Lines of a file that are shown without `--verbose`. */
const SHOWN_LINES = 5;

/** Comparisons as text: what matters first, each thing with what it is on either node. */
export function diffText({ comparisons, onlyA, onlyB }: Compared, options: RenderOptions): string {
  const words = WORDS[options.lang];
  const paint = painter(options.color);
  const lines = comparisons.flatMap((comparison) => [...comparisonLines(comparison, words, paint, options), '']);
  const sides = [
    ['A', onlyA],
    ['B', onlyB],
  ] as const;
  for (const [side, names] of sides) {
    if (names.length > 0)
      lines.push(...hanging('', words.only(side, names.map(oneLine).join(', ')), options.width), '');
  }
  return lines.map((line) => `${line}\n`).join('');
}

function comparisonLines(
  { a, b, differences, notCompared }: Comparison,
  words: Words,
  paint: Paint,
  options: RenderOptions,
): string[] {
  const matter = differences.filter(({ weight }) => weight !== 'info');
  const shown = options.verbose ? differences : matter;
  const head = hanging('', words.head(oneLine(a), oneLine(b), matter.length), options.width).map((line) =>
    paint(line, 'heading'),
  );
  const hidden = differences.length - shown.length;
  return [
    ...head,
    ...(matter.length === 0 ? [words.same] : []),
    ...shown.flatMap((difference) => differenceLines(difference, words, paint, options)),
    ...(hidden > 0 ? ['', words.others(hidden)] : []),
    ...unseenLines(notCompared, words, paint, options),
  ];
}

const MARKS = { critical: '✗', warning: '!', info: '·' } as const;

function differenceLines(
  { kind, weight, subject, a, b }: Difference,
  words: Words,
  paint: Paint,
  options: RenderOptions,
): string[] {
  const title = `${words.weights[weight]} · ${words.kinds[kind]} · ${oneLine(subject)}`;
  const head = hanging(`  ${MARKS[weight]} `, title, options.width).map((line) => paint(line, weight));
  return ['', ...head, ...valueLines('A', a, words, options), ...valueLines('B', b, words, options)];
}

function valueLines(side: string, value: string, words: Words, { width, verbose }: RenderOptions): string[] {
  const all = value === '' ? [words.nothing] : value.split('\n');
  const shown = verbose ? all : all.slice(0, SHOWN_LINES);
  const rest = all.length - shown.length;
  const lines = [...shown.map(oneLine), ...(rest > 0 ? [words.more(rest)] : [])];
  return lines.flatMap((line, index) => hanging(`    ${index === 0 ? side : ' '} `, line, width));
}

function unseenLines(
  notCompared: readonly NotCompared[],
  words: Words,
  paint: Paint,
  { width, verbose }: RenderOptions,
): string[] {
  if (notCompared.length === 0) return [];
  const head = ['', paint(words.unseen(notCompared.length), 'unknown')];
  const shown = verbose ? notCompared : notCompared.slice(0, SHOWN_LINES);
  const details = shown.flatMap(({ subject, detail }) => hanging('  ? ', oneLine(`${subject}: ${detail}`), width));
  return [...head, ...details, ...(shown.length < notCompared.length ? ['  …'] : [])];
}
