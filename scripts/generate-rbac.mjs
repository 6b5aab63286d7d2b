// Writes deploy/*/rbac.yaml from the rights that the code states, and the DaemonSet of guards that report; --check only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { manifests, SOURCES } from './rbac/manifests.mjs';
import { reportingDaemonSet } from './rbac/reporting-daemonset.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const daemonset = readFileSync(`${root}deploy/guard/daemonset.yaml`, 'utf8');
const written = {
  ...manifests(await statedRights()),
  'deploy/guard/daemonset-reporting.yaml': reportingDaemonSet(daemonset),
};

for (const [path, text] of Object.entries(written)) {
  const target = `${root}${path}`;
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${path} is out of date: run \`npm run generate\``);
    process.exit(1);
  }
}

async function statedRights() {
  const contents = Object.entries(SOURCES)
    .map(([name, path]) => `export { ${name} } from './${path}';`)
    .join('\n');
  const stdin = { contents, resolveDir: root };
  const { outputFiles } = await build({ stdin, bundle: true, platform: 'node', format: 'esm', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
