import { harmless } from '../hosts/sanitise.ts';
import { shellWord } from '../hosts/shell-text.ts';
import type { Evidence, Finding, Severity } from '../judging/finding.ts';
import { displayWidth, padTo } from './display-width.ts';
import { type Paint, painter } from './paint.ts';
import type { RenderOptions, ReportTarget } from './report.ts';
import { hanging, oneLine } from './text-line.ts';
import { type ReportWords, WORDS } from './words.ts';

export const MARKS: Readonly<Record<Severity, string>> = { critical: '✗', warning: '!', info: 'i' };

/** Evidence and alike subjects shown before the rest is counted. */
const SHOWN = 5;

/** A problem with what belongs to it: other subjects in the same plight, and what follows from it. */
export interface ProblemBlock {
  readonly finding: Finding;
  readonly alike: readonly Finding[];
  readonly consequences: readonly Finding[];
}

/** One problem as lines: what, why, what it breaks, the proof, the cure. */
export function problemLines(block: ProblemBlock, target: ReportTarget | undefined, options: RenderOptions): string[] {
  const { finding, alike, consequences } = block;
  const page = pageFor(options);
  const { words } = page;
  const { verbose } = options;
  const fix = fixText(finding, target, words);
  return [
    ...headline(finding, page),
    ...alikeLines(alike, page, verbose),
    ...page.labelled(words.why, oneLine(finding.cause)),
    ...page.labelled(words.breaks, oneLine(finding.impact)),
    ...page.labelledLines(words.seen, evidenceTexts(finding.evidence, words, verbose)),
    ...page.command(words.prove, finding.prove),
    ...(fix.command === '' ? page.labelled(words.fix, fix.text) : page.command(words.fix, fix.text + fix.command)),
    ...finding.remedies.flatMap((remedy) =>
      page.labelled(
        '',
        `- ${oneLine(remedy.summary[options.lang])}${words.open}${words.risk[remedy.risk]}${words.close}`,
      ),
    ),
    ...(verbose && finding.remedies.length > 0 ? page.labelled(words.read, words.page(finding.docs)) : []),
    ...consequences.flatMap((one) =>
      hanging('    ↳ ', words.follows(`${nameOf(one)}${words.open}${oneLine(one.title)}${words.close}`), page.width),
    ),
  ];
}

/** A problem's id and its subject, harmless. */
export function nameOf({ problem, subject }: Finding): string {
  return subject === '' ? problem : `${problem} ${oneLine(subject)}`;
}

/** Findings by name, each problem once with its subjects: `rp-filter eth0 eth1`. */
export function namesOf(findings: readonly Finding[]): string[] {
  const subjects = new Map<string, Set<string>>();
  for (const { problem, subject } of findings) {
    subjects.set(problem, (subjects.get(problem) ?? new Set()).add(oneLine(subject)));
  }
  return [...subjects].map(([problem, own]) => [problem, ...own].join(' ').trim());
}

interface Page {
  readonly words: ReportWords;
  readonly paint: Paint;
  readonly width: number;
  labelled(label: string, text: string): string[];
  labelledLines(label: string, texts: readonly string[]): string[];
  command(label: string, text: string): string[];
}

function pageFor({ lang, color, width }: RenderOptions): Page {
  const words = WORDS[lang];
  const paint = painter(color);
  const labels = [words.why, words.breaks, words.seen, words.prove, words.fix, words.read];
  const column = Math.max(...labels.map(displayWidth)) + 2;
  const lead = (label: string) => `    ${padTo(label, column)}`;
  const shown = (label: string) => `    ${paint(label, 'faint')}${padTo('', column - displayWidth(label))}`;
  const labelled = (label: string, text: string) => hanging(lead(label), text, width, shown(label));
  return {
    words,
    paint,
    width,
    labelled,
    labelledLines: (label, texts) => texts.flatMap((text, index) => labelled(index === 0 ? label : '', text)),
    // Never wrapped: it is there to be copied. What is too long for a line gets a line for each command.
    command: (label, text) =>
      harmless(text, { keepLayout: true })
        .split('\n')
        .filter((line) => line !== '')
        .flatMap((line) => (displayWidth(lead('') + line) > width ? commandsOf(line) : [line]))
        .map((line, index) => (index === 0 ? shown(label) : lead('')) + line),
  };
}

/** The commands of a shell line, parted where `; ` stands outside quotes. */
function commandsOf(line: string): string[] {
  return line.match(/(?:'[^']*'|"[^"]*"|[^;'"]|;(?! )|['"])+/g)?.map((command) => command.replace(/^ /, '')) ?? [line];
}

function headline(finding: Finding, { words, paint, width }: Page): string[] {
  const { severity } = finding;
  const lead = `  ${MARKS[severity]} `;
  const name = hanging(lead, `${words.severity[severity]} · ${nameOf(finding)}`, width);
  const title = hanging('    ', oneLine(finding.title), width);
  return [...name.map((line) => paint(line, severity)), ...title.map((line) => paint(line, 'heading'))];
}

/** `fix` reaches the same node the same way; a file tree is looked at, and put right on the node itself. */
function fixText(
  finding: Finding,
  seen: ReportTarget | undefined,
  words: ReportWords,
): { text: string; command: string } {
  if (finding.remedies.length === 0) return { text: words.noFix(words.page(finding.docs)), command: '' };
  const command = `hayward fix ${finding.problem}`;
  const target = oneLine(finding.target);
  if (seen?.via === 'ssh') return { text: '', command: `${command} --host ${shellWord(seen.destination ?? target)}` };
  return { text: seen === undefined || seen.via === 'local' ? '' : `${words.onNode(target)} `, command };
}

function evidenceTexts(evidence: readonly Evidence[], words: ReportWords, verbose: boolean): string[] {
  const texts = evidence.map((one) => evidenceText(one, words));
  if (verbose || texts.length <= SHOWN) return texts;
  return [...texts.slice(0, SHOWN), words.more(texts.length - SHOWN)];
}

function evidenceText({ source, value, wanted, file, line }: Evidence, words: ReportWords): string {
  const shown = (text: string) => oneLine(text) || words.empty;
  const wish = wanted === undefined ? '' : words.open + words.wanted(shown(wanted)) + words.close;
  const place = file === undefined ? '' : `${oneLine(file)}${line ? `:${line}` : ''}`;
  const said = `${oneLine(source)} = ${shown(value)}${wish}`;
  if (place === '') return said;
  return source === file ? `${place}: ${shown(value)}${wish}` : `${said} [${place}]`;
}

function alikeLines(alike: readonly Finding[], { words, width }: Page, verbose: boolean): string[] {
  if (alike.length === 0) return [];
  const subjects = alike.map(({ subject }) => oneLine(subject));
  const listed = verbose ? subjects : subjects.slice(0, SHOWN);
  const rest = subjects.length - listed.length;
  const told = [...listed, ...(rest > 0 ? [words.more(rest)] : [])].join(words.separator);
  return hanging('    ', words.alike(told), width);
}
