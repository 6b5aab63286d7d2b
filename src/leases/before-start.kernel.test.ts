import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SHELLS } from '../../test/shell-transport.ts';
import { harvester } from '../profiles/harvester.ts';
import { reclaimBeforeStart } from './before-start.ts';
import { beforeStartScript } from './before-start-script.ts';

const LEASE = `${'d'.repeat(64)}\r\neth0`;
let data: string;
let network: string;

beforeEach(() => {
  data = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), "hayward-before's $-"));
  network = join(data, 'k8s-pod-network');
  mkdirSync(network);
  for (const name of ['10.52.0.7', '10.52.0.8', 'fd00::7']) writeFileSync(join(network, name), LEASE);
  writeFileSync(join(network, 'lock'), '');
  writeFileSync(join(network, 'last_reserved_ip.0'), '10.52.0.8');
});
afterEach(() => rmSync(data, { recursive: true }));

interface Run {
  /** Shell run before, in the same namespaces; what it leaves running is killed with them. */
  readonly before?: string;
  readonly shell?: string;
  readonly script?: string;
}

/** Runs the script in process, mount and network namespaces of its own, where nothing else lives and /run is empty. */
function run({ before = '', shell = 'dash', script = beforeStartScript({ dataDirs: [data] }) }: Run = {}): string {
  const outer = `mount -t tmpfs none /run; mkdir /run/netns; cd /run
${before}
printf '%s' "$1" >/run/script
${shell} /run/script 2>&1`;
  const words = ['-pfmn', '--mount-proc', '--kill-child', 'sh', '-euc', outer, 'sh', script];
  const done = spawnSync('unshare', words, { encoding: 'utf8', timeout: 60_000 });
  if (done.status !== 0) throw new Error(`status ${done.status}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}
const left = () => readdirSync(network).filter((name) => /^[0-9a-f]+[.:]/.test(name));

/** A process by another name, in the namespaces given to unshare. */
const sleeper = (name: string, namespaces: string) =>
  `cp "$(command -v sleep)" /run/${name}; unshare ${namespaces} /run/${name} 60 & until grep -qs '^${name.slice(0, 15)}$' /proc/$!/comm; do :; done`;
const listener = (path: string) =>
  `mkdir -p ${path.slice(0, path.lastIndexOf('/'))}
${process.execPath} -e 'require("node:net").createServer().listen("${path}")' & until [ -S ${path} ]; do :; done`;

describe('what proves that something is alive, each alone', () => {
  const OTHER_PLACE = '/run/elsewhere/containerd.sock';
  const GUARDS: readonly (readonly [string, string, RegExp, string])[] = [
    [
      'a runtime’s socket, though nobody listens',
      `${listener('/run/k3s/containerd/containerd.sock')}; kill $!; wait`,
      /containerd.sock is there/,
      '[ ! -S "$socket" ] ||',
    ],
    [
      'a runtime listening at another place',
      listener(OTHER_PLACE),
      /something listens at \/run\/elsewhere/,
      '*/containerd.sock | */crio.sock | */cri-dockerd.sock)',
    ],
    ['a namespace made by a CNI plugin', ': >/run/netns/cni-1b2c', /cni-1b2c is there/, '[ ! -e "$name" ] ||'],
    [
      'a container’s keeper',
      sleeper('containerd-shim-runc-v2', '-m'),
      /keeps a container/,
      'containerd-shim* | conmon*)',
    ],
    ['CRI-O’s keeper', sleeper('conmon', '-m'), /keeps a container/, 'containerd-shim* | conmon*)'],
    [
      'a process in another network namespace',
      sleeper('app', '-n'),
      /runs in another network namespace/,
      'lonely_service "$process" 2>/dev/null ||',
    ],
  ];
  it.each(GUARDS)('%s', (_what, before, said, guard) => {
    expect(run({ before })).toMatch(said);
    expect(left()).toHaveLength(3);
    // The same without this guard: the proof would be lost, and this test with it.
    const script = beforeStartScript({ dataDirs: [data] });
    const without = guard.endsWith(')') ? 'nothing-is-called-so)' : 'true ||';
    expect(script).toContain(guard);
    const mutant = guard.endsWith(')') ? script.replace(guard, without) : script.replaceAll(guard, without);
    expect(run({ before, script: mutant })).toMatch(/gave back 3 addresses/);
  });

  it('leaves a network whose lock is held', () => {
    mkdirSync(join(data, 'other'));
    writeFileSync(join(data, 'other', '10.9.0.1'), LEASE);
    const before = `exec 8<${JSON.stringify(join(network, 'lock')).replaceAll('$', '\\$')}; flock -x 8`;
    expect(run({ before, shell: 'exec 8<&8; dash' })).toMatch(/lock is held/);
    expect(left()).toHaveLength(3);
    expect(existsSync(join(data, 'other', '10.9.0.1'))).toBe(false);
  });

  it('but not a service of systemd’s with PrivateNetwork, which has the loopback alone', () => {
    const cgroup = (path: string) =>
      `${sleeper('hostnamed', '-n')}; echo '0::${path}' >/run/cgroup; mount --bind /run/cgroup /proc/$!/cgroup`;
    expect(run({ before: cgroup('/kubepods.slice/a.service') })).toMatch(/another network namespace/);
    expect(run({ before: cgroup('/system.slice/rke2-server.service') })).toMatch(/another network namespace/);
    const wired = `${cgroup('/system.slice/systemd-hostnamed.service')}; ip link add v0 type veth peer name v1 netns $!`;
    expect(run({ before: wired })).toMatch(/another network namespace/);
    expect(left()).toHaveLength(3);
    expect(run({ before: cgroup('/system.slice/systemd-hostnamed.service') })).toMatch(/gave back 3/);
  });
});

describe.each(
  SHELLS.filter((shell) => existsSync(shell)).map((path) => [path.endsWith('busybox') ? `${path} sh` : path]),
)('where nothing can be alive, under %s', (shell) => {
  it('gives every address back, of every network, and leaves what is no lease', () => {
    const odd = ['10.1.1.1\n10.2.2.2', 'a.b', '-rf', '10.1.1.1 x', '10.52.0.7.swp', '$(reboot).1.1.1', '10.0.0.1;x'];
    for (const name of odd) writeFileSync(join(network, name), LEASE);
    writeFileSync(join(network, '10.3.3.3'), 'no lease of mine\n');
    writeFileSync(join(network, '10.3.3.4'), '');
    writeFileSync(join(network, '10.3.3.5'), LEASE);
    truncateSync(join(network, '10.3.3.5'), 2 ** 30);
    symlinkSync('lock', join(network, '10.3.3.6'));
    mkdirSync(join(network, '10.3.3.7'));
    const kept = new Set([...readdirSync(network)]);
    for (const name of ['10.52.0.7', '10.52.0.8', 'fd00::7']) kept.delete(name);
    mkdirSync(join(data, 'other'));
    writeFileSync(join(data, 'other', '10.9.0.1'), 'd'.repeat(64));
    symlinkSync('k8s-pod-network', join(data, 'link'));
    const said = run({ shell });
    expect(said).toMatch(/gave back 3 addresses in .*k8s-pod-network/);
    expect(said).toMatch(/gave back 1 addresses in .*other/);
    expect(new Set(readdirSync(network))).toEqual(kept);
    expect(readdirSync(join(data, 'other'))).toEqual([]);
    expect(run({ shell })).toBe('');
  });

  it('has nothing to say where there is no directory', () => {
    expect(run({ shell, script: beforeStartScript({ dataDirs: ['/nowhere'] }) })).toBe('');
  });
});

it('removes 65,000 leases', () => {
  for (let index = 0; index < 65_000; index++) {
    writeFileSync(join(network, `10.60.${index >> 8}.${index & 255}`), LEASE);
  }
  expect(run()).toMatch(/gave back 65003 addresses/);
  expect(left()).toEqual([]);
});

it('is, on an image-based system, one stage with the key that yip reads', () => {
  const remedy = reclaimBeforeStart({ dataDirs: [data] }, harvester);
  const [step] = remedy.steps;
  if (step?.kind !== 'file') throw new Error('no file');
  expect(step.path).toBe('/oem/99_hayward_cni_lease_leak.yaml');
  const { stages } = parse(step.content) as { stages: { initramfs: { commands: string[] }[] } };
  const [command = ''] = stages.initramfs[0]?.commands ?? [];
  expect(command).not.toContain('{{');
  expect(run({ script: command })).toMatch(/gave back 3/);
});
