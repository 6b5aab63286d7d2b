import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstLine, harmless, harmlessJson, lastLine } from './sanitise.ts';

describe('harmless', () => {
  it.each([
    ['\u001b[2J', '\\x1b[2J'],
    ['a\nb\tc', 'a\\x0ab\\x09c'],
    ['\u009b31m', '\\x9b31m'],
    ['\u007f', '\\x7f'],
    ['user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['half \ud83d', 'half \\ud83d'],
    ['\ude00 half', '\\ude00 half'],
    ['节点 ünïcode 😀 \\x1b', '节点 ünïcode 😀 \\x1b'],
  ])('shows %j as %j', (text, shown) => {
    expect(harmless(text)).toBe(shown);
  });

  it('keeps newlines and tabs when asked to, and nothing else', () => {
    expect(harmless('a\nb\tc\r\u001b', { keepLayout: true })).toBe('a\nb\tc\\x0d\\x1b');
  });

  it('leaves nothing that a terminal acts on or that cannot be encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = harmless(text);
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(Buffer.from(shown).toString()).toBe(shown);
        expect(harmless(shown)).toBe(shown);
      }),
    );
  });
});

it('harmlessJson says the same, with nothing in it that a terminal acts on', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = JSON.stringify(value, undefined, 2);
      const shown = harmlessJson(text);
      expect(JSON.parse(shown)).toEqual(JSON.parse(text));
      expect(harmless(shown, { keepLayout: true })).toBe(shown);
    }),
  );
});

describe('one line of many', () => {
  it('is the first or last that says anything', () => {
    const text = '\n  first \r\nsecond\u001b\n \n';
    expect(firstLine(text)).toBe('first');
    expect(lastLine(text)).toBe('second\\x1b');
    expect(firstLine('\n')).toBe('');
  });

  it('is bounded', () => {
    expect(firstLine('x'.repeat(10_000))).toHaveLength(501);
  });
});
