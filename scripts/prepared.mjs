// Installs the packages and builds dist/ when they are missing or older than what they are made from.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INSTALL, nodePackagesStale } from './setup/node-packages.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

function modified(path) {
  return statSync(`${root}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(`${root}${folder}`, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) newest = Math.max(newest, statSync(`${entry.parentPath ?? entry.path}/${entry.name}`).mtimeMs);
  }
  return newest;
}

/** Runs a program of ours in the project's root; ends the process with its status when it fails. */
export function must(what, command, args) {
  process.stderr.write(`hayward: ${what} …\n`);
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.error) {
    process.stderr.write(`hayward: ${what} could not start: ${done.error.message}\n`);
    process.exit(1);
  }
  if (done.status !== 0) process.exit(done.status ?? 1);
}

export function prepare() {
  if (nodePackagesStale()) must('installing packages', 'npm', INSTALL);
  const sources = Math.max(newestIn('src'), newestIn('lab'), modified('package.json'), modified('scripts/build.mjs'));
  if (modified('dist/cli.js') < sources) must('building', process.execPath, ['scripts/build.mjs']);
}
