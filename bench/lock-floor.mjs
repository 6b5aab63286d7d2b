// The floor under the lock of a removal: what nobody can leave out who takes leases away under host-local's lock and can put
// them back. The content on the disk first, the lock, the file read again and removed, the lock given back, the directory
// on the disk. Measured by lock-probe.mjs.
//   node --import bench/lock-probe.mjs bench/lock-floor.mjs DIRECTORY JOURNAL
import * as fs from 'node:fs';
import koffi from 'koffi';

const [directory, journalFile] = process.argv.slice(2);
const { O_CREAT, O_NOFOLLOW, O_RDONLY } = fs.constants;
const LOCK_EX = 2;
const LOCK_NB = 4;
const flock = koffi.load(null).func('int flock(int, int)');
const buffer = Buffer.alloc(128);
const journal = fs.openSync(journalFile, 'a');

function read(path) {
  const file = fs.openSync(path, O_RDONLY | O_NOFOLLOW);
  const text = fs.fstatSync(file).isFile() ? buffer.toString('latin1', 0, fs.readSync(file, buffer, 0, 128, 0)) : '';
  fs.closeSync(file);
  return text;
}

function remove(path) {
  const expected = read(path);
  fs.writeSync(journal, `${JSON.stringify({ path, expected })}\n`);
  fs.fsyncSync(journal);
  const lock = fs.openSync(`${directory}/lock`, O_RDONLY | O_CREAT, 0o750);
  if (flock(lock, LOCK_EX | LOCK_NB) !== 0) throw new Error('the lock is taken');
  if (read(path) === expected) fs.unlinkSync(path);
  fs.closeSync(lock);
  const folder = fs.openSync(directory, 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}

for (const name of fs.readdirSync(directory)) if (/^[0-9.]+$/.test(name)) remove(`${directory}/${name}`);
