import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { known, unknown } from '../../hosts/reading.ts';
import { harvester } from '../../profiles/harvester.ts';
import { rke2Canal } from '../../profiles/rke2-canal.ts';
import type { Unit } from '../../snapshot/units.ts';
import { durable } from './durable.ts';
import type { FileToWrite, PersistParts, Wanted } from './wanted.ts';

/** The kernel refuses % in names. What the shell, systemd, udev or sysctl.d would take for themselves. */
const ODD = `a'b"c$d`;
const DOTTED = 'v0.100';
const GLOB = 'x*y=z\\';

const space = `hwd-${randomBytes(4).toString('hex')}`;
let root: string;

function run(argv: readonly string[], input?: string): { readonly status: number | null; readonly output: string } {
  const [program = '', ...rest] = argv;
  const done = spawnSync(program, rest, { encoding: 'utf8', ...(input !== undefined && { input }) });
  return { status: done.status, output: done.stdout + done.stderr };
}

function inside(script: string, ...words: readonly string[]): string {
  const done = run(['ip', 'netns', 'exec', space, 'sh', '-euc', script, 'sh', ...words]);
  if (done.status !== 0) throw new Error(done.output);
  return done.output;
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hayward-durable-'));
  run(['ip', 'netns', 'add', space]);
  inside('for i in "$@"; do ip link add "$i" type bridge; done', ODD, DOTTED, GLOB, 'xay=z\\');
});
afterAll(() => {
  run(['ip', 'netns', 'del', space]);
  rmSync(root, { recursive: true, force: true });
});

function unit(name: string): Unit {
  return { name, loadState: 'loaded', activeState: 'active', subState: 'running', unitFileState: 'enabled', files: [] };
}

const nowhere = unknown('not-collected', 'test', 'not collected');
const PARTS: PersistParts = {
  units: { systemd: known(true, 'test'), units: known([unit('rke2-server.service')], 'test') },
  os: { release: nowhere } as unknown as PersistParts['os'],
  udevRules: known([], 'test'),
  moduleFiles: { load: known([], 'test'), modprobe: known([], 'test') },
  harvester: { version: nowhere, oem: nowhere },
};

function filesOf(wanted: Wanted, profile = rke2Canal): FileToWrite[] {
  return (durable(wanted, 'bridge-netfilter', profile, PARTS)[0]?.steps ?? []).filter((step) => step.kind === 'file');
}

/** Writes the files below the scratch root. */
function place(files: readonly FileToWrite[]): void {
  for (const { path, content, mode } of files) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
  }
}

const EVERYTHING: Wanted = {
  settings: [
    { key: 'net/bridge/bridge-nf-call-iptables', value: '0' },
    { key: 'net/ipv4/ip_forward', value: '1' },
    ...[ODD, DOTTED, GLOB].map((name) => ({ key: `net/ipv4/conf/${name}/rp_filter`, value: '2' })),
  ],
  bridgeSettings: [ODD, DOTTED, GLOB].map((bridge) => ({ bridge, name: 'nf_call_iptables', value: '1' })),
};

describe('what is written to last', () => {
  it('has units that the real systemd-analyze finds in order', () => {
    for (const profile of [rke2Canal, harvester]) {
      const files = filesOf(EVERYTHING, profile).filter(({ path }) => path.startsWith('/etc/systemd/'));
      place(files);
      const system = join(root, 'etc/systemd/system');
      writeFileSync(join(system, 'rke2-server.service'), '[Service]\nType=notify\nExecStart=/bin/true\n');
      const units = files.filter(({ path }) => /\.(service|timer)$/.test(path)).map(({ path }) => join(root, path));
      const verified = run(['systemd-analyze', 'verify', '--man=no', join(system, 'rke2-server.service'), ...units]);
      expect(verified).toEqual({ status: 0, output: '' });
      rmSync(system, { recursive: true });
    }
  });

  it('says in its units exactly the command that sets the value, whatever the name holds', () => {
    const key = `net/ipv4/conf/${ODD}/rp_filter`;
    const profile = {
      ...rke2Canal,
      resetters: [{ unit: 'rke2-server.service', key, value: '1', reason: { en: '', 'zh-CN': '' } }],
    };
    const files = filesOf({ settings: [{ key, value: '2' }] }, profile);
    const line = files
      .map(({ content }) => /^ExecStart=(.*)$/m.exec(content)?.[1])
      .find((found) => found !== undefined);
    inside('echo 0 > "/proc/sys/net/ipv4/conf/$1/rp_filter"', ODD);
    // systemd's own reading of the line: as a transient unit cannot be run here, undo its escapes as its manual says.
    const command = /^\/bin\/sh -c "(.*)"$/.exec(line ?? '')?.[1] ?? '';
    const shell = command.replaceAll('%%', '%').replaceAll('$$', '$').replace(/\\(.)/g, '$1');
    inside(shell);
    expect(inside('cat "/proc/sys/net/ipv4/conf/$1/rp_filter"', ODD)).toBe('2\n');
  });

  it.each([
    ['systemd-sysctl', ['/lib/systemd/systemd-sysctl']],
    ['sysctl -p', ['sysctl', '-q', '-p']],
  ])('has a sysctl.d file that %s reads, dots and odd characters in names included', (_name, argv) => {
    const file = filesOf(EVERYTHING).find(({ path }) => path.startsWith('/etc/sysctl.d/')) as FileToWrite;
    place([file]);
    inside(
      'cd /proc/sys/net; echo 0 > ipv4/ip_forward; echo 1 > bridge/bridge-nf-call-iptables; for i in "$@"; do echo 0 > "ipv4/conf/$i/rp_filter"; done',
      ODD,
      DOTTED,
      GLOB,
    );
    inside(`${argv.join(' ')} "$1"`, join(root, file.path));
    const values = inside(
      'cd /proc/sys/net; cat ipv4/ip_forward bridge/bridge-nf-call-iptables; for i in "$@"; do cat "ipv4/conf/$i/rp_filter"; done',
      ODD,
      DOTTED,
      GLOB,
    );
    expect(values.trim().split('\n')).toEqual(['1', '0', '2', '2', '2']);
  });

  it.each([['dash'], ['busybox sh'], ['bash --posix']])('has a script for bridges that %s runs', (shell) => {
    const script = filesOf(EVERYTHING).find(({ path }) => path.endsWith('.sh')) as FileToWrite;
    place([script]);
    const switches = () =>
      inside('for i in "$@"; do ip -d link show dev "$i" | grep -o "nf_call_iptables [01]"; done', ODD, DOTTED, GLOB);
    inside('for i in "$@"; do ip link set dev "$i" type bridge nf_call_iptables 0; done', ODD, DOTTED, GLOB);
    inside(`${shell} "$1"`, join(root, script.path));
    expect(switches()).toBe('nf_call_iptables 1\n'.repeat(3));
    // A bridge that is not there yet is no failure.
    inside('ip link del "$1"', DOTTED);
    inside(`${shell} "$1"`, join(root, script.path));
    inside('ip link add "$1" type bridge', DOTTED);
  });

  it('has udev rules that udevadm takes, where it can check them', () => {
    const rules = filesOf(EVERYTHING).filter(({ path }) => path.startsWith('/etc/udev/'));
    expect(rules).toHaveLength(2);
    place(rules);
    if (!existsSync('/usr/bin/udevadm')) return;
    const verified = run(['udevadm', 'verify', ...rules.map(({ path }) => join(root, path))]);
    // udevadm verify came with systemd 254.
    if (!/Unknown command|Unknown operation/i.test(verified.output)) expect(verified.output).toMatch(/Success: 2/);
  });
});
