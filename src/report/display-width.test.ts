import { expect, test } from 'vitest';
import { cutTo, displayWidth, padTo } from './display-width.ts';

test.each([
  ['', 0],
  ['abc', 3],
  ['网桥过滤', 8],
  ['，。（）', 8],
  ['한글', 4],
  ['カナ', 4],
  ['ﾊﾝ', 2],
  ['e\u0301', 1],
  ['✓ ✗ ↳ · …', 9],
  ['😀', 2],
  ['𠮷', 2],
])('%j takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test('pads and cuts by columns, not by characters', () => {
  expect(padTo('网桥', 6)).toBe('网桥  ');
  expect(cutTo('网桥过滤', 6)).toBe('网桥…');
  expect(cutTo('网桥', 4)).toBe('网桥');
});
