// What the benchmarks share: alternating runs, medians, peaks of memory, and the line each figure is printed as.
import { spawnSync } from 'node:child_process';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs a program to its end and returns its wall time in milliseconds. Statuses not in `statuses` stop the benchmark. */
export function timed(argv, statuses = [0]) {
  const [program, ...args] = argv;
  const started = process.hrtime.bigint();
  const { status, error, stderr } = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  const tookMs = Number(process.hrtime.bigint() - started) / 1e6;
  if (error) throw error;
  if (!statuses.includes(status)) throw new Error(`${argv.join(' ')} ended with ${status}: ${stderr.trim()}`);
  return tookMs;
}

/**
 * Medians of `runs` alternating runs of some programs, by name: whatever slows the machine slows all of them. The first
 * run of each fills the caches and does not count.
 */
export function alternating(programs, runs) {
  const times = new Map(Object.keys(programs).map((name) => [name, []]));
  for (let run = 0; run <= runs; run += 1)
    for (const [name, { argv, statuses }] of Object.entries(programs)) {
      const took = timed(argv, statuses);
      if (run > 0) times.get(name).push(took);
    }
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
}

/**
 * Writes the process's own peak of resident memory, in KiB, to file descriptor 3 when it ends: VmHWM, for what getrusage(2)
 * tells counts the program that started this one too.
 */
const PEAK = `data:text/javascript,${encodeURIComponent(
  "import{readFileSync,writeSync}from'node:fs';process.on('exit',()=>writeSync(3,/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status','utf8'))[1]))",
)}`;

/** The peak of resident memory of a Node program, in MiB. */
export function peakMiB(args, statuses = [0]) {
  const run = spawnSync(process.execPath, ['--import', PEAK, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  if (!statuses.includes(run.status)) throw new Error(`${args.join(' ')} ended with ${run.status}`);
  return Number(run.output[3]) / 1024;
}

/** Prints one figure as a line of JSON; `atMost` is its target. A missed one makes the exit status 1. */
export function figure({ name, value, unit, atMost, note = '' }) {
  const met = value <= atMost;
  if (!met) process.exitCode = 1;
  console.log(JSON.stringify({ figure: name, value: Number(value.toFixed(3)), unit, atMost, met, note }));
}

/** Says that a figure could not be taken here. Where nothing may be skipped (CI) that is a miss. */
export function skipped(name, why) {
  if (process.env.CI === 'true') process.exitCode = 1;
  console.log(JSON.stringify({ figure: name, skipped: why }));
}
