import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth } from './display-width.ts';
import { wrap } from './wrap.ts';

test('breaks English at blanks', () => {
  expect(wrap('the kernel drops every packet', 12)).toEqual(['the kernel', 'drops every', 'packet']);
});

test('breaks Chinese between characters, never before a full stop or after a bracket', () => {
  expect(wrap('内核丢弃每个报文。', 8)).toEqual(['内核丢弃', '每个报', '文。']);
  expect(wrap('报文（丢弃）', 6)).toEqual(['报文', '（丢', '弃）']);
});

test('keeps a Latin word in Chinese whole, and the blanks around it', () => {
  expect(wrap('把 ip_forward 设为 1', 12)).toEqual(['把', 'ip_forward', '设为 1']);
});

test('cuts a word no line can hold', () => {
  expect(wrap('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
  expect(wrap('see /etc/abc now', 5, 'whole')).toEqual(['see', '/etc/abc', 'now']);
});

const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('网桥', '，', '（', ' ', 'word', '。')), {
  maxLength: 30,
});

test('no line is ever wider than asked, and no character is lost', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 40 }), (pieces, columns) => {
      const whole = pieces.join('');
      const lines = wrap(whole, columns);
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.join('').replace(/\s/gu, '')).toBe(whole.replace(/\s/gu, ''));
    }),
  );
});
