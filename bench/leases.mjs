// How long `hayward leases` takes for 50,000 leases against 500 sandboxes, and how much memory, against the floor: see
// leases-floor.mjs. Needs root and a built dist/.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLeaseNode } from './lease-node.mjs';
import { alternating, figure, median, peakMiB, skipped } from './measure.mjs';

const LEASES = 50_000;
const SANDBOXES = 500;
const RUNS = 7;
/** Leaked leases are what it finds: 1. */
const FOUND = [1];
const here = fileURLToPath(import.meta.url);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const floor = fileURLToPath(new URL('leases-floor.mjs', import.meta.url));

function measure(directory, dataDir, socket) {
  // A history of its own, and the same one for every run.
  process.env.HAYWARD_STATE = join(directory, 'state');
  const leases = [cli, 'leases', '--json', '--data-dir', dataDir, '--cri-socket', socket];
  const least = [floor, dataDir, socket, LEASES, SANDBOXES].map(String);
  const times = alternating(
    {
      leases: { argv: [process.execPath, ...leases], statuses: FOUND },
      floor: { argv: [process.execPath, ...least] },
    },
    RUNS,
  );
  const size = `${LEASES} leases, ${SANDBOXES} sandboxes`;
  figure({
    name: 'leases',
    value: times.leases / times.floor,
    unit: 'x the floor',
    atMost: 2,
    note: `${times.leases.toFixed(0)} ms against ${times.floor.toFixed(0)} ms, medians of ${RUNS}; ${size}`,
  });
  const peaks = Array.from({ length: RUNS }, () => ({ ours: peakMiB(leases, FOUND), floors: peakMiB(least) }));
  const ours = peaks.map((peak) => peak.ours);
  const floors = median(peaks.map((peak) => peak.floors));
  figure({
    name: 'leases, memory',
    value: Math.max(...ours) / floors,
    unit: 'x the floor',
    atMost: 2,
    note: `highest peak of ${RUNS} runs ${Math.max(...ours).toFixed(0)} MiB resident, median ${median(ours).toFixed(0)}, against ${floors.toFixed(0)}; ${size}`,
  });
}

async function inMachine() {
  // With a listener the signal ends the run in the machine, not this process before it has cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => undefined);
  const node = await makeLeaseNode({ leases: LEASES, sandboxes: SANDBOXES });
  try {
    process.exitCode = node.run([process.execPath, here, node.directory, node.dataDir, node.socket]);
  } finally {
    await node.dispose();
  }
}

const [directory, dataDir, socket] = process.argv.slice(2);
if (directory !== undefined) measure(directory, dataDir, socket);
else if (process.getuid() !== 0) skipped('leases', 'a machine of namespaces needs root');
else await inMachine();
