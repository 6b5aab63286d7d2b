import type { Lang } from '../lang.ts';
import { displayWidth, padTo } from '../report/display-width.ts';
import { painter } from '../report/paint.ts';
import type { RenderOptions } from '../report/report.ts';
import { hanging, oneLine } from '../report/text-line.ts';
import { type Cell, isAnswered, KINDS, type Kind, type Matrix, matrixOf, type Probed } from './matrix.ts';
import { KIND_WORDS } from './words.ts';

/** More columns do not fit in 80; more nodes are told by what stands out. */
const MOST_NODES = 10;

const LETTERS: Readonly<Record<Kind, string>> = { pod: 'P', service: 'S', nodeport: 'N', dns: 'D' };

interface Words {
  readonly from: string;
  readonly legend: string;
  readonly lost: string;
  readonly none: string;
  readonly counted: (ok: number, lost: number, unknown: number) => string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  en: {
    from: 'from \\ to',
    legend: 'Lost: P Pod to Pod, S Service, N NodePort, D DNS; small letters: only in part; ? not known.',
    lost: 'lost',
    none: 'nothing was asked',
    counted: (ok, lost, unknown) => `${ok} ok, ${lost} lost${unknown > 0 ? `, ${unknown} not known` : ''}`,
  },
  'zh-CN': {
    from: '从 \\ 到',
    legend: '丢失：P Pod 到 Pod，S Service，N NodePort，D DNS；小写：仅部分丢失；? 未知。',
    lost: '丢失',
    none: '未发起探测',
    counted: (ok, lost, unknown) => `${ok} 正常，${lost} 丢失${unknown > 0 ? `，${unknown} 未知` : ''}`,
  },
};

/** The matrix of few nodes; of many what there was of each kind, and the rows that are not in order, alike ones together. */
export function matrixLines(all: readonly Probed[], options: RenderOptions): readonly string[] {
  const words = WORDS[options.lang];
  const rows = new Map(KINDS.map((kind) => [kind, matrixOf(all, kind)]));
  const nodes = [...new Set(all.map(({ from }) => from))];
  if (nodes.length === 0) return [words.none];
  return nodes.length <= MOST_NODES ? gridLines(nodes, rows, options) : summaryLines(rows, options);
}

type Rows = ReadonlyMap<Kind, Matrix>;

const NAME_WIDTH = 24;

function gridLines(nodes: readonly string[], rows: Rows, { lang, color, width }: RenderOptions): readonly string[] {
  const words = WORDS[lang];
  const paint = painter(color);
  const label = (name: string, index: number): string => cut(`${index + 1} ${oneLine(name)}`);
  const column = Math.max(displayWidth(words.from), ...nodes.map((name, index) => displayWidth(label(name, index))));
  const hasDns = (rows.get('dns')?.size ?? 0) > 0;
  const headings = [...nodes.map((_, index) => String(index + 1)), ...(hasDns ? ['DNS'] : [])];
  const line = (head: string, cells: readonly string[]): string =>
    `  ${padTo(head, column)}${cells.map((cell) => padTo(` ${cell}`, CELL)).join('')}`.trimEnd();
  const body = nodes.map((from, index) => {
    const cells = nodes.map((to) => cellText(from, to, rows));
    const text = line(label(from, index), [...cells, ...(hasDns ? [dnsText(rows.get('dns')?.get(from))] : [])]);
    return paint(text, cells.every((cell) => cell === 'ok') ? 'faint' : 'heading');
  });
  return [paint(line(words.from, headings), 'heading'), ...body, '', ...hanging('  ', words.legend, width)];
}

const CELL = 5;

function cut(text: string): string {
  return text.length <= NAME_WIDTH ? text : `${text.slice(0, NAME_WIDTH - 1)}…`;
}

/** `ok`; the letters of what was lost; `?` where nothing is known. */
function cellText(from: string, to: string, rows: Rows): string {
  const cells = KINDS.filter((kind) => kind !== 'dns').flatMap((kind) => {
    const cell = rows.get(kind)?.get(from)?.get(to);
    return cell ? [{ kind, cell }] : [];
  });
  const lost = cells.map(({ kind, cell }) => letterOf(kind, cell)).join('');
  if (lost !== '') return lost;
  return cells.some(({ cell }) => cell.ok === true) ? 'ok' : '?';
}

function letterOf(kind: Kind, { ok, probes }: Cell): string {
  if (ok !== false) return '';
  return probes.some(isAnswered) ? LETTERS[kind].toLowerCase() : LETTERS[kind];
}

function dnsText(row: ReadonlyMap<string, Cell> | undefined): string {
  const cells = [...(row?.values() ?? [])];
  const probes = cells.flatMap((cell) => cell.probes);
  if (cells.some(({ ok }) => ok === false)) return letterOf('dns', { ok: false, ms: undefined, error: '', probes });
  return cells.some(({ ok }) => ok === true) ? 'ok' : '?';
}

function summaryLines(rows: Rows, { lang, width, verbose }: RenderOptions): readonly string[] {
  const words = WORDS[lang];
  return [...rows].flatMap(([kind, matrix]) => {
    const cells = [...matrix.values()].flatMap((row) => [...row.values()]);
    if (cells.length === 0) return [];
    const count = (ok: boolean | undefined): number => cells.filter((cell) => cell.ok === ok).length;
    const head = `${KIND_WORDS[kind][lang]}: ${words.counted(count(true), count(false), count(undefined))}`;
    return [
      ...hanging('  ', head, width),
      ...alikeRows(matrix, words, verbose).flatMap((text) => hanging('    ', text, width)),
    ];
  });
}

/** Rows told before the rest is counted. */
const ROWS = 6;

/** `node-1, node-3 → node-2: lost`, those that lost the same together. */
function alikeRows(matrix: Matrix, words: Words, verbose: boolean): readonly string[] {
  const byLost = new Map<string, string[]>();
  for (const [from, row] of matrix) {
    const lost = [...row].filter(([, { ok }]) => ok === false).map(([to]) => to);
    if (lost.length === 0) continue;
    const isAll = lost.length === row.size;
    const key = isAll ? '*' : named(lost);
    byLost.set(key, [...(byLost.get(key) ?? []), from]);
  }
  const texts = [...byLost].map(([to, from]) => oneLine(`${named(from)} → ${to}: ${words.lost}`));
  return verbose || texts.length <= ROWS ? texts : [...texts.slice(0, ROWS), `… ${texts.length - ROWS}`];
}

/** Names told before the rest is counted. */
const NAMES = 8;

function named(nodes: readonly string[]): string {
  const shown = nodes.slice(0, NAMES).join(', ');
  return nodes.length > NAMES ? `${shown}, … (${nodes.length})` : shown;
}
