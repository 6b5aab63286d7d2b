import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { network } from '../../src/lint/testing.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hayward-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let run = 0;
let directory = folder;
beforeEach(() => {
  run += 1;
  directory = join(folder, String(run));
  mkdirSync(directory);
});

const MISSING = network({});
const FINE = network({
  name: 'fine',
  route: '{"mode":"auto"}',
  config: { vlan: 7 },
  labels: { 'network.harvesterhci.io/vlan-id': '7' },
});

function write(name: string, text: string | Uint8Array): string {
  writeFileSync(join(directory, name), text);
  return name;
}

function lint(args: readonly string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'lint', ...args], {
    encoding: 'utf8',
    cwd: directory,
    env: { ...process.env, LC_ALL: 'C' },
    ...(input !== undefined && { input }),
  });
  return { status, stdout, stderr };
}
const problems = (stdout: string) =>
  JSON.parse(stdout).findings.filter(
    ({ status }: { status: string }) => status !== 'ok' && status !== 'not-applicable',
  );

describe('lint', () => {
  it('ends with 0 where nothing is wrong, 1 where something is, and says where', () => {
    expect(lint([write('fine.yaml', FINE)])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('0 problems'),
    });
    const { status, stdout } = lint([write('missing.yaml', MISSING)]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^missing\.yaml:4:3: warning: vm-network-route-missing harvester-public\/vlan2011$/m);
    expect(lint(['--fail-on', 'critical', 'missing.yaml']).status).toBe(0);
    expect(lint(['-q', 'fine.yaml']).stdout).toBe('');
  });

  it('prints the shape all findings have, with the place in the evidence', () => {
    const [one] = problems(lint(['--json', write('missing.yaml', MISSING)]).stdout);
    expect(one).toMatchObject({
      problem: 'vm-network-route-missing',
      target: 'missing.yaml',
      subject: 'harvester-public/vlan2011',
      status: 'problem',
      severity: 'warning',
      evidence: [{ file: 'missing.yaml', line: 4, column: 3 }],
      remedies: [{ id: 'edit-manifest', risk: 'none', steps: [] }],
      docs: 'docs/problems/vm-network-route-missing.md',
    });
  });

  it('reads standard input, as kubectl writes it', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [] as object[] };
    expect(lint(['-'], JSON.stringify(list)).status).toBe(0);
    expect(lint(['-'], MISSING)).toMatchObject({ status: 1, stdout: expect.stringContaining('<stdin>:4:3:') });
  });

  it('prints SARIF with line and column, and JUnit', () => {
    write('missing.yaml', MISSING);
    write('bad.yaml', network({ config: { vlan: 7, bridge: 'br0' }, route: '{' }));
    const sarif = JSON.parse(lint(['--format', 'sarif', '.']).stdout).runs[0];
    const [first] = sarif.results.filter(({ ruleId }: { ruleId: string }) => ruleId === 'vm-network-route-missing');
    expect(first.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'missing.yaml' },
      region: { startLine: 4, startColumn: 3 },
    });
    const prints = sarif.results.map((one: { partialFingerprints: object }) => JSON.stringify(one.partialFingerprints));
    expect(new Set(prints).size).toBe(prints.length);
    expect(lint(['--format', 'junit', '.']).stdout).toMatch(/<testsuite name="missing.yaml" [^>]*failures="1"/);
  });

  it('speaks Chinese', () => {
    expect(lint(['--lang', 'zh-CN', write('missing.yaml', MISSING)]).stdout).toMatch(/警告.*\n.*永远不会变为 Active/);
  });

  it('looks only for what it is told to', () => {
    write('missing.yaml', MISSING);
    expect(lint(['--only', 'vm-network-route-invalid', 'missing.yaml']).status).toBe(0);
    expect(lint(['--only', 'vm-network-route-mising', 'missing.yaml'])).toMatchObject({
      status: 2,
      stderr: "hayward: unknown problem 'vm-network-route-mising' (did you mean vm-network-route-missing?)\n",
    });
  });

  it('says both of a gate whose release is not known, and one where it is', () => {
    write('config.yaml', 'kube-apiserver-arg:\n- feature-gates=AuthorizeNodeWithSelectors=false\n');
    expect(lint(['config.yaml'])).toMatchObject({ status: 3, stdout: expect.stringContaining('--kubernetes-version') });
    expect(lint(['--kubernetes-version', '1.32', 'config.yaml']).status).toBe(0);
    expect(lint(['--kubernetes-version', 'v1.34.1+rke2r1', 'config.yaml']).status).toBe(1);
    expect(lint(['--kubernetes-version', 'latest', 'config.yaml'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('lint reads', () => {
  it('directories, hidden ones and foreign JSON left out, links followed once', () => {
    mkdirSync(join(directory, 'a', '.git'), { recursive: true });
    mkdirSync(join(directory, 'a', 'node_modules'));
    mkdirSync(join(directory, 'b'));
    for (const name of ['a/x.yaml', 'a/.git/x.yaml', 'a/node_modules/x.yaml', 'b/x.yml']) write(name, MISSING);
    write('a/tsconfig.json', '{ // no manifest\n}');
    write('a/x.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }));
    symlinkSync('..', join(directory, 'a', 'up'));
    symlinkSync('../b', join(directory, 'a', 'b'));
    symlinkSync('loop', join(directory, 'a', 'loop.yaml'));
    const { status, stdout } = lint(['--json', '--only', 'vm-network-route-missing,manifest-invalid', 'a']);
    expect(status).toBe(1);
    expect(
      problems(stdout)
        .map(({ target }: { target: string }) => target)
        .sort(),
    ).toEqual(['a/b/x.yml', 'a/loop.yaml', 'a/x.yaml']);
  });

  it('a file named twice once', () => {
    write('x.yaml', MISSING);
    expect(
      problems(lint(['--json', '--only', 'vm-network-route-missing', 'x.yaml', './x.yaml', '.']).stdout).length,
    ).toBe(1);
  });

  it('a pipe to its end', () => {
    write('x.yaml', MISSING);
    const args = ['-c', `exec "${process.execPath}" "${CLI}" lint --json <(cat x.yaml)`];
    const { status } = spawnSync('bash', args, { cwd: directory, encoding: 'utf8' });
    expect(status).toBe(1);
  });

  it('what is named and is not there: status 2 and one line', () => {
    expect(lint(['nowhere.yaml'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'hayward: cannot read nowhere.yaml: no such file or directory\n',
    });
    expect(lint([])).toMatchObject({ status: 2, stdout: '' });
  });

  it('what has no end for as long as it makes sense', () => {
    expect(lint(['/dev/zero'])).toMatchObject({ status: 3, stdout: expect.stringContaining('larger than 64 MiB') });
  });

  it('nothing onto the terminal that acts there', () => {
    const text = network({ name: 'x', namespace: 'y' }).replaceAll(': x\n', ': "\\e[31m\\u202e"\n');
    const { stdout } = lint([write('x.yaml', text)]);
    expect(stdout).toContain('\\x1b[31m\\u202e');
    expect(stdout).not.toMatch(/[\x1b\u202e]/);
  });
});

describe('lint --fix', () => {
  it('writes files so that they are in order, and keeps mode, mark and line ends', () => {
    const text = `\ufeff${MISSING.replaceAll('\n', '\r\n')}`;
    write('x.yaml', text);
    chmodSync(join(directory, 'x.yaml'), 0o640);
    expect(lint(['--fix', 'x.yaml'])).toMatchObject({ status: 0, stderr: 'hayward: x.yaml: 1 put right\n' });
    const after = readFileSync(join(directory, 'x.yaml'), 'utf8');
    expect(after.replace(/ {4}network\.harvesterhci\.io\/route: .*\r\n/, '')).toBe(text);
    expect(after).not.toBe(text);
    expect(statSync(join(directory, 'x.yaml')).mode & 0o7777).toBe(0o640);
    expect(readdirSync(directory)).toEqual(['x.yaml']);
    expect(lint(['x.yaml']).status).toBe(0);
    expect(lint(['--fix', 'x.yaml'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('writes where a link leads, and leaves the link', () => {
    write('x.yaml', MISSING);
    symlinkSync('x.yaml', join(directory, 'y.yaml'));
    expect(lint(['--fix', 'y.yaml']).status).toBe(0);
    expect(lstatSync(join(directory, 'y.yaml')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(directory, 'x.yaml'), 'utf8')).toContain('"mode":"auto"');
  });

  it('with --dry-run prints a diff that patch takes, and writes nothing', () => {
    write('x.yaml', MISSING);
    write('z.yaml', MISSING.replaceAll('2011', '2012'));
    const { status, stdout } = lint(['--fix', '--dry-run', 'x.yaml', 'z.yaml']);
    expect(status).toBe(1);
    expect(readFileSync(join(directory, 'x.yaml'), 'utf8')).toBe(MISSING);
    const patched = spawnSync('git', ['apply', '-p0', '-'], { cwd: directory, input: stdout, encoding: 'utf8' });
    expect(patched).toMatchObject({ status: 0, stderr: '' });
    expect(lint(['x.yaml', 'z.yaml']).status).toBe(0);
    expect(lint(['--dry-run', 'x.yaml']).status).toBe(2);
  });

  it('of standard input prints the text put right, the report beside it', () => {
    const { status, stdout, stderr } = lint(['--fix', '-'], MISSING);
    expect([status, stdout]).toEqual([
      0,
      MISSING.replace(
        /( {4}field)/,
        `    network.harvesterhci.io/route: '{"mode":"auto","serverIPAddr":"","cidr":"","gateway":""}'\n$1`,
      ),
    ]);
    expect(stderr).toContain('0 problems');
    expect(lint(['--fix', '-'], FINE).stdout).toBe(FINE);
  });

  it('puts right what can be read of a file, and leaves the rest as it is', () => {
    const text = `${MISSING}---\na: b: c\n`;
    write('x.yaml', text);
    expect(lint(['--fix', 'x.yaml']).status).toBe(1);
    expect(readFileSync(join(directory, 'x.yaml'), 'utf8')).toMatch(/"mode":"auto"(.|\n)*\na: b: c\n$/);
  });
});
