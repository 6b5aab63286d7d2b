import { expect, test } from 'vitest';
import { goVersion } from './go.ts';

test.each([
  ['1.24', [1, 24, 0]],
  ['1.24.3', [1, 24, 3]],
  ['go1.19.8', [1, 19, 8]],
  ['go1.24rc1', undefined],
  ['go1.25.1 X:greenteagc', [1, 25, 1]],
  ['devel go1.27-3f2a9c1 Mon Nov 3 2025', [1, 27, 0]],
  ['', undefined],
  ['go', undefined],
])('reads %s', (text, version) => {
  expect(goVersion(text)).toEqual(version);
});
