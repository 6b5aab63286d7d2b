import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { displayWidth } from '../src/report/display-width.ts';
import { playDemo } from './demo.ts';
import { FAULTS } from './faults.ts';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

const HERE = FAULTS.filter((fault) => fault.topology !== 'ipvs-nodes');

test.each(HERE)('$id is found, fixed, undone', async (fault) => {
  let said = '';
  const write = (text: string): void => {
    said += text;
  };
  expect(await playDemo(fault, { lang: 'en', cli: CLI, write }), said).toEqual({ end: 'shown' });
});

test('the demonstration keeps to 80 columns in Chinese too', async () => {
  let said = '';
  const write = (text: string): void => {
    said += text;
  };
  const [fault] = HERE;
  if (!fault) throw new Error('no fault');
  await playDemo(fault, { lang: 'zh-CN', cli: CLI, write });
  // A command to paste is never broken over lines.
  const wide = said.split('\n').filter((line) => displayWidth(line) > 80 && !line.includes('sysctl net.'));
  expect(wide).toEqual([]);
});
