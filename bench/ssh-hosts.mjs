// 50 hosts over ssh through collectMany, against `xargs -P` of the same ssh runs with the same generated script.
// Alternating runs, medians of 7. Target: at most 1.3 times. Needs root, for an sshd of its own.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { figure, median, skipped } from './measure.mjs';

const HOSTS = Number(process.env.BENCH_HOSTS ?? 50);
const RUNS = Number(process.env.BENCH_RUNS ?? 7);
const TARGET = 1.3;

const PARTS = `
export { collection, prelude } from './src/hosts/collector-script.ts';
export { sshArguments } from './src/hosts/connection.ts';
export { parseDestination } from './src/hosts/destination.ts';
export { collectMany, DEFAULT_BOUND } from './src/hosts/many.ts';
export { planOf } from './src/hosts/plan.ts';
export { sshHost } from './src/hosts/ssh.ts';
export { asksFor, SUBJECTS } from './src/snapshot/snapshot.ts';
export { startSshd } from './test/sshd.ts';
`;

const folder = await mkdtemp(join(tmpdir(), 'hayward-bench-'));
try {
  if (process.getuid?.() === 0) await withServer();
  else skipped('ssh-hosts', 'it needs root, for an sshd of its own');
} finally {
  await rm(folder, { recursive: true });
}

async function withServer() {
  const parts = await load();
  const sshd = await parts.startSshd();
  try {
    await measure(parts, sshd);
  } finally {
    await sshd.stop();
  }
}

async function load() {
  const outfile = join(folder, 'parts.cjs');
  const stdin = { contents: PARTS, resolveDir: join(import.meta.dirname, '..'), loader: 'ts' };
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
  return createRequire(import.meta.url)(outfile);
}

async function measure(parts, sshd) {
  const names = Array.from({ length: HOSTS }, (_, index) => `node-${index + 1}`);
  const config = join(folder, 'ssh_config');
  const aliases = `Host node-*\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User root\n`;
  await writeFile(config, aliases + (await readFile(join(sshd.folder, 'ssh_config'), 'utf8')));
  const options = { sshCommand: ['ssh', '-F', config] };
  const asks = parts.asksFor(Object.keys(parts.SUBJECTS));
  const hosts = names.map((name) => parts.sshHost(name, options));
  const floor = await floorOf(parts, names, asks, options);
  const ours = async () => {
    const captures = await parts.collectMany(hosts, asks, { bound: parts.DEFAULT_BOUND });
    const lost = captures.filter(({ unreachable }) => unreachable);
    if (lost.length > 0) throw new Error(`${lost.length} hosts did not answer: ${lost[0].unreachable.detail}`);
  };
  await ours();
  await floor();
  const times = { ours: [], floor: [] };
  for (let run = 0; run < RUNS; run += 1) {
    times.ours.push(await timed(ours));
    times.floor.push(await timed(floor));
  }
  report(median(times.ours), median(times.floor));
}

/** The script as the hosts send it, each run's answer into a file of its own. */
async function floorOf(parts, names, asks, options) {
  const marks = { boundary: 'b'.repeat(32), file: 'f'.repeat(32) };
  const body = parts.collection(parts.planOf(asks));
  const script = `${parts.prelude(marks)}main() {\n${body}\n}\nmain </dev/null; say end; exit 0\n`;
  const answers = join(folder, 'answers');
  await mkdir(answers);
  await writeFile(join(folder, 'script'), script);
  const argv = parts.sshArguments(parts.parseDestination('NODE'), options);
  const words = argv.map((word) => (word === 'NODE' ? '"$1"' : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
  const one = `${words} <${folder}/script >${answers}/"$1"`;
  return async () => {
    const args = ['-P', String(parts.DEFAULT_BOUND), '-I{}', 'sh', '-c', one, 'sh', '{}'];
    const { status, stderr } = spawnSync('xargs', args, { input: names.join('\n') });
    if (status !== 0) throw new Error(`xargs ended with ${status}: ${stderr}`);
    const files = await readdir(answers);
    const ends = await Promise.all(files.map(async (file) => (await readFile(join(answers, file), 'utf8')).slice(-40)));
    if (ends.length !== names.length || !ends.every((end) => end.endsWith(' end\n')))
      throw new Error('an answer was cut');
  };
}

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function report(oursMs, floorMs) {
  const note = `${HOSTS} hosts: ${oursMs.toFixed(0)} ms against ${floorMs.toFixed(0)} ms, medians of ${RUNS}`;
  figure({ name: 'ssh-hosts', value: oursMs / floorMs, unit: 'x xargs -P', atMost: TARGET, note });
  console.log(`ssh-hosts: ${note}, ratio ${(oursMs / floorMs).toFixed(2)} (target ${TARGET})`);
}
