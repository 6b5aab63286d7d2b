import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth } from './display-width.ts';
import { foldedTable } from './table.ts';

test('draws a frame, columns by width and not by characters', () => {
  const table = { heading: 'name', headings: ['转发', 'b'], rows: [{ name: 'node-1', cells: ['y', '12:00'] }] };
  expect(foldedTable(table, 80)).toEqual([
    '+--------+------+-------+',
    '| name   | 转发 | b     |',
    '+--------+------+-------+',
    '| node-1 | y    | 12:00 |',
    '+--------+------+-------+',
  ]);
});

test('columns that do not fit follow below, with the names again', () => {
  const table = { heading: 'n', headings: ['aaaa', 'bbbb', 'cccc'], rows: [{ name: 'x', cells: ['1', '2', '3'] }] };
  expect(foldedTable(table, 20)).toEqual([
    '+---+------+------+',
    '| n | aaaa | bbbb |',
    '+---+------+------+',
    '| x | 1    | 2    |',
    '+---+------+------+',
    '',
    '+---+------+',
    '| n | cccc |',
    '+---+------+',
    '| x | 3    |',
    '+---+------+',
  ]);
});

const cell = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('网桥', 'y', '\x1b[2J', 'x'.repeat(100)),
);
const shape = fc.record({
  headings: fc.array(cell, { minLength: 1, maxLength: 20 }),
  rows: fc.array(fc.record({ name: cell, cells: fc.array(cell, { maxLength: 20 }) }), { maxLength: 6 }),
});

test('never wider than 80 columns, whatever the hosts are called', () => {
  fc.assert(
    fc.property(shape, ({ headings, rows }) => {
      for (const line of foldedTable({ heading: 'name', headings, rows }, 80)) {
        expect(displayWidth(line)).toBeLessThanOrEqual(80);
        expect(line).not.toMatch(/[\p{Cc}\p{Surrogate}]/u);
      }
    }),
  );
});
