import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULTS, type Fault } from '../../lab/faults.ts';
import { type Lab, up } from '../../lab/lab.ts';
import type { TopologyName } from '../../lab/topologies/catalogue.ts';
import { eventually } from './bed.ts';
import { type RunningGuard, watchGuard } from './running-guard.ts';

/** Nothing but settings changed, in a kernel without IPVS: what the guard keeps. */
const KEPT = FAULTS.filter(
  ({ topology, commands }) => topology !== 'ipvs-nodes' && commands.every((line) => !line.startsWith('iptables')),
);

let lab: Lab;
let directory: string;
let guard: RunningGuard | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-guard-'));
});
afterEach(async () => {
  await guard?.end('SIGKILL');
  guard = undefined;
  await lab.down();
  rmSync(directory, { recursive: true, force: true });
});

const node = () => lab.topology.nodes[0].name;

/** A guard in the first node of a network, which stands there as on a node of its own. */
async function guarding(topology: TopologyName, ...options: readonly string[]): Promise<RunningGuard> {
  lab = await up(topology);
  const { argv, env } = await lab.entering(node(), ['hayward', 'guard', '--listen', 'off', ...options]);
  const complaints = join(directory, 'guard.err');
  const error = openSync(complaints, 'w');
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', error] });
  closeSync(error);
  const started = watchGuard(child, complaints, env['HAYWARD_STATE'] ?? '');
  guard = started;
  await started.ready();
  return started;
}

async function shell(script: string): Promise<string> {
  const { stdout, stderr, failed } = await lab.exec(node(), ['sh', '-euc', script]);
  if (failed) throw new Error(`${script}: ${stderr}`);
  return stdout.trim();
}

describe('a guarded node', () => {
  it.each(KEPT.map((fault): [string, Fault] => [fault.id, fault]))('recovers by itself from %s', async (_, fault) => {
    const running = await guarding(fault.topology, '--enforce', 'poll');
    expect((await running.status()).keys.every(({ right, drifts }) => right && drifts === 0)).toBe(true);
    await lab.break(fault);
    await running.told('drift');
    await running.told('repaired');
    await eventually(async () => (await running.status()).keys.every(({ right }) => right));
    for (const probe of lab.topology.probes) expect(await lab.probe(probe), `${probe.from} → ${probe.to}`).toBe(true);
  });

  it('holds a bridge by what the kernel tells of it, and again when it was made anew', async () => {
    const running = await guarding('vm-and-cni', '--enforce', 'poll');
    const key = 'cni0 nf_call_iptables';
    expect(await running.key(key)).toMatchObject({ held: 'event', value: '1', wanted: '1' });
    const own = async () => /nf_call_iptables ([01])/.exec(await shell('ip -d link show dev cni0'))?.[1];
    await shell('ip link set dev cni0 type bridge nf_call_iptables 0');
    await running.told('repaired', key);
    expect(await own()).toBe('1');
    await shell('ip link del cni0');
    await eventually(async () => (await running.key(key)).value === null);
    await shell('ip link add cni0 type bridge; ip addr add 10.42.0.1/24 dev cni0; ip link set cni0 up');
    await eventually(async () => (await own()) === '1');
  });

  it('gives an interface that comes later what it needs', async () => {
    const running = await guarding('two-routed-nodes', '--enforce', 'poll', '--judge-every', '1h');
    await shell(
      'ip link add later0 type veth peer name later1; echo 0 > /proc/sys/net/ipv4/conf/later0/forwarding; ip addr add 10.99.0.1/24 dev later0; ip link set later1 up; ip link set later0 up',
    );
    await running.told('planned');
    await running.told('repaired', 'net.ipv4.conf.later0.forwarding');
    expect(await shell('cat /proc/sys/net/ipv4/conf/later0/forwarding')).toBe('1');
  });
});
