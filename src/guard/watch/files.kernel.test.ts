import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT } from '../../probes/kernel-test-bed.ts';
import type { Unwatched } from './files.ts';
import { bundled } from './kernel-test-bed.ts';

/**
 * Prints what could not be watched, then what could not once the limit was raised. A user namespace counts inotify
 * instances and watches of its own (user_namespaces(7), /proc/sys/user), so that nobody else's are used up.
 */
const PROGRAM = `
import { writeFileSync } from 'node:fs';
import { watchFiles } from './files.ts';
const [limit, most, ...directories] = process.argv.slice(2);
writeFileSync('/proc/sys/user/' + limit, most);
const files = watchFiles({ places: directories.map((directory) => ({ directory })), quietMs: 0 });
const first = files.drain(0).unwatched;
const again = files.drain(1).unwatched;
writeFileSync('/proc/sys/user/' + limit, '100');
files.again();
const raised = files.drain(2).unwatched;
process.stdout.write(JSON.stringify({ first, again, raised }));
files.close();
`;

let directory: string;
let program: string;

beforeAll(() => {
  const cache = `${PROJECT}/node_modules/.cache/hayward-guard-tests`;
  mkdirSync(cache, { recursive: true });
  directory = mkdtempSync(`${cache}/run-`);
  program = `${directory}/files.mjs`;
  for (const name of ['a', 'b', 'c']) mkdirSync(`${directory}/${name}`);
  writeFileSync(program, bundled(PROGRAM));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Told {
  readonly first?: readonly Unwatched[];
  readonly again?: readonly Unwatched[];
  readonly raised?: readonly Unwatched[];
}

function told(limit: string, most: number): Told {
  const directories = ['a', 'b', 'c'].map((name) => `${directory}/${name}`);
  const argv = ['-Ur', process.execPath, program, limit, String(most), ...directories];
  return JSON.parse(execFileSync('unshare', argv, { encoding: 'utf8' })) as Told;
}

describe('too few watches', () => {
  it('are told once, do no harm, and all is well when there are enough again', () => {
    // The parent, which comes first, and two of the three.
    const { first, again, raised } = told('max_inotify_watches', 3);
    expect(first).toEqual([
      { directory: `${directory}/c`, why: 'no inotify watch is left for this user (fs.inotify.max_user_watches)' },
    ]);
    expect(again).toBeUndefined();
    expect(raised).toEqual([]);
  });

  it('and no instance at all is told as such', () => {
    const { first } = told('max_inotify_instances', 0);
    expect(first).toHaveLength(4);
    expect(first?.[0]?.why).toBe('no inotify instance is left for this user (fs.inotify.max_user_instances)');
  });
});
