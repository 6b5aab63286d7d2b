import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleInto } from '../../lab/bundled-program.ts';
import { collection, prelude } from './collector-script.ts';
import { planOf } from './plan.ts';

const MODULE = 'nf_imagined';
const PLAN = planOf([{ kind: 'run', argv: ['echo', 'it was run'], module: MODULE }]);
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-modules-'));
  const program = `import { answerHere } from './run-local.ts';
console.log(JSON.stringify((await answerHere(${JSON.stringify(PLAN.runs[0])})).entry));`;
  bundleInto(join(directory, 'local.mjs'), { contents: program, from: import.meta.dirname });
  writeFileSync(join(directory, 'shell'), `${prelude({ boundary: '@@@', file: '@@' })}\n${collection(PLAN)}\n`);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a command where modules.dep lists the module, or another; /usr/lib is overlaid in a mount namespace of its own. */
function where(listed: string, command: string): string {
  const script = `mount -t tmpfs none /mnt && mkdir /mnt/up /mnt/work
mount -t overlay none -o lowerdir=/usr/lib,upperdir=/mnt/up,workdir=/mnt/work /usr/lib
mkdir -p /lib/modules/$(uname -r)
echo 'kernel/net/${listed}.ko.xz: kernel/net/other.ko.xz' > /lib/modules/$(uname -r)/modules.dep
${command}`;
  const done = spawnSync('unshare', ['-m', 'sh', '-e'], { input: script, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.error?.message ?? done.stderr);
  return done.stdout;
}

it.each(['local', 'shell'] as const)('a program that would load a module is not run: %s', (host) => {
  const command = host === 'local' ? `${process.execPath} ${directory}/local.mjs` : `sh ${directory}/shell`;
  const [loaded, spared] = [where('nf_other', command), where(MODULE, command)];
  expect(loaded).toContain('it was run');
  expect(spared).not.toContain('it was run');
  expect(spared).toContain(host === 'local' ? `would load ${MODULE}` : 'loadable');
});
