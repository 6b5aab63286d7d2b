import type { Finding } from '../judging/finding.ts';
import { displayWidth } from './display-width.ts';
import type { RenderOptions, Report } from './report.ts';
import { hanging, oneLine } from './text-line.ts';
import { type ReportWords, WORDS } from './words.ts';

/** Reasons told in the last line before the rest is counted. */
const REASONS = 3;

/**
 * How many were checked and with what outcome, why what is unknown is so, and what was not looked at (readings the
 * answer does not need are among the latter). One line where it fits; else the reasons first, and the counts as the
 * last line, so that a reader of the last line alone always has them.
 */
export function closingLines({ findings, only }: Report, { lang, width, verbose }: RenderOptions): string[] {
  const words = WORDS[lang];
  const unknowns = findings.filter(({ status, severity }) => status === 'unknown' && severity !== 'info');
  // Of a node that could not be seen at all its own paragraph says so; among other nodes' reasons it would mislead.
  const seen = new Set(findings.filter(({ status }) => status !== 'unknown').map(({ target }) => target));
  const blind = new Set(unknowns.map(({ target }) => target).filter((target) => !seen.has(target)));
  const aside = findings.filter(
    ({ status, severity, target }) => status === 'unknown' && severity === 'info' && !blind.has(target),
  );
  const foreign = findings.filter(({ status }) => status === 'not-applicable');
  const problem = findings.filter(({ status }) => status === 'problem').length;
  const ok = findings.filter(({ status }) => status === 'ok').length;
  const left = [
    ...reasons(aside, words, verbose),
    ...(foreign.length > 0 ? [`${ids(foreign, words)}${words.open}${words.notApplicable}${words.close}`] : []),
    ...(only ? [words.notAsked(only.join(words.separator))] : []),
  ].join(words.separator);
  const why = details(unknowns, words, verbose).join(words.semicolon);

  const counts = words.counted({ checked: problem + ok + unknowns.length, problem, ok, unknown: unknowns.length });
  const whole = counts + (why && words.because(why)) + (left && words.notLooked(left)) + words.stop;
  if (displayWidth(whole) <= width) return [whole];
  return [
    ...(why ? hanging('', words.unknownBecause(why), width) : []),
    ...(left ? hanging('', words.notLookedAt(left), width) : []),
    ...hanging('', counts + (left && words.notLooked(words.above)) + words.stop, width),
  ];
}

function ids(findings: readonly Finding[], words: ReportWords): string {
  return [...new Set(findings.map(({ problem }) => problem))].join(words.separator);
}

function detailOf({ unknown, cause }: Finding, words: ReportWords): string {
  const detail = oneLine(unknown?.detail ?? cause).replace(/[.。]$/, '');
  return detail || (unknown ? words.reason[unknown.reason] : '');
}

function details(findings: readonly Finding[], words: ReportWords, verbose: boolean): string[] {
  return limited([...new Set(findings.map((finding) => detailOf(finding, words)))], words, verbose);
}

/** What was left aside, by reason: `ipvs-forwarding (ipvsadm is not installed)`. */
function reasons(findings: readonly Finding[], words: ReportWords, verbose: boolean): string[] {
  const byDetail = new Map<string, Finding[]>();
  for (const finding of findings) {
    const detail = detailOf(finding, words);
    byDetail.set(detail, [...(byDetail.get(detail) ?? []), finding]);
  }
  const told = [...byDetail].map(([detail, own]) => `${ids(own, words)}${words.open}${detail}${words.close}`);
  return limited(told, words, verbose);
}

function limited(texts: readonly string[], words: ReportWords, verbose: boolean): string[] {
  if (verbose || texts.length <= REASONS) return [...texts];
  return [...texts.slice(0, REASONS), words.more(texts.length - REASONS)];
}
