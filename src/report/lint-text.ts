import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { displayWidth, padTo } from './display-width.ts';
import { painter } from './paint.ts';
import type { RenderOptions } from './report.ts';
import { hanging, oneLine } from './text-line.ts';
import { WORDS } from './words.ts';

/** What was read, for the last line. */
export interface LintCounts {
  readonly files: number;
  readonly objects: number;
}

interface LintWords {
  readonly unknown: string;
  readonly repairs: (summary: string) => string;
  readonly counted: (counts: LintCounts & Readonly<Record<'problems' | 'notes' | 'unknown', number>>) => string;
  readonly fixable: (count: number) => string;
  readonly nothing: string;
}

const LINT_WORDS: Readonly<Record<Lang, LintWords>> = {
  en: {
    unknown: 'unknown',
    repairs: (summary) => `--fix: ${summary}`,
    counted: ({ files, objects, problems, notes, unknown }) =>
      `${files} ${files === 1 ? 'file' : 'files'} with ${objects} ${objects === 1 ? 'object' : 'objects'} read: ` +
      `${problems} ${problems === 1 ? 'problem' : 'problems'}, ${notes} ${notes === 1 ? 'note' : 'notes'}, ${unknown} unknown.`,
    fixable: (count) => ` ${count} can be put right by --fix.`,
    nothing: ' None of a kind that is judged here.',
  },
  'zh-CN': {
    unknown: '未知',
    repairs: (summary) => `--fix：${summary}`,
    counted: ({ files, objects, problems, notes, unknown }) =>
      `已读取 ${files} 个文件、${objects} 个对象：${problems} 个问题，${notes} 条提示，${unknown} 项未知。`,
    fixable: (count) => `其中 ${count} 项可用 --fix 修复。`,
    nothing: '没有可在此检查的类型。',
  },
};

/** Findings in files as compilers tell them: place first, which editors and CI follow; then what, why, and what cures it. */
export function lintText(findings: readonly Finding[], counts: LintCounts, options: RenderOptions): string {
  const shown = findings.filter((one) => isShown(one, options));
  const blocks = shown.map((one) => block(one, options));
  const closing = options.quiet ? '' : closingText(findings, counts, options);
  return blocks.join('') + (blocks.length > 0 && closing !== '' ? '\n' : '') + closing;
}

function isShown({ status, severity }: Finding, { quiet, verbose }: RenderOptions): boolean {
  if (status === 'problem') return severity !== 'info' || !quiet;
  return status === 'unknown' ? severity !== 'info' || verbose : verbose;
}

function block(finding: Finding, options: RenderOptions): string {
  const { lang, width, color, verbose } = options;
  const words = WORDS[lang];
  const paint = painter(color);
  const { status, severity, remedies } = finding;
  const level =
    status === 'problem' ? words.severity[severity] : status === 'unknown' ? LINT_WORDS[lang].unknown : status;
  const subject = finding.subject === '' ? '' : ` ${oneLine(finding.subject)}`;
  const head = `${placeOf(finding)}: ${level}: ${finding.problem}${subject}`;
  const label = status === 'problem' ? severity : status === 'unknown' ? 'unknown' : 'ok';
  const title = oneLine(finding.title);
  if (status === 'ok') return `${paint(head, label)}\n`;
  // A note is a line; its why is on its page.
  if (severity === 'info' && !verbose)
    return `${paint(head, label)}: ${status === 'problem' ? title : oneLine(finding.cause)}\n`;
  const labels = [words.why, words.breaks, words.fix, words.read];
  const column = Math.max(...labels.map(displayWidth)) + 2;
  const told = (name: string, text: string) =>
    text === '' ? [] : hanging(`    ${padTo(name, column)}`, oneLine(text), width);
  const fix = remedies.map(({ summary }) => LINT_WORDS[lang].repairs(summary[lang])).join(words.semicolon);
  const lines = [
    paint(head, label),
    ...hanging('    ', title, width).map((line) => paint(line, 'heading')),
    ...told(words.why, finding.cause),
    ...told(words.breaks, finding.impact),
    ...told(words.fix, fix),
    ...(verbose ? told(words.read, words.page(finding.docs)) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function placeOf({ target, evidence }: Finding): string {
  const [first] = evidence;
  if (first?.line === undefined) return oneLine(target);
  return `${oneLine(target)}:${first.line}:${first.column ?? 1}`;
}

function closingText(findings: readonly Finding[], counts: LintCounts, { lang, width }: RenderOptions): string {
  const words = LINT_WORDS[lang];
  const found = findings.filter(({ status }) => status === 'problem');
  const problems = found.filter(({ severity }) => severity !== 'info');
  const fixable = found.filter(({ remedies }) => remedies.length > 0).length;
  const unknown = findings.filter(({ status, severity }) => status === 'unknown' && severity !== 'info').length;
  const judged = findings.some(({ problem }) => problem !== 'manifest-invalid');
  const text =
    words.counted({ ...counts, problems: problems.length, notes: found.length - problems.length, unknown }) +
    (fixable > 0 ? words.fixable(fixable) : '') +
    (judged || found.length + unknown > 0 ? '' : words.nothing);
  return `${hanging('', text, width).join('\n')}\n`;
}
