import { cutTo, displayWidth, padTo } from './display-width.ts';
import { oneLine } from './text-line.ts';

export interface Table {
  /** The first column, repeated where the table is folded. */
  readonly heading: string;
  readonly headings: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly string[] }[];
}

/** Wider names and cells are cut. */
const LONGEST_NAME = 24;
const LONGEST_CELL = 24;

/** A framed table; columns that do not fit in `width` follow in further blocks below, each with the names again. */
export function foldedTable(table: Table, width: number): string[] {
  const names = [table.heading, ...table.rows.map(({ name }) => name)].map((name) =>
    cutTo(oneLine(name), LONGEST_NAME),
  );
  const columns = table.headings.map((heading, index) =>
    [heading, ...table.rows.map(({ cells }) => cells[index] ?? '')].map((cell) => cutTo(oneLine(cell), LONGEST_CELL)),
  );
  const first = frameWidth(names);
  const blocks: string[][][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const column of columns) {
    const own = frameWidth(column);
    const block = used + own <= width ? blocks.at(-1) : undefined;
    if (block) block.push(column);
    else blocks.push([column]);
    used = block ? used + own : first + 1 + own;
  }
  return blocks.flatMap((block, index) => [...(index > 0 ? [''] : []), ...framed([names, ...block])]);
}

/** Columns a column takes with its blanks and one rule. */
function frameWidth(cells: readonly string[]): number {
  return widest(cells) + 3;
}

function widest(cells: readonly string[]): number {
  return Math.max(...cells.map(displayWidth));
}

function framed(columns: readonly (readonly string[])[]): string[] {
  const rule = `+${columns.map((cells) => '-'.repeat(widest(cells) + 2)).join('+')}+`;
  const height = columns[0]?.length ?? 0;
  const lines = Array.from({ length: height }, (_, row) => {
    const cells = columns.map((column) => ` ${padTo(column[row] ?? '', widest(column))} `);
    return `|${cells.join('|')}|`;
  });
  const [heading = '', ...rows] = lines;
  return [rule, heading, rule, ...rows, rule];
}
