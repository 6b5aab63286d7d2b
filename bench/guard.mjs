// What `hayward guard` costs, and how soon it puts right. Needs root, iproute2, procps' sysctl and a built dist/. Everything
// happens in a network and a mount namespace, and a cgroup, of its own, which are removed again.
//   node bench/guard.mjs                 the figures: about three minutes
//   node bench/guard.mjs --soak 10m      whether memory grows while others write: as long as it is told
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuOf, guardNode, residentMiB, standing } from './guard-node.mjs';
import { figure, median, skipped } from './measure.mjs';

const here = fileURLToPath(import.meta.url);
const INTERVAL_MS = 100;
const OVER_MS = 60_000;
const HOSTILE_WRITES = 10_000;
/** Drifts that are set apart, so that their moments are anybody's. */
const APART = 30;

const atPercent = (values, percent) =>
  [...values].sort((a, b) => a - b)[Math.ceil((values.length * percent) / 100) - 1];
const format = (value, digits = 1) => value.toFixed(digits);

/** Processor time over a minute in which nothing happens, and memory after it, beside a Node that only sleeps. */
async function idle(node) {
  const guard = await node.guard('kernel', INTERVAL_MS);
  const sleeper = node.start([process.execPath, '-e', 'setInterval(() => undefined, 2 ** 30)']);
  const before = [guard, sleeper].map(({ pid }) => cpuOf(pid));
  await delay(OVER_MS);
  const [own, bare] = [guard, sleeper].map(({ pid }, at) => ((cpuOf(pid).own - before[at].own) * 100_000) / OVER_MS);
  const [resident, floor] = [guard, sleeper].map(({ pid }) => residentMiB(pid));
  sleeper.kill();
  figure({
    name: 'guard, processor',
    value: own,
    unit: '% of a core',
    atMost: 1,
    note: `${node.keys.length} settings every ${INTERVAL_MS} ms, ${guard.how}, over ${OVER_MS / 1000} s; a Node that sleeps: ${format(bare, 2)} %; each judgement of the node, every 5 min: ${format(before[0].childrens, 2)} s in a child`,
  });
  figure({
    name: 'guard, memory',
    value: resident,
    unit: 'MiB resident',
    atMost: 90,
    note: `${format(resident / floor)} x a Node that sleeps (${format(floor)} MiB)`,
  });
  await guard.end();
  return own;
}

/** How long a changed setting stands when it is polled: each of them as often as is free of backing off, one after the other. */
async function repairs(node) {
  const guard = await node.guard('poll', INTERVAL_MS);
  const atRandom = standing(node.keys.slice(0, APART), 1000);
  const stood = [1, 2, 3, 4].flatMap(() => standing(node.keys));
  await guard.end();
  const intervals = stood.map((ms) => ms / INTERVAL_MS);
  figure({
    name: 'guard, repair by polling',
    value: atPercent(intervals, 99),
    unit: 'x the interval',
    atMost: 2,
    note: `99th percentile of ${stood.length} drifts, each written right after a repair; median ${format(median(intervals), 2)}`,
  });
  return atRandom;
}

/** What people write instead: all settings by sysctl, and a second's sleep. */
async function shellLoop(node, guardCpu, guardStood) {
  const loop = node.shellLoop();
  const before = loop.cpu();
  const began = performance.now();
  const stood = standing(node.keys.slice(0, APART), 1000);
  const cpu = ((loop.cpu() - before) * 100_000) / (performance.now() - began);
  await loop.end();
  const [own, theirs] = [guardStood, stood].map(median);
  figure({
    name: 'guard, processor beside a loop of sysctl -w',
    value: guardCpu / cpu,
    unit: "x the loop's",
    atMost: 1,
    note: `${format(guardCpu, 2)} % against ${format(cpu)} % of a core`,
  });
  figure({
    name: 'guard, drift beside a loop of sysctl -w',
    value: own / theirs,
    unit: "x the loop's",
    atMost: 0.5,
    note: `a drift stands ${format(own, 0)} ms against ${format(theirs, 0)} ms, medians of ${APART} at moments of their own`,
  });
}

/** Writes that are answered by the kernel, each read back at once. */
async function held(node) {
  const guard = await node.guard('kernel', INTERVAL_MS);
  if (guard.how !== 'kernel') skipped('guard, wrong reads while held', guard.why);
  else {
    const { wrong, tookMs } = node.hostile(HOSTILE_WRITES);
    figure({
      name: 'guard, wrong reads while held',
      value: wrong,
      unit: `of ${HOSTILE_WRITES}`,
      atMost: 0,
      note: `${format((tookMs * 1000) / HOSTILE_WRITES)} µs a write and its reading`,
    });
  }
  await guard.end();
}

/** Memory while five writers keep on, in the kernel and by polling: its end against its middle. */
async function soak(node, forMs) {
  const guard = await node.guard('kernel', INTERVAL_MS);
  const writers = node.writers(5);
  const samples = [];
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    await delay(Math.min(1000, forMs / 100));
    samples.push(residentMiB(guard.pid));
  }
  for (const writer of writers) writer.kill();
  const fifth = Math.floor(samples.length / 5);
  const [early, late] = [samples.slice(fifth, 2 * fifth), samples.slice(-fifth)].map(median);
  const hours = (forMs * 0.7) / 3_600_000;
  figure({
    name: 'guard, memory over time',
    value: late / early,
    unit: 'x its own',
    atMost: 1.05,
    note: `${format(early)} MiB in the second fifth of ${format(forMs / 60_000)} min, ${format(late)} in the last: ${format((late - early) / hours)} MiB an hour; ${guard.how}`,
  });
  await guard.end();
}

/** `10m`, `90s`. */
function milliseconds(text) {
  const [, number, unit] = /^(\d+)(s|m)$/.exec(text ?? '') ?? [];
  if (number === undefined) throw new Error('--soak: expected a time like 90s or 10m');
  return Number(number) * (unit === 'm' ? 60_000 : 1000);
}

async function measure(directory, soakMs) {
  const node = guardNode(directory);
  try {
    if (soakMs !== undefined) return await soak(node, Number(soakMs));
    const cpu = await idle(node);
    const stood = await repairs(node);
    await shellLoop(node, cpu, stood);
    await held(node);
  } finally {
    await node.remove();
  }
}

function inNamespaces(soakMs) {
  const directory = mkdtempSync(`${tmpdir()}/hayward-bench-`);
  // With a listener the signal ends the run below, not this process before it has cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => undefined);
  try {
    const own = ['--net', '--mount', '--propagation', 'private', process.execPath, here, 'inside', directory];
    const run = spawnSync('unshare', soakMs === undefined ? own : [...own, String(soakMs)], { stdio: 'inherit' });
    process.exitCode = run.status ?? 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'inside') await measure(...rest);
else if (process.getuid() !== 0) skipped('guard', 'a network namespace needs root');
else inNamespaces(what === '--soak' ? milliseconds(rest[0]) : undefined);
