import { expect, it } from 'vitest';

interface Voice {
  say(chunk: string): void;
  end(): void;
}

const MODULE = new URL('../../scripts/in-turn.mjs', import.meta.url).href;
const { inTurn } = (await import(MODULE)) as {
  inTurn(names: readonly string[], write: (chunk: string) => void): ReadonlyMap<string, Voice>;
};

it('reads as one after the other, the first at once, whoever ends first', () => {
  let said = '';
  const voices = inTurn(['a', 'b', 'c'], (chunk) => {
    said += chunk;
  });
  const [a, b, c] = [...voices.values()] as [Voice, Voice, Voice];
  b.say('b1 ');
  a.say('a1 ');
  expect(said).toBe('a1 ');
  c.say('c1 ');
  c.end();
  a.say('a2 ');
  a.end();
  expect(said).toBe('a1 a2 b1 ');
  b.say('b2 ');
  expect(said).toBe('a1 a2 b1 b2 ');
  b.end();
  expect(said).toBe('a1 a2 b1 b2 c1 ');
});
