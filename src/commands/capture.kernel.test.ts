import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../lab/command.ts';
import { FAULTS } from '../../lab/faults.ts';
import { type Lab, up } from '../../lab/lab.ts';
import { type LabRuntime, runtime } from '../../lab/runtime/runtime.ts';
import { AN_HOUR, leaseNode } from '../../test/lease-node.ts';
import { type Sshd, startSshd } from '../../test/sshd.ts';
import type { Finding } from '../judging/finding.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-capture-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A workstation: it has the bundle, and nothing of the node. */
async function workstation(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr, exitCode } = await command([process.execPath, CLI, ...args], {
    env: { ...process.env, HAYWARD_STATE: join(folder, 'state'), ...env },
  });
  return { stdout, stderr, exit: exitCode };
}

function findingsIn(stdout: string): Finding[] {
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

describe('what doctor and preflight find of a node they find of its bundle', () => {
  let lab: Lab | undefined;
  afterEach(async () => {
    await lab?.down();
    lab = undefined;
  });
  const chosen = FAULTS.filter(({ id }) =>
    ['ip-forward-off', 'bridge-nf-on-with-forward-drop', 'rp-filter-strict'].includes(id),
  );

  it.each(chosen.map((fault) => [fault.id, fault] as const))('%s', async (id, fault) => {
    lab = await up(fault.topology);
    const node = lab.topology.nodes[0].name;
    const before = join(folder, `${id}-before.tar`);
    await lab.hayward(node, ['capture', '-o', before, '--quiet']);
    await lab.break(fault);
    const bundle = join(folder, `${id}.tar.gz`);
    const kept = await lab.hayward(node, ['capture', '-o', bundle, '--json']);
    expect([kept.stderr, kept.exitCode]).toEqual(['', 0]);
    for (const asked of [
      ['doctor'],
      ['preflight', '--profile', 'kubekey-ipvs'],
      ['preflight', '--profile', 'harvester'],
      ['preflight', '--profile', 'kubeadm'],
    ]) {
      const live = await lab.hayward(node, [...asked, '--json']);
      const later = await workstation([...asked, '--json', '--bundle', bundle]);
      expect(later.stderr).toBe('');
      expect(findingsIn(later.stdout)).toEqual(findingsIn(live.stdout));
      expect(later.exit).toBe(live.exitCode);
    }
    const problems = findingsIn((await workstation(['--bundle', bundle, '--json'])).stdout).filter(
      ({ status }) => status === 'problem',
    );
    expect(problems.map(({ problem }) => problem)).toContain(fault.problem);
    const differ = await workstation(['diff', before, bundle, '--json']);
    const { comparisons } = JSON.parse(differ.stdout) as { comparisons: { differences: object[] }[] };
    expect(comparisons[0]?.differences[0]).toMatchObject({ kind: 'finding', subject: fault.problem, a: 'ok' });
    expect([differ.exit, (await workstation(['diff', bundle, bundle])).exit]).toEqual([1, 0]);
  });
});

describe('what leases finds of a node it finds of its bundle', () => {
  let node: LabRuntime | undefined;
  afterEach(() => node?.dispose());

  it('after a power cut that leaked them, and with Pods that live', async () => {
    node = await runtime({ subnet: '10.52.0.0/28' });
    const pods = leaseNode(node);
    await pods.start(3);
    await node.age(AN_HOUR);
    await node.powerCut({ forget: true });
    await node.restart();
    await pods.start(1, 'new');
    const bundle = join(folder, 'leases.tar');
    const kept = await node.hayward(['capture', '-o', bundle]);
    expect([kept.stderr, kept.exitCode]).toEqual(['', 0]);
    const live = await node.hayward(['leases', '--json']);
    const later = await workstation(['leases', '--json', '--bundle', bundle]);
    const seen = (stdout: string) => {
      const { networks, runtimes, troubles } = JSON.parse(stdout) as {
        networks: { forecast: object }[];
        runtimes: object[];
        troubles: object[];
      };
      // The forecast rests on what this machine has seen of a node before: of a bundle, nothing.
      return { networks: networks.map((network) => ({ ...network, forecast: {} })), runtimes, troubles };
    };
    expect(seen(later.stdout)).toEqual(seen(live.stdout));
    expect(seen(later.stdout).networks).toMatchObject([{ leaked: 3, used: 4 }]);
    expect([later.exit, live.exitCode]).toEqual([1, 1]);
  });
});

describe('many nodes over real ssh', () => {
  const servers: Sshd[] = [];
  beforeAll(async () => {
    for (let count = 0; count < 2; count += 1) servers.push(await startSshd());
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  it('are in one file, with the one that was not reached; and are judged as they were live', async () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const [first, second] = servers;
    // One configuration for both: each knows its own port.
    const known = servers.map(({ folder: own }) => readFileSync(join(own, 'known_hosts'), 'utf8')).join('');
    writeFileSync(join(bin, 'known_hosts'), known);
    const keys = servers.map(({ folder: own }) => `-i ${own}/user_key`).join(' ');
    const options = `-F /dev/null -o UserKnownHostsFile=${bin}/known_hosts -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes`;
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh ${options} ${keys} "$@"\n`);
    chmodSync(join(bin, 'ssh'), 0o755);
    const env = { PATH: [bin, process.env['PATH']].join(delimiter) };
    const hosts = [first!.destination(), 'root@127.0.0.1:1', second!.destination()].flatMap((host) => ['--host', host]);
    const bundle = join(folder, 'many.tgz');
    const kept = await workstation(['capture', '-o', bundle, '--json', ...hosts], env);
    expect(kept.exit).toBe(3);
    expect(kept.stderr).toContain('127.0.0.1:1');
    const { nodes } = JSON.parse(kept.stdout) as { nodes: { name: string; readings: number; unreachable?: string }[] };
    expect(nodes.map(({ unreachable }) => unreachable === undefined)).toEqual([true, false, true]);
    const live = await workstation(['doctor', '--json', ...hosts], env);
    const later = await workstation(['doctor', '--json', '--bundle', bundle]);
    expect(findingsIn(later.stdout)).toEqual(findingsIn(live.stdout));
    expect(later.exit).toBe(live.exit);
    expect(later.stdout).not.toContain('root@');
  });
});
