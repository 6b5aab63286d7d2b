import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { sourceOf } from '../../hosts/ask.ts';
import type { Step } from '../step.ts';
import { makeTestBed, remedyOf, type TestBed } from '../testing/test-bed.ts';
import { emitPlan } from './emit.ts';

let bed: TestBed;
let steps: readonly Step[];
const ODD = `o'd"d$b`;

beforeAll(() => {
  bed = makeTestBed();
  bed.shell(`ip link add br0 type bridge; ip link add 'o'"'"'d"d$b' type bridge`);
  steps = [
    { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' },
    { kind: 'setting', key: `net/ipv4/conf/${ODD}/rp_filter`, value: '2' },
    { kind: 'setting', key: 'net/ipv4/ping_group_range', value: '0 100' },
    { kind: 'bridge-setting', bridge: 'br0', name: 'nf_call_iptables', value: '1' },
    { kind: 'bridge-setting', bridge: ODD, name: 'nf_call_iptables', value: '1' },
    { kind: 'module', name: 'bridge' },
    { kind: 'file', path: `${bed.directory}/etc/a.conf`, content: `it's "$HOME" \`x\`\nEND\n`, mode: 0o640 },
    { kind: 'file', path: `${bed.directory}/etc/empty`, content: '', mode: 0o600 },
  ];
});
afterAll(() => bed.remove());
beforeEach(
  () =>
    void bed.shell(`cd /proc/sys/net/ipv4; echo 0 > ip_forward; echo 1 0 > ping_group_range
      for i in br0 'o'"'"'d"d$b'; do echo 0 > "conf/$i/rp_filter"; ip link set "$i" type bridge nf_call_iptables 0; done
      rm -rf ${bed.directory}/etc`),
);

function end(): object {
  return {
    settings: bed.settings(),
    bridges: bed.shell("ip -d link show type bridge | grep -o 'nf_call_iptables [01]'"),
    files: bed.shell(`cd ${bed.directory}/etc && stat -c '%n %a %s' * && cat *`),
  };
}

describe('the script', () => {
  it.each([['dash'], ['busybox sh'], ['bash --posix']])('does under %s what the run does, once', (shell) => {
    expect(bed.run(steps)?.verified).toBe(true);
    const wanted = end();
    expect(bed.undo()?.verified).toBe(true);
    mkdirSync(`${bed.directory}/plan`, { recursive: true });
    const script = `${bed.directory}/plan/plan.sh`;
    writeFileSync(script, emitPlan('script', [remedyOf(steps)], 'etc'));
    expect(bed.shell(`${shell} ${script}`)).toMatch(/^[78] changes$/m);
    expect(end()).toEqual(wanted);
    expect(bed.shell(`${shell} ${script}`)).toBe('0 changes\n');
    expect(end()).toEqual(wanted);
  });
});

describe('cloud-init', () => {
  it('carries files and commands as data', () => {
    const text = emitPlan('cloud-init', [remedyOf(steps)], 'etc');
    expect(text).toMatch(/^#cloud-config\n/);
    const { write_files, runcmd } = parse(text) as { write_files: { content: string }[]; runcmd: string[][] };
    expect(write_files[0]?.content).toBe(`it's "$HOME" \`x\`\nEND\n`);
    for (const [program = '', ...words] of runcmd) {
      // modprobe finds nothing where everything is built in.
      if (program === 'modprobe') continue;
      bed.shell(sourceOf([program, ...words]));
    }
    expect(
      bed.shell(
        'cat /proc/sys/net/ipv4/ip_forward "/proc/sys/net/ipv4/conf/$(printf "o\\047d\\042d\\044b")/rp_filter"',
      ),
    ).toBe('1\n2\n');
  });
});

describe('the playbook', () => {
  it('is YAML of tasks in the plan’s order, and ansible takes it where there is one', () => {
    const text = emitPlan('ansible', [remedyOf(steps)], 'etc');
    const [play] = parse(text, { customTags: [{ tag: '!unsafe', resolve: (value: string) => value }] }) as {
      tasks: { name: string }[];
    }[];
    expect(play?.tasks).toHaveLength(steps.length);
    const playbook = `${bed.directory}/play.yaml`;
    writeFileSync(playbook, text);
    const done = spawnSync('ansible-playbook', ['--syntax-check', '-i', 'localhost,', playbook], { encoding: 'utf8' });
    if (done.error) return;
    expect(done.stderr).toBe('');
    expect(done.status).toBe(0);
  });

  it('has commands that change what is not as wanted, and say so, and nothing else', () => {
    const [play] = parse(emitPlan('ansible', [remedyOf(steps)], 'etc')) as {
      tasks: Record<string, { argv: string[] } | undefined>[];
    }[];
    const argvs = (play?.tasks ?? []).flatMap((task) => {
      const argv = task['ansible.builtin.command']?.argv;
      return argv ? [argv] : [];
    });
    expect(argvs.length).toBeGreaterThan(0);
    const outputs = () => argvs.map((argv) => bed.shell(sourceOf(argv)).trim());
    expect(outputs()).toEqual(['changed', 'changed', 'changed', 'changed', 'changed', '']);
    expect(outputs()).toEqual(['', '', '', '', '', '']);
  });

  it('marks what Ansible would take for a template', () => {
    const text = emitPlan(
      'ansible',
      [remedyOf([{ kind: 'setting', key: 'net/ipv4/conf/{{x}}/rp_filter', value: '1' }])],
      'etc',
    );
    expect(text).toMatch(/!unsafe .*\{\{x\}\}/);
  });
});
