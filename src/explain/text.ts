import { harmless } from '../hosts/sanitise.ts';
import type { Lang } from '../lang.ts';
import { displayWidth, padTo } from '../report/display-width.ts';
import { painter } from '../report/paint.ts';
import type { RenderOptions } from '../report/report.ts';
import { MARKS } from '../report/text-finding.ts';
import { hanging, oneLine } from '../report/text-line.ts';
import type { Explanation } from './explain.ts';

interface ExplainWords {
  readonly why: string;
  readonly breaks: string;
  readonly seen: string;
  readonly prove: string;
  readonly fix: string;
  readonly read: string;
  readonly times: (count: number) => string;
  readonly nothing: (lines: number) => string;
  readonly byLogAlone: string;
}

const WORDS: Readonly<Record<Lang, ExplainWords>> = {
  en: {
    why: 'Why',
    breaks: 'Breaks',
    seen: 'Line',
    prove: 'Prove it',
    fix: 'Fix',
    read: 'Read',
    times: (count) => ` (${count} times)`,
    nothing: (lines) =>
      `${lines === 1 ? 'This line says' : 'These lines say'} nothing that hayward knows; \`hayward doctor\` looks at the node itself.`,
    byLogAlone: 'No command of hayward looks for this yet. A line of a log tells of it:',
  },
  'zh-CN': {
    why: '原因',
    breaks: '影响',
    seen: '日志',
    prove: '验证',
    fix: '修复',
    read: '文档',
    times: (count) => `（${count} 次）`,
    nothing: () => 'hayward 不认识这里的任何内容；可用 `hayward doctor` 直接检查节点。',
    byLogAlone: '目前还没有 hayward 命令检查此问题，可从日志中识别：',
  },
};

/** What lines mean, as text; one sentence where nothing was known. */
export function explanationsText(explained: readonly Explanation[], lines: number, options: RenderOptions): string {
  if (explained.length === 0) return `${hanging('', WORDS[options.lang].nothing(lines), options.width).join('\n')}\n`;
  return explained.map((one) => blockText(one, options)).join('\n');
}

const READ_A_LOG = 'journalctl -u rke2-server | hayward explain -';

/** What a problem means that has no page, and that no command looks for: lines of logs alone tell of it. */
export function namedText(explained: readonly Explanation[], options: RenderOptions): string {
  const note = [...hanging('', WORDS[options.lang].byLogAlone, options.width), `  ${READ_A_LOG}`];
  return `${explained.map((one) => blockText(one, options)).join('\n')}\n${note.join('\n')}\n`;
}

function blockText(one: Explanation, { lang, color, width }: RenderOptions): string {
  const words = WORDS[lang];
  const paint = painter(color);
  const column =
    Math.max(
      ...Object.values(words).map((word) =>
        typeof word === 'string' && word !== words.byLogAlone ? displayWidth(word) : 0,
      ),
    ) + 2;
  const labelled = (label: string, text: string) => hanging(`    ${padTo(label, column)}`, text, width);
  // Never wrapped: it is there to be copied.
  const command = (label: string, text: string) => [`    ${padTo(label, column)}${harmless(text)}`];
  const [prove = '', fix] = one.commands;
  const name = one.subject === '' ? one.problem : `${one.problem} ${oneLine(one.subject)}`;
  const value = oneLine(one.evidence[0]?.value ?? '');
  const lines = [
    paint(`  ${MARKS[one.severity]} ${name}`, one.severity),
    ...hanging('    ', oneLine(one.title), width).map((line) => paint(line, 'heading')),
    ...(value === '' ? [] : labelled(words.seen, `${value}${one.count > 1 ? words.times(one.count) : ''}`)),
    ...labelled(words.why, one.cause),
    ...labelled(words.breaks, one.impact),
    ...command(words.prove, prove),
    ...(fix === undefined ? labelled(words.fix, one.advice ?? '') : command(words.fix, fix)),
    ...(one.docs === '' ? [] : command(words.read, one.docs)),
  ];
  return `${lines.join('\n')}\n`;
}
