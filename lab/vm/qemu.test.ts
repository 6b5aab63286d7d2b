import { expect, test } from 'vitest';
import { END_MARK, scriptEnd } from './qemu.ts';

test("the script's words and its exit status are told apart", () => {
  expect(scriptEnd(`one\ntwo\n\n${END_MARK} 3\n`)).toEqual({ output: 'one\ntwo\n', exitCode: 3 });
  expect(scriptEnd(`no newline\n${END_MARK} 0\n`)).toEqual({ output: 'no newline', exitCode: 0 });
});

test('a script that never came to its end has no exit status, whatever it printed', () => {
  expect(scriptEnd('half')).toEqual({ output: 'half', exitCode: null });
  expect(scriptEnd(`${END_MARK} 0\nand went on`)).toMatchObject({ exitCode: null });
});
