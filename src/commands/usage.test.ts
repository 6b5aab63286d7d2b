import { describe, expect, it } from 'vitest';
import { nearest } from './usage.ts';

describe('nearest', () => {
  const commands = ['doctor', 'preflight', 'fix', 'undo', 'journal', 'lab'];
  it.each([
    ['docter', 'doctor'],
    ['preflihgt', 'preflight'],
    ['pre', 'preflight'],
    ['xif', 'fix'],
    ['elephant', undefined],
    ['fi', 'fix'],
    ['ox', undefined],
    ['', undefined],
  ])('%s is meant as %s', (word, expected) => {
    expect(nearest(word, commands)).toBe(expected);
  });
});
