// The floor under `doctor`: makes the same reads and runs the same commands, and does nothing else with them.
//   node bench/floor.mjs ASKS.json      (the list is what `hayward doctor --print-asks` prints)
// The large node has no container runtime, so that there is no socket to ask.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/var/lib/rancher/rke2/bin';
const asks = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
const seen = { files: 0, interfaceSettings: 0, bytes: 0, commands: 0 };
const done = new Set();

function read(path) {
  if (done.has(path)) return false;
  done.add(path);
  try {
    seen.bytes += readFileSync(path).length;
    seen.files += 1;
    return true;
  } catch {
    return false;
  }
}

function names(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function expand(glob) {
  return glob
    .slice(1)
    .split('/')
    .reduce(
      (paths, part) => {
        if (!part.includes('*')) return paths.map((path) => `${path}/${part}`);
        const escaped = part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
        const pattern = new RegExp(`^(?!\\.)${escaped}$`);
        return paths.flatMap((path) =>
          names(path || '/')
            .filter((name) => pattern.test(name))
            .map((name) => `${path}/${name}`),
        );
      },
      [''],
    );
}

function readGlob(glob) {
  const read_ = expand(glob).filter(read).length;
  if (/\/conf\/\*\//.test(glob)) seen.interfaceSettings += read_;
}

function findProgram(name) {
  return PATH.split(':').find((directory) => {
    try {
      accessSync(`${directory}/${name}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether asking would load this module: it is not there, and it could be. Doctor does not run such a command either. */
function wouldLoad(module) {
  if (existsSync(`/sys/module/${module}`)) return false;
  const index = `/lib/modules/${release}/modules.dep`;
  return existsSync(index) && readFileSync(index, 'utf8').includes(`/${module}.ko`);
}

function wanted({ onlyIf, module }) {
  if (onlyIf !== undefined && !existsSync(onlyIf)) return false;
  return module === undefined || !wouldLoad(module);
}

function run({ argv: [program, ...args] }) {
  seen.commands += 1;
  const options = { env: { ...process.env, PATH, LC_ALL: 'C' }, maxBuffer: 1 << 28, encoding: 'buffer' };
  execFile(program, args, options, (_error, stdout) => {
    seen.bytes += stdout.length;
  });
}

const at = (path) => path.replaceAll('{release}', release);
for (const ask of asks) if (ask.kind === 'run' && wanted(ask)) run(ask);
for (const ask of asks) {
  if (ask.kind === 'file') read(at(ask.path));
  else if (ask.kind === 'list') readNames(ask.path);
  else if (ask.kind === 'which') ask.names.forEach(findProgram);
  else if (ask.kind === 'leases') readGlob(`${ask.directory}/*/*`);
  else if (ask.glob) readGlob(at(ask.glob));
}

function readNames(path) {
  seen.files += names(at(path)).length > 0 ? 1 : 0;
}

process.on('exit', () => console.log(JSON.stringify(seen)));
