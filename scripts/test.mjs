// `npm test`: set up, lint, types, build, and the tests of every tier that can run here. With CI=true a tier that
// cannot run, and a test that was skipped, is a failure. Tiers named as arguments (unit, kernel, kube, vm) are run alone.
// A file in which a test failed beside others is run once more with nothing beside it; that decides, and both are told.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTurn } from './in-turn.mjs';
import { installNodePackages, nodePackagesStale } from './setup/node-packages.mjs';
import { setUp } from './setup.mjs';
import { readReport } from './test-report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ci = process.env.CI === 'true';
const reports = mkdtempSync(join(tmpdir(), 'hayward-test-'));
process.once('exit', () => rmSync(reports, { recursive: true, force: true }));

const TIERS = ['unit', 'kernel', 'kube', 'vm'];
/** Lanes run side by side, the tiers of a lane one after the other: kernel tests wait for half of their time. */
const LANES = [['kernel'], ['unit', 'kube']];
/** After those, with nothing beside them: what runs on an emulated processor has limits of time. */
const ALONE = ['vm'];
const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !TIERS.includes(name));
if (unknown !== undefined) {
  console.error(`unknown tier '${unknown}', expected ${TIERS.join(', ')}`);
  process.exit(2);
}

const failures = [];
const notRun = [];
const total = { passed: 0, failed: 0, skipped: 0 };
/** What failed beside other tests, to be run alone; what then passed; what did not. */
const toRepeat = [];
const unsteady = [];
const failedTests = [];

async function section(title, work, say = (text) => console.log(text)) {
  say(`\n== ${title} ==`);
  const start = performance.now();
  const result = await work();
  say(`-- ${title}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/** Runs one of our tools; its failure is noted and the rest still runs. */
async function step(title, program, ...argv) {
  await section(title, () => {
    const { status } = spawnSync(toolPath(program), argv, { cwd: root, stdio: 'inherit' });
    if (status !== 0) failures.push(title);
  });
}

function toolPath(program) {
  const local = join(root, 'node_modules/.bin', program);
  return existsSync(local) ? local : program;
}

async function runProject(project, reasons, say) {
  if (reasons.length > 0) {
    notRun.push(...reasons.map((why) => `the ${project} tests: ${why}`));
    return;
  }
  const work = async () => {
    const { status, passed, failed, skipped } = await runTests(project, [], say);
    total.passed += passed;
    total.skipped += skipped.length;
    notRun.push(...skipped.map((name) => `${name} (skipped)`));
    if (failed.length > 0) toRepeat.push({ project, failed });
    // A run can fail without a failed test: an error nobody awaited, a crash before the report.
    else if (status !== 0) total.failed++;
    if (status !== 0 && failed.length === 0) failures.push(`${project} tests`);
  };
  await section(`${project} tests`, work, (line) => say(`${line}\n`));
}

async function runTests(project, argv, say) {
  const report = join(reports, `${project}-${argv.length}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = await vitest(['run', '--project', project, ...reporters, ...argv], say);
  return { status, ...readReport(report) };
}

/** The files in which something failed, with nothing beside them. */
async function repeatAlone() {
  for (const { project, failed } of toRepeat) {
    const files = [...new Set(failed.map(({ file }) => relative(root, file)))];
    const again = await section(`${project} tests once more, alone`, () =>
      runTests(project, ['--no-file-parallelism', ...files], (chunk) => process.stdout.write(chunk)),
    );
    const still = new Set(again.failed.map(nameOf));
    const passed = failed.filter((test) => !still.has(nameOf(test)));
    unsteady.push(...passed);
    total.passed += passed.length;
    if (again.status === 0) continue;
    failedTests.push(...again.failed);
    total.failed += Math.max(1, again.failed.length);
    failures.push(`${project} tests`);
  }
}

function nameOf({ file, name }) {
  return `${file} ${name}`;
}

/** Its exit status; what it says is handed on as it comes. */
async function vitest(argv, say) {
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const child = spawn(toolPath('vitest'), argv, {
    cwd: root,
    env: { ...process.env, ...color },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', say);
  const [status] = await once(child, 'close');
  return status;
}

/** All that were asked for; what is printed reads as if one came after the other. */
async function runTiers(tiers, lacks) {
  const voices = inTurn(tiers, (chunk) => process.stdout.write(chunk));
  const run = async (lane) => {
    for (const tier of lane.filter((one) => tiers.includes(one))) {
      const { say, end } = voices.get(tier);
      await runProject(tier, lacks[tier], say);
      end();
    }
  };
  await Promise.all(LANES.map(run));
  await run(ALONE);
}

function tell(title, tests) {
  if (tests.length === 0) return;
  console.log(`\n${title}`);
  for (const { file, name, why } of tests)
    console.log(`  ${relative(root, file)}: ${name}\n    ${why.replaceAll('\n', '\n    ')}`);
}

function conclude() {
  if (notRun.length > 0) {
    console.log('\nCould not run here:');
    for (const line of notRun) console.log(`  ${line}`);
    if (ci) failures.push('something could not run, and CI=true lets nothing be skipped');
  }
  tell('Failed beside other tests, passed alone:', unsteady);
  tell('Failed:', failedTests);
  if (failures.length > 0) console.log(`\nFailed: ${failures.join('; ')}`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

if (nodePackagesStale()) {
  await section('node packages', () => {
    if (!installNodePackages()) failures.push('node packages');
  });
}
const lacks = await section('set up', () => setUp((line) => console.log(line)));
await step('registry', process.execPath, 'scripts/generate-registry.mjs', '--check');
await step('manifests', process.execPath, 'scripts/generate-rbac.mjs', '--check');
await step('lint', 'biome', 'check', '--error-on-warnings', '.');
await step('types', 'tsc', '--noEmit');
await step('build', process.execPath, 'scripts/build.mjs');
await runTiers(chosen.length === 0 ? TIERS : TIERS.filter((tier) => chosen.includes(tier)), lacks);
await repeatAlone();
conclude();
