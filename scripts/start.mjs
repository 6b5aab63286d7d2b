// `npm start`: installs, builds, judges this machine, and says what to do next. Ends with 0 once the judgement is printed.
import { spawnSync } from 'node:child_process';
import { prepare, root } from './prepared.mjs';

const NEXT = {
  0: ['Nothing wrong here. A node elsewhere:   node dist/cli.js doctor --host root@NODE'],
  1: [
    'What would be done about it:            node dist/cli.js fix --dry-run',
    'Do it, with a way back:                 sudo node dist/cli.js fix',
  ],
  3: ['Some of it could not be seen; as root:  sudo node dist/cli.js doctor'],
};

prepare();
const doctor = spawnSync(process.execPath, ['dist/cli.js', 'doctor', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
const next = NEXT[doctor.status];
if (!next) process.exit(doctor.status ?? 1);
const lines = [
  ...next,
  'An incident from start to finish:       sudo node dist/cli.js lab demo',
  'All commands:                           node dist/cli.js --help',
];
process.stderr.write(`\n${lines.map((line) => `  ${line}\n`).join('')}`);
