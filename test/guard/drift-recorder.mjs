// Writes settings as somebody hostile would and measures how long each stays wrong, by reading without rest:
//   node drift-recorder.mjs APART KEY=VALUE…
// Prints for each, as a line of JSON, how long the value stood, in milliseconds. One drift at a time, each up to APART
// milliseconds after the one before is gone; with 0 right after, which is when it stands longest. It ends when all are back.
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';

const buffer = Buffer.alloc(4096);

const [apart, ...settings] = process.argv.slice(2);
const waits = new Int32Array(new SharedArrayBuffer(4));

for (const argument of settings) {
  Atomics.wait(waits, 0, 0, Number(apart) * Math.random());
  const at = argument.indexOf('=');
  const path = `/proc/sys/${argument.slice(0, at)}`;
  const wrong = argument.slice(at + 1);
  const right = readFileSync(path, 'utf8');
  const file = openSync(path, 'r');
  writeFileSync(path, wrong);
  const written = process.hrtime.bigint();
  while (buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0)) !== right);
  process.stdout.write(
    `${JSON.stringify({ setting: argument, stoodMs: Number(process.hrtime.bigint() - written) / 1e6 })}\n`,
  );
  closeSync(file);
}
