// How long `lint` takes for many manifests, against a program that only parses them with the same library. Needs a built
// dist/.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { alternating, figure } from './measure.mjs';

const MANIFESTS = 10_000;
const RUNS = 5;
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const yaml = import.meta.resolve('yaml');

/** Reads and parses every file of a directory, and keeps what it parsed, as a linter has to. */
const PARSE = `
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from ${JSON.stringify(yaml)};
const [directory] = process.argv.slice(1);
const kept = [];
for (const name of readdirSync(directory).sort())
  kept.push(parseAllDocuments(readFileSync(directory + '/' + name, 'utf8')));
if (kept.length !== ${MANIFESTS}) process.exit(1);
`;

/** One network in five has no route. */
function manifest(n) {
  const vlan = (n % 4094) + 1;
  const network = `cn${Math.floor(n / 4094)}`;
  const route = n % 5 === 0 ? '' : `    network.harvesterhci.io/route: '{"mode":"auto"}'\n`;
  return `# Network ${n}
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: vlan${n}
  namespace: tenant-${n % 50}
  annotations:
    field.cattle.io/description: the network of tenant ${n % 50}
${route}  labels:
    network.harvesterhci.io/clusternetwork: ${network}
    network.harvesterhci.io/type: L2VlanNetwork
    network.harvesterhci.io/vlan-id: "${vlan}"
spec:
  config: >-
    {"cniVersion":"0.3.1","name":"vlan${n}","type":"bridge","bridge":"${network}-br","promiscMode":true,"vlan":${vlan},"ipam":{}}
`;
}

const directory = mkdtempSync(`${tmpdir()}/hayward-bench-`);
try {
  const manifests = `${directory}/manifests`;
  mkdirSync(manifests);
  for (let n = 0; n < MANIFESTS; n += 1) writeFileSync(`${manifests}/vlan${n}.yaml`, manifest(n));
  const { lint, parse } = alternating(
    {
      lint: { argv: [process.execPath, cli, 'lint', manifests, '--json'], statuses: [1] },
      parse: { argv: [process.execPath, '--input-type=module', '-e', PARSE, manifests] },
    },
    RUNS,
  );
  figure({
    name: 'lint, 10,000 manifests',
    value: lint / parse,
    unit: 'x only parsing',
    atMost: 2,
    note: `${lint.toFixed(0)} ms against ${parse.toFixed(0)} ms, medians of ${RUNS}; every finding as JSON`,
  });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
