import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { displayWidth } from '../../src/report/display-width.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hayward-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hayward(...args: string[]) {
  const environment = { ...process.env, LC_ALL: 'C', HAYWARD_STATE: join(folder, 'state') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    env: environment,
  });
  return { status, stdout, stderr };
}

describe('wrong usage ends with status 2 and one line that names the right word', () => {
  it.each([
    [['docter'], 'doctor'],
    [['lab'], 'up, break'],
    [['networks'], 'probe'],
    [['networks', 'prob'], 'networks probe'],
    [['networks', 'probe', '--bridge'], '(see hayward networks probe --help)'],
    [['networks', 'probe', '--vlan', '7'], '--bridge'],
    [['networks', 'probe', '--bridge', 'br0'], '--vlan (0 for untagged)'],
    [['networks', 'probe', '--bridge', 'br0', '--vlan', '4095'], 'from 0 to 4094'],
    [['networks', 'probe', '--bridge', '../br0', '--vlan', '7'], 'not an interface name'],
    [['networks', 'probe', '--bridge', 'br0', '--vlan', '7', '--cidr', '10.0.0.0'], '--cidr 10.0.0.0'],
    [['networks', 'probe', '--bridge', 'br0', '--vlan', '7', '--gateway', '10.0.0.300'], 'not an IPv4 address'],
    [
      ['networks', 'probe', '--bridge', 'br0', '--vlan', '7', '--cidr', '10.0.0.0/24', '--gateway', '10.0.1.1'],
      'not in',
    ],
    [['networks', 'probe', '--bridge', 'br0', '--vlan', '7', '--timeout', '2h'], '--timeout 2h'],
    [['networks', 'probe', '--bridge', 'br0', '--vlan', '7', '--count', '0'], 'from 1 to 100'],
    [['networks', 'probe', '--bridge', 'br0', '--vlan', '7', '--format', 'sarif'], 'text or json'],
    [['networks', 'list', '--only', 'vm-network-dchp'], 'vm-network-dhcp'],
    [['networks', 'controller', '--every', '1s'], 'at least 30s'],
    [['networks', 'controller', '--default-route', 'on'], 'auto, off'],
    [['networks', 'controller', '--listen', ':x'], '--listen :x'],
    [['networks', 'controller', '--namespace', 'a/../b'], "not a namespace's name"],
    [['networks', 'controller', '--name', ''], 'no other replica'],
    [['dataplane', '--listen', '127.0.0.1:9472'], '--listen needs --watch'],
    [['dataplane', '--watch', '1s'], '5s to 86400s'],
    [['dataplane', '--timeout', '1m'], '0.1s to 30s'],
    [['dataplane', '--watch', '--json'], 'prints text'],
    [['dataplane', '--only', 'dataplane-pods'], 'dataplane-pod'],
    [['dataplane', '--host', 'node-1', '--bundle', 'b.tar'], 'exclude each other'],
    [['leases', 'reclam'], 'leases reclaim'],
    [['leases', 'reclaim', '--max', 'many'], 'hayward leases reclaim --help'],
    [['leases', '--root', '/', 'reclaim'], 'a file tree can be looked at, not changed'],
    [['leases', '--host', 'node-1', '--host', 'node-2', 'reclaim'], 'name one --host'],
    [['leases', '--format', 'sarif', 'reclaim'], 'text or json'],
    [['guard', 'pause'], '(see hayward guard pause --help)'],
    [['guard', 'plan', 'all'], '(see hayward guard plan --help)'],
    [['guard', '--judge-every', '0', '--enforce', 'all'], 'at least 1s'],
    [['guard', '--format', 'sarif', '--cgroup', '/nowhere'], 'text or json'],
    [['guard', '--cgroup', '/nowhere'], 'there is no such directory'],
    [['guard', '--token-file', '/nowhere'], '--token-file /nowhere: there is no such file'],
    [['doctor', '--jsno'], '--json'],
    [['doctor', '--depth'], '(see hayward doctor --help)'],
    [['lab', 'up', '--depth'], '(see hayward lab up --help)'],
    [['lab', '--depth'], '(see hayward lab --help)'],
    [['doctor', '--only', 'bridge-netfiler'], 'bridge-netfilter'],
    [['doctor', '--profile', 'harvestor'], 'harvester'],
    [['doctor', '--format', 'jsn'], 'json'],
    [['doctor', '--lang', 'zh'], 'zh-CN'],
    [['fix', 'ip-foward'], 'ip-forward'],
    [['preflight', '--profile', 'kubekey'], 'kubekey-ipvs'],
    [['doctor', '--root', '/nonexistent/tree'], '/nonexistent/tree'],
    [['doctor', '--host', '-oProxyCommand=true'], '-oProxyCommand'],
    [['doctor', 'now'], 'doctor'],
    [['undo', 'no-such-run', '--yes'], 'no-such-run'],
    [['undo', '--format', 'sarif'], 'json'],
    [['journal', '--format', 'prometheus'], 'json'],
    [['guard', 'plan', '--hold', 'net.ipv4.conf.*.rp_filter=2'], 'no setting below /proc/sys'],
    [['guard', 'plan', '--hold', 'net.ipv4.ip_forward'], 'expected KEY=VALUE'],
    [['guard', 'plan', '--format', 'sarif'], 'json'],
  ])('%j', (args, right) => {
    const { status, stdout, stderr } = hayward(...args);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(right);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});

it('a command with commands below it does its own work when it stands alone', () => {
  const { status, stdout, stderr } = hayward('leases');
  expect(stderr).not.toContain('needs a command');
  expect(stdout).not.toBe('');
  expect(status).not.toBe(2);
});

describe('help', () => {
  const COMMANDS = [
    [],
    ['doctor'],
    ['preflight'],
    ['fix'],
    ['undo'],
    ['journal'],
    ['status'],
    ['capture'],
    ['lab'],
    ['dataplane'],
    ['guard'],
    ['guard', 'plan'],
    ['lint'],
    ['networks', 'probe'],
    ['networks', 'list'],
    ['networks', 'controller'],
    ['networks', 'agent'],
  ];

  it.each(COMMANDS.map((args) => [args]))('of %j shows examples and fits 80 columns', (args) => {
    const { status, stdout } = hayward(...args, '--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples:/);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it.each([[['guard']], [['guard', 'plan']], [['guard', 'install']]])('of %j offers no severity to fail on', (args) => {
    expect(hayward(...args, '--help').stdout).not.toContain('--fail-on');
    expect(hayward(...args, '--fail-on', 'critical').stderr).toContain("unknown option '--fail-on'");
  });

  it.each(COMMANDS.map((args) => [args]))('of %j is Chinese throughout where that is asked for', (args) => {
    const { stdout } = hayward(...args, '--help', '--lang', 'zh-CN');
    expect(stdout).toMatch(/^用法：[\s\S]*选项：[\s\S]*示例：/);
    for (const line of stdout.split('\n')) {
      expect(displayWidth(line), line).toBeLessThanOrEqual(80);
      if (/^ {2}-/.test(line)) expect(line).toMatch(/\p{Script=Han}/u);
      // An option's own name is what it is.
      expect(line.replace(/--[a-z-]+/g, '')).not.toMatch(/\b(the|of|and|default)\b/);
    }
  });
});

describe("a node's file tree", () => {
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'proc/sys/net/ipv4'), { recursive: true });
  mkdirSync(join(tree, 'etc/sysctl.d'), { recursive: true });
  writeFileSync(join(tree, 'proc/sys/net/ipv4/ip_forward'), '0\n');
  writeFileSync(join(tree, 'etc/os-release'), 'ID=debian\nPRETTY_NAME="Debian \\u001b[31mred"\n');
  writeFileSync(join(tree, 'etc/hostname'), 'node-\u001b[2J1\n');

  it('is judged, and what it cannot tell is unknown, not fine', () => {
    const { stdout } = hayward('doctor', '--root', tree, '--profile', 'kubekey-ipvs', '--json');
    const { findings, targets } = JSON.parse(stdout);
    expect(targets).toMatchObject([{ via: 'root', profile: 'kubekey-ipvs' }]);
    const statusOf = (problem: string) => findings.find((one: { problem: string }) => one.problem === problem)?.status;
    expect(statusOf('ip-forward')).toBe('problem');
    expect(statusOf('bridge-netfilter')).toBe('unknown');
  });

  it('cannot make the terminal do anything', () => {
    const { stdout, stderr } = hayward('doctor', '--root', tree, '--verbose');
    expect(stdout + stderr).not.toContain('\u001b');
  });

  it('is only read: fix refuses it', () => {
    expect(hayward('fix', '--root', tree, '--yes').status).toBe(2);
  });
});

describe('output that cannot be written', () => {
  const judged = `'${process.execPath}' '${CLI}' doctor --root '${folder}/tree' --profile kubekey-ipvs --verbose`;
  const sh = (script: string) => spawnSync('bash', ['-c', script], { encoding: 'utf8' });

  it.skipIf(!existsSync('/dev/full'))('is one line and status 2, never a stack', () => {
    const { status, stderr } = sh(`${judged} > /dev/full`);
    expect(stderr).toMatch(/^hayward: standard output cannot be written: .*\n$/);
    expect(status).toBe(2);
  });

  it('is no error when the reader has seen enough', () => {
    const { stdout, stderr } = sh(`{ ${judged}; echo "status $?" >&2; } | true`);
    expect([stdout, stderr]).toEqual(['', 'status 1\n']);
  });
});
