import type { Reading } from '../../hosts/reading.ts';
import type { Finding } from '../../judging/finding.ts';
import type { Lang } from '../../lang.ts';
import { painter } from '../../report/paint.ts';
import type { RenderOptions } from '../../report/report.ts';
import { foldedTable } from '../../report/table.ts';
import { problemLines } from '../../report/text-finding.ts';
import { hanging, oneLine } from '../../report/text-line.ts';
import { STATE_WORDS } from '../state-words.ts';
import type { ListedAgent, ListedNetwork } from './listed-network.ts';

interface Words {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly none: string;
  readonly claims: string;
  readonly differ: string;
  readonly noReports: (detail: string) => string;
  readonly silent: (nodes: string) => string;
  readonly ago: (text: string) => string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  en: {
    heading: 'network',
    columns: ['state', 'reason', 'VLAN', 'nodes', 'seen', 'gateway'],
    none: 'There are no VM networks of Harvester’s.',
    claims: '*',
    differ: 'Nodes that differ:',
    noReports: (detail) => `* by Harvester’s annotation alone; no controller reports${detail && `: ${detail}`}`,
    silent: (nodes) => `No agent heard for three minutes: ${nodes}`,
    ago: (text) => `${text} ago`,
  },
  'zh-CN': {
    heading: '网络',
    columns: ['状态', '原因', 'VLAN', '节点', '最近探测', '网关'],
    none: '没有 Harvester 虚拟机网络。',
    claims: '*',
    differ: '与众不同的节点：',
    noReports: (detail) => `* 仅依据 Harvester 的注解，没有控制器报告${detail && `：${detail}`}`,
    silent: (nodes) => `三分钟内没有收到 agent 消息：${nodes}`,
    ago: (text) => `${text} 前`,
  },
};

export interface ListText {
  readonly networks: readonly ListedNetwork[];
  readonly agents: readonly ListedAgent[];
  readonly reports: Reading<unknown>;
  readonly findings: readonly Finding[];
  readonly now: Date;
}

const SILENT_MS = 180_000;

/** The networks as a table, the nodes that differ, then what is wrong. */
export function listText(list: ListText, options: RenderOptions): string {
  const words = WORDS[options.lang];
  const paint = painter(options.color);
  const { networks, findings, now } = list;
  const rows = networks.map((network) => ({
    name: network.attachment.key,
    cells: cellsOf(network, words, options.lang, now),
  }));
  const unknown = findings.flatMap(({ unknown: why, severity, subject }) =>
    why && severity !== 'info'
      ? hanging('  ? ', oneLine([subject, why.detail].filter(Boolean).join(': ')), options.width)
      : [],
  );
  const table = { heading: words.heading, headings: words.columns, rows };
  const shown = rows.length === 0 ? (unknown.length > 0 ? [] : [words.none]) : foldedTable(table, options.width);
  const isClaimed = networks.some(({ source }) => source === 'annotation');
  const why = list.reports.known ? '' : list.reports.detail;
  const claimed = isClaimed ? hanging('', words.noReports(oneLine(why)), options.width) : [];
  const differing = networks.flatMap((network) => differingLines(network, options.width));
  const problems = findings
    .filter(({ status, severity }) => status === 'problem' && (options.verbose || severity !== 'info'))
    .flatMap((finding) => ['', ...problemLines({ finding, alike: [], consequences: [] }, undefined, options)]);
  const differ = differing.length > 0 ? ['', paint(words.differ, 'heading'), ...differing] : [];
  const lines = options.quiet
    ? [...problems, ...unknown]
    : [...shown, ...claimed, ...silentLines(list, words, options), ...differ, ...problems, ...unknown];
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function cellsOf(network: ListedNetwork, words: Words, lang: Lang, now: Date): readonly string[] {
  const { state, reason, source, cidr, gateway, nodes, seenAt, attachment } = network;
  const { read } = attachment.network;
  const connected = nodes.filter((node) => node.state === 'active').length;
  return [
    `${STATE_WORDS[lang][state]}${source === 'annotation' ? words.claims : ''}`,
    reason || '-',
    read.ok ? String(read.config.vlan) : '?',
    nodes.length > 0 ? `${connected}/${nodes.length}` : '-',
    seenAt === undefined ? '-' : words.ago(ageText(now.getTime() - Date.parse(seenAt))),
    placeText(cidr, gateway),
  ];
}

function differingLines({ attachment, nodes }: ListedNetwork, width: number): readonly string[] {
  return nodes
    .filter(({ differs }) => differs)
    .flatMap(({ name, reason, message }) => {
      const text = [reason, message].filter(Boolean).join(', ');
      return hanging(`  ${oneLine(attachment.key)} ${oneLine(name)}: `, oneLine(text), width);
    });
}

function silentLines({ agents, now }: ListText, words: Words, { width }: RenderOptions): readonly string[] {
  const silent = agents.filter(({ seenAt }) => seenAt === undefined || now.getTime() - Date.parse(seenAt) > SILENT_MS);
  if (silent.length === 0) return [];
  return hanging('', words.silent(silent.map(({ node }) => oneLine(node)).join(', ')), width);
}

/** The gateway with its network's length, as `ip addr` writes an address; what there is of the two. */
function placeText(cidr: string, gateway: string): string {
  const [, length] = cidr.split('/');
  return gateway !== '' && length !== undefined ? `${gateway}/${length}` : gateway || cidr || '-';
}

/** `12s`, `5m`, `3h`, `2d`; clocks that differ make no time negative. */
function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (Number.isNaN(seconds)) return '?';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
