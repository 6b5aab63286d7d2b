import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicateName, jsonFault } from './json-fault.ts';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('where a text stops being JSON', () => {
  it.each([
    ['', 0],
    ['{', 1],
    ['{"a"}', 4],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a":auto}', 5],
    ['{"a":01}', 5],
    ['{"a":"\n"}', 5],
    ['{"a":"\\x"}', 5],
    ['{} {}', 3],
    ['{"a":1]', 6],
    ['\u00a0{}', 0],
    ['truex', 0],
  ])('%j: at %i', (text, at) => {
    expect(jsonFault(text)).toMatchObject({ at });
  });

  it('is nowhere exactly where JSON.parse has nothing to say', () => {
    const nearly = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', '"', ':', '0', '\\', '\n', 'e'))
      .map(
        ([json, at, wedge]) => json.slice(0, at % (json.length + 1)) + wedge + json.slice((at + 1) % (json.length + 1)),
      );
    fc.assert(
      fc.property(fc.oneof(nearly, fc.json(), fc.string({ unit: 'binary' })), (text) => {
        const fault = jsonFault(text);
        expect(fault === undefined).toBe(parses(text));
        if (!fault) return;
        expect(fault.at).toBeLessThanOrEqual(text.length);
        expect(fault.message.length).toBeLessThan(100);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a name that stands twice', () => {
  it.each([
    ['{"a":1,"a":2}', { name: 'a', at: 7 }],
    ['{"a":{"b":1,"c":[],"b":"b"}}', { name: 'b', at: 19 }],
    ['[{"a":1},{"a":2,"\\u0061":3}]', { name: 'a', at: 16 }],
    ['{"a":"a","b":["a","a"],"c":{"a":1}}', undefined],
    ['"a"', undefined],
  ])('%s: %j', (text, found) => {
    expect(duplicateName(text)).toEqual(found);
  });

  it('is found behind megabytes of text', () => {
    const long = 'x'.repeat(3 * 1024 * 1024);
    expect(duplicateName(`{"a":"${long}","a":1}`)).toEqual({ name: 'a', at: long.length + 8 });
  });
});
