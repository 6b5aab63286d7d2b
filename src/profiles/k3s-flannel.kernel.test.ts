import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Lab, up } from '../../lab/lab.ts';
import type { Probe } from '../../lab/topology.ts';
import type { Finding } from '../judging/finding.ts';

/**
 * A node of k3s on the kernel itself: the Service whose Pod is a neighbour on cni0 is translated back only where that
 * bridge is filtered. Beside it a bridge with virtual machines, which FORWARD would drop were they filtered too.
 */

const SERVICE: Probe = { from: 'pod-1', to: '10.43.0.10', port: 80 };
const VMS: Probe = { from: 'vm-1', to: '10.77.0.12' };
const GLOBAL = '/proc/sys/net/bridge/bridge-nf-call-iptables';

let lab: Lab;

async function shell(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.exec('node', ['sh', '-c', script]);
  expect(exitCode, `${script}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

beforeEach(async () => {
  lab = await up('vm-and-cni');
  // A server that has started once, with nothing said of flannel: k3s's own network.
  await shell(`mkdir -p /etc/rancher/k3s
    printf 'cluster-cidr: 10.42.0.0/16\\nservice-cidr: 10.43.0.0/16\\n' > /etc/rancher/k3s/config.yaml
    printf 'apiVersion: v1\\nkind: Config\\n' > /etc/rancher/k3s/k3s.yaml`);
});

afterEach(async () => {
  await lab.down();
});

/** What the doctor says of bridge filtering, and by which profile. */
async function judged(...options: readonly string[]): Promise<{ profile: string; problems: string[] }> {
  const { stdout } = await lab.exec('node', ['hayward', 'doctor', '--only', 'bridge-netfilter', '--json', ...options]);
  const { targets, findings } = JSON.parse(stdout) as { targets: { profile: string }[]; findings: Finding[] };
  const problems = findings.filter(({ status }) => status === 'problem').map(({ subject }) => subject);
  return { profile: targets[0]?.profile ?? '', problems };
}

const FIX = 'hayward fix bridge-netfilter --yes --no-persist';
const switches = async () => [
  (await shell(`cat ${GLOBAL}`)).trim(),
  /nf_call_iptables ([01])/.exec(await shell('ip -d link show dev cni0'))?.[1],
];

test('cni0 without filtering is found by the profile its files show, and put right beside the VMs', async () => {
  expect(await judged()).toEqual({ profile: 'k3s-flannel', problems: [] });
  await shell('ip link set dev cni0 type bridge nf_call_iptables 0');
  expect(await lab.probe(SERVICE)).toBe(false);
  expect(await judged()).toEqual({ profile: 'k3s-flannel', problems: ['cni0'] });

  await shell(FIX);
  expect(await Promise.all([lab.probe(SERVICE), lab.probe(VMS)])).toEqual([true, true]);
  expect(await switches(), "the VMs' switch is left alone").toEqual(['0', '1']);
  expect((await judged()).problems).toEqual([]);
  expect((await judged('--profile', 'harvester')).problems, 'what Harvester wants still holds').toEqual([]);
});

test("Harvester's cure for its VMs leaves k3s's Service what it needs", async () => {
  await shell(`echo 1 > ${GLOBAL}; ip link set dev cni0 type bridge nf_call_iptables 0`);
  expect(await Promise.all([lab.probe(SERVICE), lab.probe(VMS)])).toEqual([true, false]);
  expect((await judged('--profile', 'harvester')).problems).toEqual(['br0']);
  expect((await judged()).problems).toEqual(['br0']);

  await shell(`${FIX} --profile harvester`);
  expect(await Promise.all([lab.probe(SERVICE), lab.probe(VMS)])).toEqual([true, true]);
  expect(await switches()).toEqual(['0', '1']);
  expect((await judged()).problems).toEqual([]);
});

test('where no VM is in the way the guard keeps the switch all bridges share, as k3s sets it', async () => {
  await shell('ip link del br0');
  const { stdout } = await lab.exec('node', ['hayward', 'guard', 'plan', '--json', '--only', 'bridge-netfilter']);
  const { profile, demands } = JSON.parse(stdout) as { profile: string; demands: { key?: string; value: string }[] };
  expect(profile).toBe('k3s-flannel');
  expect(demands).toContainEqual(expect.objectContaining({ key: 'net/bridge/bridge-nf-call-iptables', value: '1' }));

  await shell('ip link set dev cni0 type bridge nf_call_iptables 0');
  expect(await lab.probe(SERVICE)).toBe(false);
  await shell(FIX);
  expect(await lab.probe(SERVICE)).toBe(true);
});
