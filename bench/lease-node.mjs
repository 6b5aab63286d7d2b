// A node for the benchmarks of leases: a machine of namespaces (lab/runtime/machine.ts) whose host-local holds a number of
// leases, and a runtime that lists some of their sandboxes. Nothing of this machine is touched; `dispose` takes all away.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const PARTS = `
export { CRI_SERVICE } from './src/hosts/cri/schema.ts';
export { encoded } from './src/hosts/cri/protobuf.ts';
export { bootMachine } from './lab/runtime/machine.ts';
`;
const NETWORK = 'k8s-pod-network';
const HOUR_MS = 3_600_000;
const APART_MS = 1_234;

const idOf = (nth) => createHash('sha256').update(String(nth)).digest('hex');
/** 10.52.0.1 is the gateway's. */
const addressOf = (nth) => `10.52.${(nth + 2) >> 8}.${(nth + 2) & 255}`;

/** Writes leases as host-local writes them, an hour old and older, into a network's directory. */
export function writeLeases(directory, count) {
  mkdirSync(directory, { recursive: true });
  const newest = Date.now() - HOUR_MS;
  for (let nth = 0; nth < count; nth += 1) {
    const path = join(directory, addressOf(nth));
    writeFileSync(path, `${idOf(nth)}\r\neth0`, { mode: 0o600 });
    const at = new Date(newest - nth * APART_MS);
    utimesSync(path, at, at);
  }
  writeFileSync(join(directory, 'last_reserved_ip.0'), addressOf(count - 1));
  writeFileSync(join(directory, 'lock'), '', { mode: 0o750 });
}

/** The first `sandboxes` of the leases belong to running Pods, the others leaked. */
export async function makeLeaseNode({ leases, sandboxes }) {
  const directory = mkdtempSync(join(tmpdir(), 'hayward-bench-'));
  const undone = [() => rmSync(directory, { recursive: true, force: true })];
  const dispose = async () => {
    for (const undo of undone.splice(0).reverse()) await undo();
  };
  try {
    const partsFile = join(directory, 'parts.cjs');
    const stdin = { contents: PARTS, resolveDir: join(import.meta.dirname, '..'), loader: 'ts' };
    await build({ stdin, outfile: partsFile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
    const { bootMachine } = createRequire(import.meta.url)(partsFile);
    const dataDir = join(directory, 'networks');
    const network = join(dataDir, NETWORK);
    writeLeases(network, leases);
    const socket = await startRuntime(directory, partsFile, sandboxes, undone);
    const disk = join(directory, 'disk');
    configure(join(disk, 'etc/cni/net.d'), dataDir);
    const machine = await bootMachine(disk);
    undone.push(() => machine.cut());
    return { directory, dataDir, network, socket, dispose, run: (argv) => runIn(machine, argv) };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function configure(directory, dataDir) {
  const ipam = { type: 'host-local', dataDir, ranges: [[{ subnet: '10.52.0.0/16' }]] };
  mkdirSync(directory, { recursive: true });
  const config = { cniVersion: '0.3.1', name: NETWORK, plugins: [{ type: 'calico', ipam }] };
  writeFileSync(join(directory, '10-canal.conflist'), JSON.stringify(config));
}

async function startRuntime(directory, partsFile, count, undone) {
  const [socket, file] = [join(directory, 'cri.sock'), join(directory, 'sandboxes.json')];
  const sandboxes = Array.from({ length: count }, (_, nth) => ({
    id: idOf(nth),
    name: `pod-${nth}`,
    ip: addressOf(nth),
  }));
  writeFileSync(file, JSON.stringify(sandboxes));
  const program = join(import.meta.dirname, 'still-runtime.mjs');
  const child = spawn(process.execPath, [program, partsFile, socket, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  undone.push(() => child.kill());
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (String(said).trim() !== 'listening') throw new Error('the scripted runtime did not start');
  return socket;
}

/** Runs a program in the machine, its output on ours, with a state directory of its own; returns its exit status. */
function runIn(machine, argv) {
  const [program, ...args] = machine.entering(argv);
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  return status ?? 1;
}
