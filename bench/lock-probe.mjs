// Measures how long a process holds flock(2), from the moment it is granted to the close that gives it back. Preloaded:
//   BENCH_LOCK_TIMES=FILE node --import bench/lock-probe.mjs PROGRAM …
// FILE holds the times when the process has ended, as a JSON list of microseconds. The program is what users run: its
// calls of flock and of closeSync go through here, which adds less than a microsecond.
import fs, { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import koffi from 'koffi';

const times = [];
let held;

const { load } = koffi;
koffi.load = (...path) => {
  const library = load(...path);
  return {
    func(declaration) {
      const flock = library.func(declaration);
      return (file, operation) => {
        const outcome = flock(file, operation);
        if (outcome === 0) held = { file, since: process.hrtime.bigint() };
        return outcome;
      };
    },
  };
};

const { closeSync } = fs;
fs.closeSync = (file) => {
  closeSync(file);
  if (held?.file !== file) return;
  times.push(Number(process.hrtime.bigint() - held.since) / 1e3);
  held = undefined;
};
syncBuiltinESMExports();

process.on('exit', () => writeFileSync(process.env.BENCH_LOCK_TIMES, JSON.stringify(times)));
