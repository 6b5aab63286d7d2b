import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LANGS } from '../src/lang.ts';
import { displayWidth } from '../src/report/display-width.ts';
import { playDemo } from './demo.ts';
import { FAULTS } from './faults.ts';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

const HERE = FAULTS.filter((fault) => fault.topology !== 'ipvs-nodes');

/** Every other one in Chinese. */
const PLAYS = HERE.map((fault, index) => ({ id: fault.id, fault, lang: LANGS[index % LANGS.length] ?? 'en' }));

test.each(PLAYS)('$id is found, fixed, undone, in 80 columns of $lang', async ({ fault, lang }) => {
  let said = '';
  const write = (text: string): void => {
    said += text;
  };
  expect(await playDemo(fault, { lang, cli: CLI, write }), said).toEqual({ end: 'shown' });
  // A command to paste is never broken over lines.
  const wide = said.split('\n').filter((line) => displayWidth(line) > 80 && !line.includes('sysctl net.'));
  expect(wide).toEqual([]);
});
