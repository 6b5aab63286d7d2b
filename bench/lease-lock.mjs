// How long `hayward leases reclaim` holds host-local's lock for each removal, which is how long a Pod that is being made
// waits at most: the 99th percentile, against the floor: see lock-floor.mjs. Needs root and a built dist/.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLeaseNode, writeLeases } from './lease-node.mjs';
import { figure, median, skipped } from './measure.mjs';

const LEASES = 2_000;
const RUNS = 3;
const here = fileURLToPath(import.meta.url);
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const [cli, floor, probe] = ['../dist/cli.js', 'lock-floor.mjs', 'lock-probe.mjs'].map(path);

/** Microseconds, ascending, one for each lease. */
function heldTimes(directory, args) {
  const file = join(directory, 'times.json');
  const env = { ...process.env, BENCH_LOCK_TIMES: file, HAYWARD_STATE: join(directory, 'state') };
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env };
  const { status } = spawnSync(process.execPath, ['--import', probe, ...args], options);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  const times = JSON.parse(readFileSync(file, 'utf8'));
  if (times.length !== LEASES) throw new Error(`the lock was held ${times.length} times for ${LEASES} leases`);
  return times.sort((a, b) => a - b);
}

const share = (times, part) => times[Math.min(times.length - 1, Math.floor(times.length * part))];

function measure(directory, dataDir, network, socket) {
  const reclaim = [cli, 'leases', 'reclaim', '--yes', '--json', '--data-dir', dataDir, '--cri-socket', socket];
  const runs = Array.from({ length: RUNS }, () => {
    writeLeases(network, LEASES);
    const ours = heldTimes(directory, reclaim);
    writeLeases(network, LEASES);
    return { ours, floors: heldTimes(directory, [floor, network, join(directory, 'journal')]) };
  });
  const of = (side, part) => median(runs.map((run) => share(run[side], part)));
  const [p99, floorP99] = [of('ours', 0.99), of('floors', 0.99)];
  figure({
    name: 'leases reclaim, lock held',
    value: p99 / floorP99,
    unit: 'x the floor',
    atMost: 4,
    note: `p99 ${p99.toFixed(0)} µs against ${floorP99.toFixed(0)}, p50 ${of('ours', 0.5).toFixed(0)} against ${of('floors', 0.5).toFixed(0)}, medians of ${RUNS} runs of ${LEASES} removals`,
  });
}

async function inMachine() {
  // With a listener the signal ends the run in the machine, not this process before it has cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => undefined);
  const node = await makeLeaseNode({ leases: LEASES, sandboxes: 0 });
  try {
    process.exitCode = node.run([process.execPath, here, node.directory, node.dataDir, node.network, node.socket]);
  } finally {
    await node.dispose();
  }
}

const [directory, ...rest] = process.argv.slice(2);
if (directory !== undefined) measure(directory, ...rest);
else if (process.getuid() !== 0) skipped('leases reclaim, lock held', 'a machine of namespaces needs root');
else await inMachine();
