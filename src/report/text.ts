import type { Finding, Severity } from '../judging/finding.ts';
import { cutTo } from './display-width.ts';
import { painter } from './paint.ts';
import type { RenderOptions, Report, ReportTarget } from './report.ts';
import { nameOf, namesOf, type ProblemBlock, problemLines } from './text-finding.ts';
import { hanging, oneLine } from './text-line.ts';
import { closingLines } from './text-summary.ts';
import { WORDS } from './words.ts';

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/** The report for a person: worst first, one paragraph a problem, and last what was checked and what was not. */
export function renderText(report: Report, options: RenderOptions): string {
  const sections = nodesOf(report)
    .sort((a, b) => worstOf(a.findings) - worstOf(b.findings))
    .map((node) => nodeLines(node, options))
    .filter((lines) => lines.length > 0);
  if (!options.quiet) sections.push(closingLines(report, options));
  return sections.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

interface Node {
  readonly name: string;
  /** Not known of a finding about something that is no node. */
  readonly target?: ReportTarget;
  readonly findings: readonly Finding[];
}

function nodesOf(report: Report): Node[] {
  const targets = new Map(report.targets.map((target) => [target.name, target]));
  const names = new Set([...targets.keys(), ...report.findings.map(({ target }) => target)]);
  return [...names].map((name) => {
    const target = targets.get(name);
    return { name, ...(target && { target }), findings: report.findings.filter((finding) => finding.target === name) };
  });
}

function worstOf(findings: readonly Finding[]): number {
  const ranks = findings.map(({ status, severity }) => {
    if (status === 'problem') return RANK[severity];
    return status === 'unknown' && severity !== 'info' ? RANK.warning + 0.5 : Number.POSITIVE_INFINITY;
  });
  // A finite bound, so that two healthy nodes compare as equal and keep their order.
  return Math.min(RANK.info + 1, ...ranks);
}

function nodeLines({ name, target, findings }: Node, options: RenderOptions): string[] {
  const blocks = blocksOf(findings).flatMap((block) => ['', ...problemLines(block, target, options)]);
  const body = [...blocks, ...unknownLines(findings, options), ...fineLines(findings, options)];
  if (options.quiet && body.length === 0) return [];
  return [...headingLines({ name, ...(target && { target }), findings }, options), ...body];
}

function headingLines({ name, target, findings }: Node, options: RenderOptions): string[] {
  const words = WORDS[options.lang];
  const paint = painter(options.color);
  const moment = target?.takenAt === undefined ? '' : ` · ${words.asOf(oneLine(target.takenAt))}`;
  const title = target ? `${oneLine(name)} · ${target.profile}${moment}` : oneLine(name);
  const heading = hanging('', title, options.width).map((line) => paint(line, 'heading'));
  const evidence = target?.profileEvidence.map(oneLine).filter((text) => text !== '') ?? [];
  if (evidence.length === 0) return heading;
  // Of a node that could not be seen at all nothing is known, least of all that it is none.
  const isCandidate =
    target?.profile === 'generic' && findings.some(({ status }) => status === 'ok' || status === 'problem');
  const candidate = isCandidate ? hanging('  ', words.candidate, options.width) : [];
  if (isCandidate && !options.verbose) return [...heading, ...candidate];
  const told = words.foundFrom(evidence.join(words.separator));
  const found = options.verbose ? hanging('  ', told, options.width) : [cutTo(`  ${told}`, options.width)];
  return [...heading, ...candidate, ...found.map((line) => paint(line, 'faint'))];
}

/** Problems worst first; those that differ in nothing but their subject, and consequences, under the first. */
function blocksOf(findings: readonly Finding[]): ProblemBlock[] {
  const problems = findings.filter(({ status }) => status === 'problem');
  const ids = new Set(problems.map(({ problem }) => problem));
  const isHidden = (finding: Finding) => finding.consequenceOf !== undefined && ids.has(finding.consequenceOf);
  const groups = new Map<string, Finding[]>();
  for (const finding of problems.filter((one) => !isHidden(one))) {
    const key = plight(finding);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const sorted = [...groups.values()].sort((a, b) => groupRank(a) - groupRank(b));
  const hidden = problems.filter(isHidden);
  const adopted = new Set<Finding>();
  return sorted.flatMap(([finding, ...alike]) => {
    if (!finding) return [];
    const consequences = hidden.filter((one) => one.consequenceOf === finding.problem && !adopted.has(one));
    for (const one of consequences) adopted.add(one);
    return [{ finding, alike, consequences }];
  });
}

function groupRank(group: readonly Finding[]): number {
  return group[0] ? RANK[group[0].severity] : RANK.info;
}

/** What two findings must share to be told once: all but the subject's own name. */
function plight({ problem, severity, subject, cause, impact }: Finding): string {
  const apart = (text: string) => (subject === '' ? text : text.replaceAll(subject, '\0'));
  return JSON.stringify([problem, severity, subject === '', apart(cause), apart(impact)]);
}

/** Unknowns that decide the answer, one paragraph a reason: an unreachable node is one, not forty. */
function unknownLines(findings: readonly Finding[], options: RenderOptions): string[] {
  const words = WORDS[options.lang];
  const paint = painter(options.color);
  const byReason = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.status !== 'unknown' || finding.severity === 'info') continue;
    const reason = finding.unknown ? words.reason[finding.unknown.reason] : '';
    const why = `${oneLine(finding.unknown?.detail ?? finding.cause)}${words.open}${reason}${words.close}`;
    byReason.set(why, [...(byReason.get(why) ?? []), finding]);
  }
  const isBlind = findings.length > 1 && byReason.size === 1 && findings.every(({ status }) => status === 'unknown');
  return [...byReason].flatMap(([why, own]) => {
    const names = isBlind ? words.everything(own.length) : namesOf(own).join(words.separator);
    const head = hanging('  ? ', words.notKnown(names), options.width);
    return ['', ...head.map((line) => paint(line, 'unknown')), ...hanging('    ', why, options.width)];
  });
}

function fineLines(findings: readonly Finding[], options: RenderOptions): string[] {
  const fine = findings.filter(({ status }) => status === 'ok');
  if (options.quiet || fine.length === 0) return [];
  const words = WORDS[options.lang];
  const paint = painter(options.color);
  const count = `  ✓ ${words.fine(fine.length)}${options.verbose ? '' : words.fineHint}`;
  const listed = options.verbose
    ? fine.flatMap((one) =>
        hanging('    ', `${nameOf(one)}${words.open}${oneLine(one.title)}${words.close}`, options.width),
      )
    : [];
  return ['', paint(count, 'ok'), ...listed];
}
