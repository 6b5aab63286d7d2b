// Writes a setting ten thousand times a second, 0 and 2 in turns, through a file that is kept open, until it is ended:
//   node hostile.mjs KEY
// or reads one as often, and tells at the end of its input how often it read which value: node hostile.mjs KEY read
import { openSync, readSync, writeSync } from 'node:fs';

const [key, what] = process.argv.slice(2);
const file = openSync(`/proc/sys/${key}`, what === 'read' ? 'r' : 'w');
const buffer = Buffer.alloc(64);
const seen = {};
/** A hundred every ten milliseconds. */
const BURST = 100;

function read() {
  const value = buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0)).trim();
  seen[value] = (seen[value] ?? 0) + 1;
}

setInterval(() => {
  for (let i = 0; i < BURST; i += 1) {
    if (what === 'read') read();
    else writeSync(file, i % 2 === 0 ? '0\n' : '2\n', 0);
  }
}, 10);
process.stdin.on('end', () => {
  process.stdout.write(JSON.stringify(seen));
  process.exit(0);
});
process.stdin.resume();
