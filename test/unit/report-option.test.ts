import { spawnSync } from 'node:child_process';
import {
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
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hayward-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hayward(...args: string[]) {
  const env = { ...process.env, LC_ALL: 'C', HAYWARD_STATE: '/dev/null' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

function saved(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

// KubeKey 3.x overwrote its list of modules: a warning, and nothing worse.
saved('tree/etc/modules-load.d/kube_proxy-ipvs.conf', 'nf_conntrack\n');
saved('tree/proc/sys/net/ipv4/ip_forward', '1\n');
const node = (name: string, status: string) => ({
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
});
const dump = saved(
  'dump.json',
  JSON.stringify({ kind: 'NodeList', items: [node('db7', 'True'), node('web9', 'False')] }, undefined, 4),
);
const TREE = ['--root', join(folder, 'tree'), '--profile', 'kubekey-ipvs'];
const WARNED: readonly (readonly [string, readonly string[]])[] = [
  ['doctor', [...TREE, '--only', 'modules-load-shadowed']],
  ['preflight', [...TREE, '--only', 'ip-forward']],
  ['status', ['--bundle', dump, '--only', 'node-unready']],
];

describe.each(WARNED)('of %s that warns', (command, args) => {
  it('a warning makes 1, and none where only what is critical counts', () => {
    expect(hayward(command, ...args).status).toBe(1);
    expect(hayward(command, ...args, '--fail-on', 'critical').status).toBe(0);
  });

  it('--report writes an issue beside what is printed', () => {
    const file = join(folder, `${command}.md`);
    const plain = hayward(command, ...args, '--json');
    const { status, stdout, stderr } = hayward(command, ...args, '--json', '--report', file);
    expect([status, Object.keys(JSON.parse(stdout))]).toEqual([1, Object.keys(JSON.parse(plain.stdout))]);
    expect(stderr).toContain('is written: read it before you publish it');
    const issue = readFileSync(file, 'utf8');
    expect(issue).toMatch(/^# hayward: .+\n\n## Environment\n/);
    expect(issue).toContain('## 1. `');
    expect(issue).not.toMatch(/db7|web9/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(hayward(command, ...args, '--report', '-', '--lang', 'zh-CN').stdout).toMatch(/^# hayward：.+\n\n## 环境\n/);
  });
});

describe('a report is not written', () => {
  const doctor = (file: string) => hayward('doctor', ...TREE, '--only', 'modules-load-shadowed', '--report', file);
  symlinkSync('/nowhere', join(folder, 'dangling'));

  it.each([
    ['over a file that is there', saved('there.md', 'mine'), 'it is there already, and is not written over'],
    ['through a link that leads nowhere', join(folder, 'dangling'), 'it is there already'],
    ['into a folder that is not there', join(folder, 'no/such.md'), 'No such file or directory'],
    ['to nothing', '', 'expected a file, and it is empty'],
  ])('%s', (_, file, line) => {
    const { status, stdout, stderr } = doctor(file);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^hayward: --report[^\n]*\n$/);
    expect(stderr).toContain(line);
    expect(readFileSync(join(folder, 'there.md'), 'utf8')).toBe('mine');
  });

  it('in parts: nothing else is left beside it', () => {
    doctor(join(folder, 'whole.md'));
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('of a --watch', () => {
    expect(hayward('status', '--watch', '--report', join(folder, 'w.md')).stderr).toContain('exclude each other');
  });
});
