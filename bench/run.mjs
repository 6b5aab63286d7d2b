// npm run bench: builds, takes every figure, prints each as a line of JSON and all of them as a table. Exits 1 when a
// target is missed. Each benchmark is a program of its own that prints its figures as lines of JSON.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BENCHMARKS = [
  'startup.mjs',
  'doctor.mjs',
  'ssh-hosts.mjs',
  'leases.mjs',
  'lease-lock.mjs',
  'guard.mjs',
  'guard-senses.mjs',
  'lint.mjs',
  'networks-probe.mjs',
  'networks-controller.mjs',
  'networks-true.mjs',
  'controller.mjs',
  'status.mjs',
];
const root = fileURLToPath(new URL('..', import.meta.url));

function run(file) {
  const { status, stdout } = spawnSync(process.execPath, [file], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  return { failed: status !== 0, stdout: stdout ?? '' };
}

function figuresOf(stdout) {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ figure }) => typeof figure === 'string');
}

function row({ figure, value, unit, atMost, met, note, skipped }) {
  if (skipped !== undefined) return [figure, 'not taken', '', skipped];
  return [figure, `${value} ${unit ?? ''}`.trim(), `${met ? 'met' : 'MISSED'} (at most ${atMost})`, note ?? ''];
}

function table(rows) {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

if (run('scripts/build.mjs').failed) process.exit(2);
const rows = [];
for (const name of BENCHMARKS) {
  const file = `bench/${name}`;
  if (!existsSync(`${root}/${file}`)) continue;
  const { failed, stdout } = run(file);
  process.stdout.write(stdout);
  if (failed) process.exitCode = 1;
  const figures = figuresOf(stdout);
  rows.push(...figures.map(row));
  if (figures.length === 0) rows.push([name, 'failed', 'MISSED', 'it printed no figure']);
}
console.log(`\n${table(rows).join('\n')}`);
