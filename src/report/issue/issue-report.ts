import { isSecretName } from '../../bundle/redact-keys.ts';
import { REDACTED } from '../../bundle/redact-shapes.ts';
import type { Evidence, Finding, Severity } from '../../judging/finding.ts';
import type { Lang } from '../../lang.ts';
import { describeStep } from '../../remedies/describe.ts';
import type { Report, ReportTarget } from '../report.ts';
import { WORDS } from '../words.ts';
import { fenced } from './markdown.ts';
import { listed, type Page, pageFor, SHOWN } from './page.ts';
import { pseudonyms } from './pseudonyms.ts';
import type { IssueWords } from './words.ts';

/** GitHub takes 65,536 characters for an issue; the rest is for what one writes above it. */
const LONGEST = 60_000;

export interface IssueOptions {
  readonly lang: Lang;
  /** Names of hosts beside those of the targets, to be replaced. */
  readonly names?: readonly string[];
}

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/**
 * The problems of a report as Markdown for an issue somewhere public: without secrets, public addresses and host names, and with nothing
 * in it that a renderer or GitHub would act on. Pure.
 */
export function issueReport(report: Report, { lang, names = [] }: IssueOptions): string {
  const page = pageFor(lang, pseudonyms([...namesIn(report), ...names]), report.cluster !== undefined);
  const { words } = page;
  const groups = groupsOf(report.findings);
  const [first, ...others] = groups;
  const title = first === undefined ? words.none : page.said(first[0].title);
  const rest = others.length === 0 ? '' : ` (${words.several(others.length)})`;
  const head = [`# hayward${words.colon}${title}${rest}`, '', ...environmentLines(report, page)];
  const unseen = unseenLines(report.findings, page);
  const body = groups.length === 0 ? [words.noneText] : [];
  let room = LONGEST - lengthOf(head) - lengthOf(unseen);
  let untold = 0;
  for (const [index, group] of groups.entries()) {
    const section = untold > 0 ? [] : sectionOf(group, index + 1, page);
    room -= lengthOf(section);
    if (room < 0) untold++;
    else body.push(...section);
  }
  if (untold > 0) body.push(words.moreFindings(untold), '');
  const closing = ['---', '', words.judged(countsOf(report.findings)), words.replaced(page.counted())];
  return `${[...head, ...body, '', ...unseen, ...closing].join('\n').replace(/\n{3,}/g, '\n\n')}\n`;
}

/** Of a bundle's cluster the name is its file's. */
function namesIn({ targets, findings, cluster }: Report): string[] {
  if (cluster && targets.every(({ via }) => via === 'bundle')) return [];
  const destinations = targets.flatMap(
    ({ destination }) => destination?.replace(/^.*@/, '').replace(/:\d+$/, '') ?? [],
  );
  return [...targets.map(({ name }) => name), ...destinations, ...findings.map(({ target }) => target)];
}

type Group = readonly [Finding, ...Finding[]];

/** Worst first; what is wrong in the same way in many places is one. */
function groupsOf(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  const problems = withoutVerdict(findings).filter(({ status }) => status === 'problem');
  for (const finding of problems.sort((a, b) => RANK[a.severity] - RANK[b.severity])) {
    const key = `${finding.problem} ${finding.title}`;
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()];
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

function environmentLines({ tool, targets, takenAt, cluster }: Report, page: Page): string[] {
  const { words } = page;
  const shown = targets.slice(0, SHOWN);
  const lines = [
    `hayward ${tool.version}, ${takenAt}`,
    ...(cluster ? [`cluster: ${cluster.verdict}`] : []),
    ...shown.flatMap((target) => targetLines(target, page)),
    ...(targets.length > shown.length ? [words.more(targets.length - shown.length)] : []),
  ];
  return [`## ${words.environment}`, '', ...fenced(lines, 'text'), ''];
}

function targetLines({ name, via, takenAt, profile, versions = [] }: ReportTarget, page: Page): string[] {
  const moment = takenAt === undefined ? '' : `, ${takenAt}`;
  const facts = versions.map(({ what, version }) => page.line(`${what}: ${version}`));
  return [`${page.host(name)} (${via}${moment}): profile ${profile}`, ...facts.map((fact) => `  ${fact}`)];
}

function sectionOf(group: Group, number: number, page: Page): string[] {
  const { words, lang } = page;
  const [finding] = group;
  const places = [
    ...new Set(group.map(({ target, subject }) => page.code(`${page.host(target)} ${page.line(subject)}`))),
  ];
  const labelled = (label: string, text: string) => (text === '' ? [] : [`- ${label}${words.colon}${text}`]);
  const severity = WORDS[lang].severity[finding.severity];
  return [
    `## ${number}. ${page.code(finding.problem)} (${severity})${words.colon}${page.said(finding.title)}`,
    '',
    ...labelled(words.where, listed(places, words, String).join(', ')),
    ...labelled(words.why, page.said(finding.cause)),
    ...labelled(words.breaks, page.said(finding.impact)),
    ...labelled(
      words.read,
      `${page.code(WORDS[lang].page(finding.docs))}, ${page.code(`hayward explain ${finding.problem}`)}`,
    ),
    '',
    ...block(
      words.seen,
      listed(
        group.flatMap(({ evidence }) => evidence),
        words,
        (one) => evidenceText(one, page),
      ),
      words,
    ),
    ...block(words.prove, page.line(finding.prove).split('\n'), words, 'sh'),
    ...cureLines(finding, page),
  ];
}

function block(
  label: string,
  lines: readonly string[],
  { colon }: IssueWords,
  language: 'text' | 'sh' = 'text',
): string[] {
  const told = lines.filter((line) => line.trim() !== '');
  return told.length === 0 ? [] : [`${label}${colon}`.trim(), '', ...fenced(told, language), ''];
}

/**
 * Each piece is looked through by itself, with its own lines; the value by where it was read, and gone where that is called as secrets
 * are. Services called NAME-webhook are none.
 */
function evidenceText({ source, value, wanted, file, line }: Evidence, page: Page): string {
  const piece = (text: string, from?: string) => page.line(text, from).trim().replaceAll('\n', ' ⏎ ');
  const place = file === undefined || file === source ? '' : ` [${piece(file)}${line ? `:${line}` : ''}]`;
  const name = source.split(/[\s/]+/).at(-1) ?? '';
  const isSecret = isSecretName(name) && !name.endsWith('webhook');
  const wish = wanted === undefined || isSecret ? '' : page.words.wanted(piece(wanted, file ?? source));
  return `${piece(source)} = ${isSecret ? REDACTED : piece(value, file ?? source)}${wish}${place}`;
}

function cureLines({ problem, remedies }: Finding, page: Page): string[] {
  const { words, lang } = page;
  if (remedies.length === 0) return [`${words.cure}${words.colon}${words.noCure}`, ''];
  const steps = remedies.flatMap((remedy) => [
    `${page.line(remedy.summary[lang])} (${WORDS[lang].risk[remedy.risk]})`,
    ...remedy.steps.map((step) => {
      const { does, undo } = describeStep(step, lang);
      return `  - ${page.line(does)}; ${words.undo}${words.colon}${page.line(undo)}`;
    }),
  ]);
  return [
    `${words.cure}${words.colon}${page.code(`hayward fix ${problem}`)}`,
    '',
    ...fenced(listed(steps, words, String), 'text'),
    '',
  ];
}

/** The verdict is told beside the versions, and why by the findings. */
function withoutVerdict(findings: readonly Finding[]): readonly Finding[] {
  const others = findings.filter(({ problem }) => problem !== 'cluster-ready');
  return others.length > 0 ? others : findings;
}

/** What is not known and matters may be why a thing is not found. */
function unseenLines(findings: readonly Finding[], page: Page): string[] {
  const unknowns = withoutVerdict(findings).filter(
    ({ status, severity }) => status === 'unknown' && severity !== 'info',
  );
  const lineOf = ({ problem, target, subject, unknown }: Finding): string => {
    const name = [problem, page.host(target), page.line(subject)].filter((part) => part !== '').join(' ');
    return `${name} (${unknown?.reason ?? ''}) ${page.line(unknown?.detail ?? '')}`.replaceAll('\n', ' ');
  };
  if (unknowns.length === 0) return [];
  return [`## ${page.words.unseen}`, '', ...fenced(listed(unknowns, page.words, lineOf), 'text'), ''];
}

function countsOf(findings: readonly Finding[]) {
  const count = (wanted: Finding['status']) => findings.filter(({ status }) => status === wanted).length;
  return { ok: count('ok'), problem: count('problem'), unknown: count('unknown') };
}
