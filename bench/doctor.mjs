// How long `doctor` takes on a large node, and how much memory, against the floor: see floor.mjs. Needs root, iproute2,
// iptables and a built dist/. The node is made in a network namespace of its own, which is removed again.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { makeLargeNode } from './large-node.mjs';
import { alternating, figure, median, peakMiB, skipped } from './measure.mjs';

const RUNS = 7;
const SETTINGS = 3000;
/** Problems found (1) and something not seen (3) are answers; bad usage (2) is not. */
const ANSWERS = [0, 1, 3];
const here = fileURLToPath(import.meta.url);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const floor = fileURLToPath(new URL('floor.mjs', import.meta.url));

function output(argv) {
  const [program, ...args] = argv;
  const run = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`${argv.join(' ')}: ${run.error?.message ?? run.stderr.trim()}`);
  return run.stdout;
}

/** Interfaces that make the wanted number of settings, by how many doctor reads of each. */
function interfacesFor(asks) {
  const each = asks.filter(({ kind, glob }) => kind === 'values' && /\/conf\/\*\//.test(glob)).length;
  return Math.max(252, Math.ceil(SETTINGS / each));
}

function measure(directory, pods) {
  const asksFile = `${directory}/asks.json`;
  const asksText = output([process.execPath, cli, 'doctor', '--print-asks']);
  writeFileSync(asksFile, asksText);
  const made = makeLargeNode({ interfaces: interfacesFor(JSON.parse(asksText)), pods });
  const seen = JSON.parse(output([process.execPath, floor, asksFile]));
  if (seen.interfaceSettings < SETTINGS) throw new Error(`only ${seen.interfaceSettings} per-interface settings`);
  // A floor that did not read the rules would be none: they make up most of the bytes.
  if (seen.bytes < made.rules * 100) throw new Error(`the floor read ${seen.bytes} bytes only: are the rules in it?`);

  const doctorArgs = [cli, 'doctor', '--json'];
  const times = alternating(
    {
      doctor: { argv: [process.execPath, ...doctorArgs], statuses: ANSWERS },
      floor: { argv: [process.execPath, floor, asksFile] },
    },
    RUNS,
  );
  const size = `${made.rules} rules, ${made.veths} veths, ${seen.interfaceSettings} per-interface settings`;
  figure({
    name: 'doctor, large node',
    value: times.doctor / times.floor,
    unit: 'x the floor',
    atMost: 2,
    note: `${times.doctor.toFixed(0)} ms against ${times.floor.toFixed(0)} ms (${seen.files} files, ${seen.commands} commands), medians of ${RUNS}; ${size}`,
  });
  const peaks = Array.from({ length: RUNS }, () => peakMiB(doctorArgs, ANSWERS));
  figure({
    name: 'doctor, large node, memory',
    value: Math.max(...peaks),
    unit: 'MiB resident',
    atMost: 150,
    note: `highest peak of ${RUNS} runs, median ${median(peaks).toFixed(0)}`,
  });
}

/** In namespaces of its own: `ip netns exec` gives this same file a /sys and a /proc/sys/net that show the node. */
function inNamespaces() {
  const token = process.pid.toString(36);
  const [node, pods] = [`hwbench-${token}`, `hwbench-pods-${token}`];
  const directory = mkdtempSync(`${tmpdir()}/hayward-bench-`);
  // With a listener the signal ends the run below, not this process before it has cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => undefined);
  try {
    for (const name of [node, pods]) output(['ip', 'netns', 'add', name]);
    const run = spawnSync('ip', ['netns', 'exec', node, process.execPath, here, directory, pods], { stdio: 'inherit' });
    process.exitCode = run.status ?? 1;
  } finally {
    for (const name of [node, pods]) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    rmSync(directory, { recursive: true, force: true });
  }
}

const [directory, pods] = process.argv.slice(2);
if (directory !== undefined) measure(directory, pods);
else if (process.getuid() !== 0) skipped('doctor, large node', 'making the node needs root');
else inNamespaces();
