import type { ReportStanding } from '../../fleet/reporter.ts';
import { harmless } from '../../hosts/sanitise.ts';
import type { Lang } from '../../lang.ts';
import { cutTo, displayWidth, padTo } from '../../report/display-width.ts';
import { type Paint, painter } from '../../report/paint.ts';
import type { RenderOptions } from '../../report/report.ts';
import { wrap } from '../../report/wrap.ts';
import type { GuardEvent, GuardStatus, HeldBy, KeyStatus } from '../model.ts';
import { eventWeight, eventWords } from './event-words.ts';
import { reportTroubleWords } from './report-words.ts';

/** A screen is 24 lines: what is right is counted, and events are the last few. */
const MOST_KEYS = 12;
const MOST_EVENTS = 6;

interface Words {
  readonly running: (status: GuardStatus) => string;
  readonly notRunning: string;
  readonly left: string;
  readonly paused: (until: string) => string;
  readonly judged: (problems: number, unknown: number, at: string) => string;
  readonly headings: readonly [string, string, string, string, string, string];
  readonly held: Readonly<Record<HeldBy, string>>;
  readonly contested: string;
  readonly more: (count: number) => string;
  readonly conflict: (key: string, wants: readonly string[]) => string;
  readonly nothing: string;
  readonly notJudged: string;
  readonly recent: string;
  readonly reporting: (server: string, node: string, heardAt: string) => string;
  readonly notYet: string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  en: {
    running: ({ pid, since, enforce, profile }) =>
      `guarding since ${since}, process ${pid}, profile ${profile ?? 'not known yet'}, enforcing by ${enforce?.inForce}${enforce?.why ? ` (${enforce.why})` : ''}`,
    notRunning: 'No guard runs here. Start one: hayward guard, or hayward guard install',
    left: 'What one that has ended left behind still holds these; hayward guard release lets go',
    paused: (until) => `paused until ${until}; sooner: hayward guard pause 0`,
    judged: (problems, unknown, at) => `judged ${at}: ${problems} problems, ${unknown} not known (hayward doctor)`,
    headings: ['setting', 'now', 'wanted', 'held by', 'drifts', 'last writer'],
    held: { kernel: 'kernel', poll: 'poll', event: 'event', none: 'nobody' },
    contested: 'contested',
    more: (count) => `… and ${count} more, all right (--verbose shows them)`,
    conflict: (key, wants) => `${key} is wanted as ${wants.join(' and as ')}: nothing is done`,
    nothing: 'Nothing on this node needs holding.',
    notJudged: 'The node is being judged: what needs holding is not known yet.',
    recent: 'Lately:',
    reporting: (server, node, heardAt) => `reports to ${server} as ${node}, last heard ${heardAt}`,
    notYet: 'not yet',
  },
  'zh-CN': {
    running: ({ pid, since, enforce, profile }) =>
      `自 ${since} 起守护，进程 ${pid}，profile ${profile ?? '尚未确定'}，方式 ${enforce?.inForce}${enforce?.why ? `（${enforce.why}）` : ''}`,
    notRunning: '本机没有运行守护进程。启动：hayward guard，或 hayward guard install',
    left: '已结束的守护进程留下的内核程序仍在守护以下设置；hayward guard release 可放开',
    paused: (until) => `暂停至 ${until}；提前恢复：hayward guard pause 0`,
    judged: (problems, unknown, at) => `${at} 评估：${problems} 个问题，${unknown} 项未知（见 hayward doctor）`,
    headings: ['设置', '现值', '应为', '守护方式', '漂移', '最近写入者'],
    held: { kernel: '内核', poll: '轮询', event: '事件', none: '未守护' },
    contested: '争用',
    more: (count) => `……另有 ${count} 项，均正常（--verbose 显示全部）`,
    conflict: (key, wants) => `${key} 同时被要求为 ${wants.join(' 和 ')}：不做任何操作`,
    nothing: '本节点没有需要守护的设置。',
    notJudged: '正在评估节点：尚不知道需要守护哪些设置。',
    recent: '最近：',
    reporting: (server, node, heardAt) => `以 ${node} 向 ${server} 报告，最近一次送达：${heardAt}`,
    notYet: '尚未',
  },
};

/** `guard status` for people: on one screen, worst first. */
export function statusText(status: GuardStatus, options: RenderOptions): string {
  const words = WORDS[options.lang];
  const paint = painter(options.color);
  const lines = [
    ...wrap(harmless(status.running ? words.running(status) : words.notRunning), options.width),
    ...(status.running || status.keys.length === 0 ? [] : wrap(words.left, options.width)),
    ...(status.pausedUntil === null ? [] : [paint(words.paused(status.pausedUntil), 'warning')]),
    ...(status.judged
      ? wrap(words.judged(status.judged.problems, status.judged.unknown, status.judged.at), options.width)
      : []),
    ...(status.report ? reportLines(status.report, { words, paint, options }) : []),
    ...status.conflicts.flatMap(({ key, wants }) =>
      wrap(harmless(words.conflict(key, wants)), options.width).map((line) => paint(line, 'critical')),
    ),
    ...keyLines(status, { words, paint, options }),
    ...eventLines(status.recent, { words, paint, options }),
  ];
  return `${lines.join('\n')}\n`;
}

function reportLines(report: ReportStanding, { words, paint, options }: Context): string[] {
  const { node, server, heardAt, trouble } = report;
  const text = trouble
    ? reportTroubleWords(node, trouble)[options.lang]
    : words.reporting(server, node, heardAt ?? words.notYet);
  const lines = wrap(harmless(text), options.width);
  return trouble ? lines.map((line) => paint(line, 'warning')) : lines;
}

interface Context {
  readonly words: Words;
  readonly paint: Paint;
  readonly options: RenderOptions;
}

function trouble({ right, contested, drifts }: KeyStatus): number {
  return (right ? 0 : 4) + (contested ? 2 : 0) + (drifts > 0 ? 1 : 0);
}

function keyLines({ keys, running, judged }: GuardStatus, { words, paint, options }: Context): string[] {
  if (keys.length === 0) return running ? ['', judged ? words.nothing : words.notJudged] : [];
  const sorted = [...keys].sort((one, other) => trouble(other) - trouble(one));
  const worth = sorted.filter((key, index) => options.verbose || trouble(key) > 0 || index < MOST_KEYS);
  const rows = worth.map((key) => cellsOf(key, words));
  const widths = words.headings.map((heading, at) =>
    Math.max(displayWidth(heading), ...rows.map((row) => displayWidth(row[at] ?? ''))),
  );
  // The writer takes what is left, the setting what is needed: both are cut before the figures are.
  const others = widths.slice(1, 5).reduce((sum, width) => sum + width, 0) + 5 * 2;
  widths[0] = Math.min(widths[0] ?? 0, Math.max(24, options.width - others - 11));
  widths[5] = Math.max(11, options.width - others - (widths[0] ?? 0));
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, at) => padTo(cutTo(cell, widths[at] ?? 0), widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const styled = worth.map((key, at) => {
    const line = row(rows[at] ?? []);
    return key.right ? line : paint(line, 'critical');
  });
  const rest = keys.length - worth.length;
  return ['', paint(row(words.headings), 'heading'), ...styled, ...(rest > 0 ? [words.more(rest)] : [])];
}

function cellsOf({ key, value, wanted, held, drifts, contested, lastWriter }: KeyStatus, words: Words): string[] {
  const writer = lastWriter ? `${lastWriter.comm} ${lastWriter.cgroup}` : '';
  const count = contested ? `${drifts} ${words.contested}` : String(drifts);
  return [key, value ?? '?', wanted, words.held[held], count, writer].map((cell) => harmless(cell));
}

function eventLines(recent: readonly GuardEvent[], { words, paint, options }: Context): string[] {
  if (recent.length === 0) return [];
  const shown = recent.slice(0, options.verbose ? recent.length : MOST_EVENTS);
  const lines = shown.flatMap((event) => {
    const text = `${event.at.slice(11, 19)} ${eventWords(event, options.lang)}`;
    const weight = eventWeight(event);
    const style = weight === 'warning' ? 'warning' : weight === 'good' ? 'ok' : 'faint';
    return wrap(harmless(text), options.width - 2).map((line) => `  ${paint(line, style)}`);
  });
  return ['', paint(words.recent, 'heading'), ...lines];
}
