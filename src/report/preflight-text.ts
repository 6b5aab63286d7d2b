import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { columnsOf, vipColumns } from '../preflight/columns.ts';
import { type Candidate, STOPPING } from '../preflight/preflight.ts';
import type { PreflightProfile } from '../preflight/preflight-profile.ts';
import { painter } from './paint.ts';
import type { RenderOptions, Report } from './report.ts';
import { foldedTable } from './table.ts';
import { renderText } from './text.ts';
import { namesOf } from './text-finding.ts';
import { hanging, oneLine } from './text-line.ts';

const WORDS = {
  en: {
    name: 'name',
    hard: '* the installer stops without it; ',
    legend: 'y there, empty missing, no a problem, ? not known, - does not apply',
    stops: 'the installer would stop',
    unnoticed: 'the installer would not notice',
    incident: 'after the installation the network would be broken',
    unknown: 'cannot be told',
    ready: 'ready',
    because: (reasons: string) => ` (${reasons})`,
    colon: ': ',
    and: '; ',
    separator: ', ',
  },
  'zh-CN': {
    name: 'name',
    hard: '* 缺少则安装中止；',
    legend: 'y 有，空 缺少，no 有问题，? 未知，- 不适用',
    stops: '安装会中止',
    unnoticed: '安装程序不会发现',
    incident: '安装后网络会出故障',
    unknown: '无法判断',
    ready: '可以安装',
    because: (reasons: string) => `（${reasons}）`,
    colon: '：',
    and: '；',
    separator: '、',
  },
} as const;

/** The tables, a verdict for each host, then the problems as doctor tells them. */
export function preflightText(
  { profile, vip = false }: { readonly profile?: PreflightProfile; readonly vip?: boolean },
  candidates: readonly Candidate[],
  report: Report,
  options: RenderOptions,
): string {
  const { lang, width } = options;
  const words = WORDS[lang];
  const groups = [...(profile ? columnsOf(profile, lang) : []), ...(vip ? [vipColumns(lang)] : [])];
  const hard = groups.flat().some((column) => column.hard) ? words.hard : '';
  const tables = groups.flatMap((columns) => [
    ...foldedTable(
      {
        heading: words.name,
        headings: columns.map(({ heading, hard }) => heading + (hard ? '*' : '')),
        rows: candidates.map((one) => ({
          name: one.snapshot.capture.target.name,
          cells: columns.map(({ cell }) => cell(one)),
        })),
      },
      width,
    ),
    '',
  ]);
  const lines = [
    ...tables,
    ...hanging('', hard + words.legend, width),
    '',
    ...candidates.flatMap((candidate) => verdictLines(candidate, profile, options)),
  ];
  const rest = renderText(report, options);
  return `${lines.join('\n')}\n${rest === '' ? '' : '\n'}${rest}`;
}

function verdictLines(
  { snapshot, findings }: Candidate,
  profile: PreflightProfile | undefined,
  { lang, width, color }: RenderOptions,
): string[] {
  const { text, style } = verdict(findings, (profile && STOPPING[profile]) ?? [], lang);
  const line = `${oneLine(snapshot.capture.target.name)}${WORDS[lang].colon}${text}`;
  const paint = painter(color);
  return hanging('', line, width).map((one) => paint(one, style));
}

function verdict(findings: readonly Finding[], stopping: readonly string[], lang: Lang) {
  const words = WORDS[lang];
  const serious = findings.filter(({ severity }) => severity !== 'info');
  const problems = serious.filter(({ status }) => status === 'problem');
  const stops = problems.filter(({ problem, severity }) => severity === 'critical' && stopping.includes(problem));
  const unnoticed = problems.filter(({ problem, severity }) => problem === 'required-tools' && severity === 'warning');
  const incident = problems.filter((finding) => !stops.includes(finding) && !unnoticed.includes(finding));
  const unknown = serious.filter(({ status }) => status === 'unknown');
  const isBlind = findings.length > 0 && findings.every(({ status }) => status === 'unknown');
  const parts = [
    tell(words.stops, stops, lang),
    tell(words.incident, incident, lang),
    tell(words.unnoticed, unnoticed, lang),
    ...(problems.length === 0 ? [isBlind ? words.unknown : tell(words.unknown, unknown, lang)] : []),
  ].filter((part) => part !== '');
  const style = problems.length > 0 ? 'critical' : unknown.length > 0 ? 'unknown' : 'ok';
  return { text: parts.length > 0 ? parts.join(words.and) : words.ready, style } as const;
}

function tell(what: string, findings: readonly Finding[], lang: Lang): string {
  if (findings.length === 0) return '';
  const words = WORDS[lang];
  return what + words.because(namesOf(findings).join(words.separator));
}
