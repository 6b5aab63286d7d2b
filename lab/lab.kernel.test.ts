import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { FAULTS, type Fault } from './faults.ts';
import { type Lab, labsUp, lacking, up } from './lab.ts';
import { TOPOLOGIES, TOPOLOGY_NAMES } from './topologies/catalogue.ts';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const labs: Lab[] = [];

afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.down()));
});

async function built(name: (typeof TOPOLOGY_NAMES)[number]): Promise<Lab> {
  const lab = await up(name);
  labs.push(lab);
  return lab;
}

const HERE = TOPOLOGY_NAMES.filter((name) => name !== 'ipvs-nodes');

describe.each(HERE)('%s', (name) => {
  test('everything comes back while nothing is broken', async () => {
    const lab = await built(name);
    const answers = await Promise.all(lab.topology.probes.map((probe) => lab.probe(probe)));
    expect(answers).toEqual(lab.topology.probes.map(() => true));
  });

  test.each(FAULTS.filter((fault) => fault.topology === name))('$id loses what it says', async (fault) => {
    const lab = await built(name);
    expect(await lab.probe(fault.loses)).toBe(true);
    await lab.break(fault);
    expect(await lab.probe(fault.loses)).toBe(false);
  });
});

test('laboratories side by side do not meet, and going down leaves nothing', async () => {
  const [one, other] = await Promise.all([built('vm-bridge'), built('vm-bridge')]);
  expect((await labsUp()).map((lab) => lab.id)).toEqual(expect.arrayContaining([one.id, other.id]));
  await one.down();
  expect((await readdir('/run/netns')).filter((name) => name.includes(one.id))).toEqual([]);
  expect(await other.ping('vm-1', '10.77.0.12')).toBe(true);
  await other.down();
});

test('what a node writes to /etc stays in the laboratory', async () => {
  const lab = await built('vm-bridge');
  const wrote = await lab.exec('node', [
    'sh',
    '-c',
    'mkdir -p /etc/sysctl.d && echo x > /etc/sysctl.d/99-lab-only.conf',
  ]);
  expect(wrote).toMatchObject({ exitCode: 0 });
  expect((await lab.exec('node', ['cat', '/etc/sysctl.d/99-lab-only.conf'])).stdout).toBe('x\n');
  expect(await readdir('/etc/sysctl.d')).not.toContain('99-lab-only.conf');
});

test('hayward is at hand in a shell of a node', async () => {
  const lab = await built('vm-bridge');
  const said = await Promise.all(['node', 'node'].map((node) => lab.exec(node, ['sh', '-c', 'hayward --version'])));
  for (const { stdout } of said) expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('who is not root is told to use sudo, and changes nothing', async () => {
  const lab = await built('two-routed-nodes');
  await lab.break(FAULTS.find(({ id }) => id === 'ip-forward-off') as Fault);
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HAYWARD_STATE=/proc/none'];
  const refused = await lab.exec('node-1', [...nobody, 'hayward', 'fix', 'ip-forward', '--yes']);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('use sudo') });
  expect((await lab.exec('node-1', ['cat', '/proc/sys/net/ipv4/ip_forward'])).stdout).toBe('0\n');
});

test('a program run in a node is waited for when Ctrl-C is pressed, and its status is kept', async () => {
  const lab = await built('vm-bridge');
  const inNode = `trap 'kill $!; echo stopped; exit 7' INT; tail -f /dev/null & echo ready; wait`;
  const argv = [CLI, 'lab', 'exec', '--lab', lab.id, 'node', 'sh', '-c', inNode];
  const child = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    // To the whole group, as a terminal does.
    if (chunk.includes('ready') && child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  });
  expect(await once(child, 'close')).toEqual([7, null]);
  expect(said).toBe('ready\nstopped\n');
});

test('a topology whose kernel parts are missing says which, and builds nothing', async () => {
  const missing = await lacking(TOPOLOGIES['ipvs-nodes']);
  if (!missing) return;
  await expect(up('ipvs-nodes')).rejects.toThrow('IPVS');
});

test('a build that fails half way is taken back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hayward-lab-test-'));
  const path = process.env['PATH'] ?? '';
  // Namespaces, links and addresses come before the rules, and there it ends.
  await writeFile(join(folder, 'iptables-restore'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  process.env['PATH'] = `${folder}:${path}`;
  try {
    await expect(up('vm-and-cni', { token: 'fa11ed' })).rejects.toThrow('ended with 1');
  } finally {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  }
  expect((await readdir('/run/netns')).filter((name) => name.includes('fa11ed'))).toEqual([]);
});
