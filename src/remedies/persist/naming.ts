import { createHash } from 'node:crypto';
import type { Wanted } from './wanted.ts';

/**
 * The name all files of one plan carry: the problem and what is kept, never the values, so that a later plan for the
 * same things writes over its own files and a plan for other things (another interface, another module) beside them.
 */
export function nameFor(problemId: string, wanted: Wanted): string {
  const subjects = [
    ...wanted.settings.map(({ key }) => key.replace(/^net\//, '')),
    ...(wanted.bridgeSettings ?? []).map(({ bridge, name }) => `${bridge}/${name}`),
    ...(wanted.modules ?? []),
  ];
  const first = (subjects[0] ?? '').replaceAll('/', '.');
  const plain = first.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, LONGEST);
  const exact = subjects.length <= 1 && plain === first;
  const digest = createHash('sha256').update(JSON.stringify(subjects)).digest('hex').slice(0, 8);
  return [problemId, plain, ...(exact ? [] : [digest])].filter((part) => part !== '').join('-');
}

/** Keeps file and unit names well below 255 bytes. */
const LONGEST = 60;

/** The comment every file of ours begins with: whose it is, what for, how to take it back. */
export function headerFor(problemId: string, why: string): string {
  return [
    `# Written by hayward for the problem ${problemId}.`,
    ...why.split('\n').map((line) => `# ${line}`),
    '# To take it back: hayward undo, or delete this file. It needs neither hayward nor Node to work.',
    '',
  ].join('\n');
}
