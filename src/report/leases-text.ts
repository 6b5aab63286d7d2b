import { harmless } from '../hosts/sanitise.ts';
import type { Lang } from '../lang.ts';
import type { LeaseState, LeaseVerdict } from '../leases/model.ts';
import { type LeaseReport, leaseReport, type NetworkReport } from '../leases/report.ts';
import type { RuntimeReport } from '../leases/runtime-report.ts';
import { ipv4Number } from '../trace/address.ts';
import { type Paint, painter, type Style } from './paint.ts';
import type { RenderOptions } from './report.ts';
import { hanging } from './text-line.ts';
import { wrap } from './wrap.ts';

const STYLES: Readonly<Record<LeaseState, Style>> = {
  live: 'ok',
  leaked: 'warning',
  grace: 'info',
  unknown: 'unknown',
};

interface Words {
  readonly states: Readonly<Record<LeaseState, string>>;
  readonly none: string;
  /** `open`: of how many it is not known whether they leaked. */
  readonly counts: (network: NetworkReport, open: number) => string;
  readonly foreign: (count: number) => string;
  readonly unknown: (detail: string) => string;
  readonly more: (count: number) => string;
  readonly full: (when: string, why: string) => string;
  readonly runtime: (socket: string, sandboxes: number) => string;
  readonly runtimeUnknown: (detail: string) => string;
  readonly reclaim: string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  en: {
    states: { live: 'live', leaked: 'leaked', grace: 'grace', unknown: 'unknown' },
    none: 'host-local hands out no addresses here.',
    counts: ({ used, capacity, free, leaked }, open) =>
      [
        capacity === null ? `${used} held` : `${used} of ${capacity} held`,
        `${leaked} leaked`,
        ...(open > 0 ? [`${open} not known`] : []),
        ...(capacity === null ? [] : [`${free} free`]),
      ].join(', '),
    foreign: (count) => `${count} files there are not host-local's`,
    unknown: (detail) => `not known: ${detail}`,
    more: (count) => `… and ${count} more (--verbose shows all)`,
    full: (when, why) => `full by ${when}: ${why}`,
    runtime: (socket, sandboxes) => `Runtime asked: ${[socket, `${sandboxes} sandboxes`].filter(Boolean).join(', ')}`,
    runtimeUnknown: (detail) => `The runtime could not be asked: ${detail}`,
    reclaim: 'To give leaked addresses back, while everything runs: hayward leases reclaim',
  },
  'zh-CN': {
    states: { live: '在用', leaked: '泄漏', grace: '观察', unknown: '未知' },
    none: '本节点上没有由 host-local 分配的地址。',
    counts: ({ used, capacity, free, leaked }, open) =>
      [
        ...(capacity === null ? [] : [`共 ${capacity}`]),
        `已占用 ${used}`,
        `泄漏 ${leaked}`,
        ...(open > 0 ? [`未知 ${open}`] : []),
        ...(capacity === null ? [] : [`剩余 ${free}`]),
      ].join('，'),
    foreign: (count) => `目录中有 ${count} 个文件不属于 host-local`,
    unknown: (detail) => `未知：${detail}`,
    more: (count) => `……另有 ${count} 个（--verbose 显示全部）`,
    full: (when, why) => `预计 ${when} 耗尽：${why}`,
    runtime: (socket, sandboxes) => `已查询运行时：${[socket, `${sandboxes} 个沙箱`].filter(Boolean).join('，')}`,
    runtimeUnknown: (detail) => `无法查询运行时：${detail}`,
    reclaim: '在一切照常运行时归还泄漏的地址：hayward leases reclaim',
  },
};

/** Leases shown of one state, unless everything was asked for. */
const MOST_SHOWN = 12;

/** The networks of one or more nodes, for people. Leases in use are counted; the others are shown with their reasons. */
export function leasesText(
  networks: readonly NetworkReport[],
  options: RenderOptions,
  runtimes: readonly RuntimeReport[] = [],
): string {
  const words = WORDS[options.lang];
  const paint = painter(options.color);
  if (networks.length === 0) return options.quiet ? '' : `${words.none}\n`;
  const several = new Set(networks.map(({ target }) => target)).size > 1;
  const lines = networks.flatMap((network) => networkLines(network, { words, paint, several, options }));
  for (const { target, socket, sandboxes, unknown } of runtimes) {
    const said = sandboxes === null ? words.runtimeUnknown(unknown?.detail ?? '') : words.runtime(socket, sandboxes);
    lines.push(...wrap(harmless(several ? `${target}  ${said}` : said), options.width));
  }
  if (networks.some(({ leaked }) => leaked > 0)) lines.push('', words.reclaim);
  return `${lines.join('\n')}\n`;
}

interface Context {
  readonly words: Words;
  readonly paint: Paint;
  readonly several: boolean;
  readonly options: RenderOptions;
}

function networkLines(network: NetworkReport, { words, paint, several, options }: Context): string[] {
  const { target, name, dataDir, ranges, forecast, foreignFiles, unknown, leaked, free } = network;
  const indented = (text: string) => wrap(harmless(text), options.width - 2).map((line) => `  ${line}`);
  const place = several ? `${target}  ` : '';
  const open = network.verdicts.filter(({ state }) => state === 'unknown').length;
  const style: Style = free === 0 ? 'critical' : leaked > 0 ? 'warning' : open > 0 ? 'unknown' : 'ok';
  const lines = [
    [
      harmless(place) + paint(harmless(name), 'heading'),
      ...ranges.map((range) => harmless(range)),
      paint(harmless(`${dataDir}/${name}`), 'faint'),
    ].join('  '),
    `  ${paint(words.counts(network, open), style)}`,
  ];
  if (unknown) lines.push(...indented(words.unknown(unknown.detail)));
  if (foreignFiles > 0) lines.push(...indented(words.foreign(foreignFiles)));
  const when = forecast.exhaustedAt;
  if (when !== null) lines.push(...indented(words.full(when, forecast.why)));
  // Where the ranges are not known, the reason stands above already.
  else if (!unknown) lines.push(...indented(forecast.why));
  for (const state of ['leaked', 'unknown', 'grace', 'live'] as const) {
    if (state === 'live' && !options.verbose) continue;
    lines.push(
      ...leaseLines(
        network.verdicts.filter((verdict) => verdict.state === state),
        { words, paint, several, options },
      ),
    );
  }
  return lines;
}

/** Leases of one state, each reason once above those it is given for, in the order of their addresses. */
function leaseLines(verdicts: readonly LeaseVerdict[], { words, paint, options }: Context): string[] {
  const most = options.verbose ? verdicts.length : MOST_SHOWN;
  const shown = inOrder(verdicts).slice(0, most);
  const groups = new Map<string, LeaseReport[]>();
  for (const verdict of shown) {
    const report = leaseReport(verdict, options.lang);
    const reason = report.why[0] ?? '';
    const group = groups.get(reason) ?? [];
    groups.set(reason, group);
    group.push(report);
  }
  const lines = [...groups].flatMap(([reason, reports]) => {
    const state = reports[0]?.state ?? 'unknown';
    const lead = `  ${words.states[state]}  `;
    return [
      ...hanging(lead, harmless(reason), options.width, `  ${paint(words.states[state], STYLES[state])}  `),
      ...reports.map(({ ip, containerId, since }) => {
        return `      ${ip}  ${harmless(containerId.slice(0, 13))}  ${paint(since, 'faint')}`;
      }),
    ];
  });
  return verdicts.length > shown.length ? [...lines, `  ${words.more(verdicts.length - shown.length)}`] : lines;
}

/** IPv4 by number; IPv6 as it is listed. */
function inOrder(verdicts: readonly LeaseVerdict[]): readonly LeaseVerdict[] {
  const keyed = verdicts.map((verdict) => ({ verdict, key: ipv4Number(verdict.lease.ip) ?? Number.MAX_SAFE_INTEGER }));
  return keyed.sort((a, b) => a.key - b.key).map(({ verdict }) => verdict);
}
