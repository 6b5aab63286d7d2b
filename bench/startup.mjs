// How long `hayward --version` takes, against a Node that does nothing. Needs a built dist/.
import { fileURLToPath } from 'node:url';
import { alternating, figure } from './measure.mjs';

const RUNS = 41;
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const { hayward, nothing } = alternating(
  { hayward: { argv: [process.execPath, cli, '--version'] }, nothing: { argv: [process.execPath, '-e', '0'] } },
  RUNS,
);
figure({
  name: 'startup',
  value: hayward / nothing,
  unit: 'x node -e 0',
  atMost: 1.5,
  note: `${hayward.toFixed(1)} ms against ${nothing.toFixed(1)} ms, medians of ${RUNS}`,
});
