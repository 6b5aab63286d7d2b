import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { painter } from './paint.ts';
import type { RenderOptions } from './report.ts';
import { STATUS_WORDS } from './status-words.ts';
import { nameOf } from './text-finding.ts';
import { hanging, oneLine } from './text-line.ts';
import { WORDS } from './words.ts';

/** What --verbose adds to the screen: what could not be seen and was not needed, with the reason, and what was found in order. */
export function fullLines(findings: readonly Finding[], options: RenderOptions): string[] {
  const { lang, width, color } = options;
  const told = findings.filter(({ problem }) => problem !== 'cluster-ready');
  const aside = told.filter(({ status, severity }) => status === 'unknown' && severity === 'info');
  const away = told.filter(({ status }) => status === 'not-applicable');
  const fine = told.filter(({ status }) => status === 'ok');
  const paint = painter(color);
  const headed = (head: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', head, ...lines]);
  return [
    ...headed(paint(`? ${STATUS_WORDS[lang].notNeeded}`, 'unknown'), byReason(aside, options)),
    ...headed(`- ${STATUS_WORDS[lang].notApplicable}`, byReason(away, options)),
    ...headed(
      paint(`✓ ${WORDS[lang].fine(fine.length)}`, 'ok'),
      fine.flatMap((one) => hanging('  ', titled(one, lang), width)),
    ),
  ];
}

/** Each reason once, below the names of all it keeps from being seen. */
function byReason(findings: readonly Finding[], { lang, width }: RenderOptions): string[] {
  const names = new Map<string, string[]>();
  for (const finding of findings) {
    const why = oneLine(finding.unknown?.detail ?? finding.cause);
    names.set(why, [...(names.get(why) ?? []), nameOf(finding)]);
  }
  return [...names].flatMap(([why, own]) => [
    ...hanging('  ', own.join(WORDS[lang].separator), width),
    ...hanging('    ', why, width),
  ]);
}

function titled(finding: Finding, lang: Lang): string {
  const { open, close } = WORDS[lang];
  return nameOf(finding) + open + oneLine(finding.title) + close;
}
