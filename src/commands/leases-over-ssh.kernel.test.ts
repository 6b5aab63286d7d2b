import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { command } from '../../lab/command.ts';
import { crictl } from '../../lab/crictl.ts';
import { type LabRuntime, runtime } from '../../lab/runtime/runtime.ts';
import { AN_HOUR, type LeaseNode, type Listing, leaseNode } from '../../test/lease-node.ts';
import { type Sshd, startSshd } from '../../test/sshd.ts';
import { criSource } from '../hosts/ask.ts';
import type { Capture } from '../hosts/capture.ts';
import { answerCri } from '../hosts/cri/listing.ts';
import { sshHost } from '../hosts/ssh.ts';

/**
 * hayward on a workstation, the node behind a real sshd: containerd, host-local's leases and crictl as RKE2 lays it down. The
 * workstation shares the node's network, to reach that sshd, and neither its processes nor its files.
 */

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** A /29 less its network, broadcast and gateway addresses: each lease costs some connections. */
const CAPACITY = 5;

let program: string;
let node: LabRuntime;
let pods: LeaseNode;
let workstation: string;
let sshd: Sshd | undefined;

beforeAll(async () => {
  program = await crictl();
}, 1_200_000);
beforeEach(async () => {
  workstation = mkdtempSync(join(tmpdir(), 'hayward-workstation-'));
  node = await runtime({ subnet: '10.52.0.0/29' });
  pods = leaseNode(node);
});
afterEach(async () => {
  await sshd?.stop();
  sshd = undefined;
  await node.dispose();
  rmSync(workstation, { recursive: true, force: true });
});

/** The power is cut and comes back, an hour later by its leases; then sshd starts. */
async function reboot({ forget }: { readonly forget: boolean }): Promise<Sshd> {
  await node.age(AN_HOUR);
  await node.powerCut({ forget });
  await node.restart();
  const bin = '/var/lib/rancher/rke2/bin';
  await node.exec(['sh', '-euc', `mkdir -p ${bin}; ln -sf "$0" ${bin}/crictl`, program]);
  sshd = await startSshd({ machine: node.pid });
  const folder = join(workstation, 'bin');
  mkdirSync(folder);
  // The user's own ssh, with the configuration that knows this server.
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec /usr/bin/${sshd.sshCommand.join(' ')} "$@"\n`);
  chmodSync(join(folder, 'ssh'), 0o755);
  return sshd;
}

interface Answer extends Listing {
  readonly runtimes: readonly object[];
  readonly run?: string;
  readonly steps?: readonly { readonly result: string }[];
}

async function hayward(user: string, ...words: readonly string[]) {
  const argv = [process.execPath, CLI, ...words, '--host', String(sshd?.destination(user)), '--json'];
  const env = {
    ...process.env,
    HAYWARD_STATE: join(workstation, 'state'),
    PATH: [join(workstation, 'bin'), process.env['PATH']].join(delimiter),
  };
  const { stdout, stderr, exitCode } = await command(['nsenter', '-t', String(node.pid), '-n', '--', ...argv], { env });
  if (stdout === '') throw new Error(`${words.join(' ')}: exit ${exitCode}: ${stderr}`);
  return { answer: JSON.parse(stdout) as Answer, exit: exitCode };
}

interface ListedIds {
  readonly items: readonly { readonly id: string; readonly network?: object }[];
}

/** crictl at the other end of ssh tells of each sandbox what our own client is told on the node. */
async function expectSameList({ entries }: Capture, living: readonly string[]): Promise<void> {
  const answers = [entries[criSource()], await answerCri(node.socket)].map((entry) => {
    if (entry?.state !== 'ok') throw new Error(entry?.detail);
    const { items } = JSON.parse(entry.text) as ListedIds;
    return items.map(({ id, network }) => ({ id, network })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  });
  expect(answers[0]).toEqual(answers[1]);
  const told = answers[0]?.filter(({ network }) => network !== undefined).map(({ id }) => id);
  expect(told).toEqual(living.toSorted());
}

describe('a node behind ssh', () => {
  it('that forgot its sandboxes is full, gives back exactly what leaked, and takes back what is still free', async () => {
    await pods.start(CAPACITY);
    const before = await node.leases();
    const leaked = await pods.addresses();
    await reboot({ forget: true });
    const seen = await hayward('keeper', 'leases');
    expect(seen.answer.networks).toMatchObject([{ capacity: CAPACITY, leaked: CAPACITY, free: 0 }]);
    expect(seen.answer.runtimes).toMatchObject([{ socket: node.place, sandboxes: 0 }]);
    expect(seen.exit).toBe(1);

    const first = await hayward('keeper', 'leases', 'reclaim', '--yes');
    expect([first.answer.reclaimed?.toSorted(), first.exit]).toEqual([leaked.toSorted(), 0]);
    expect(await node.leases()).toEqual([]);
    const again = await hayward('keeper', 'leases', 'reclaim', '--yes');
    expect([again.answer.reclaimed, again.exit]).toEqual([[], 0]);

    const [young] = await pods.start(1, 'new');
    const [taken] = await pods.addresses();
    const undone = await hayward('keeper', 'undo', String(first.answer.run), '--yes');
    expect(undone.answer.steps?.filter(({ result }) => result === 'undone')).toHaveLength(CAPACITY);
    const after = await node.leases();
    expect(after.filter(({ ip }) => ip !== taken)).toEqual(before.filter(({ ip }) => ip !== taken));
    expect(after.find(({ ip }) => ip === taken)?.containerId).toBe(young);
  });

  it('that remembers them has them stopped by its own runtime, and the living are left alone', async () => {
    await pods.start(CAPACITY - 2);
    const leaked = await pods.addresses();
    const { sshCommand, destination } = await reboot({ forget: false });
    const living = await pods.start(2, 'new');
    const { answer, exit } = await hayward('root', 'leases', 'reclaim', '--yes');
    expect([answer.reclaimed?.toSorted(), exit]).toEqual([leaked.toSorted(), 0]);
    expect((await node.leases()).map(({ containerId }) => containerId).toSorted()).toEqual(living.toSorted());

    const there = sshHost(destination('root'), {
      sshCommand: ['nsenter', '-t', String(node.pid), '-n', '--', ...sshCommand],
    });
    // As after a kubelet that was quicker: the runtime has forgotten it.
    await there.stopSandbox(node.place, 'f'.repeat(64));
    await expect(there.stopSandbox('/run/nobody.sock', living[0] ?? '')).rejects.toThrow(
      /^stop sandbox \w+: (?!E\d)[^\n]*nobody\.sock[^\n]*$/,
    );
    await expectSameList(await there.collect([{ kind: 'cri' }]), living);
  });

  it('whose runtime cannot be asked, or by whom it may not be, keeps every lease', async () => {
    await pods.start(3);
    const before = await node.leases();
    await reboot({ forget: true });
    async function nothingIsTaken(user: string): Promise<void> {
      const { answer, exit } = await hayward(user, 'leases', 'reclaim', '--yes');
      expect([answer.reclaimed, exit]).toEqual([[], 3]);
      expect(await node.leases()).toEqual(before);
    }
    await nothingIsTaken('guest');
    await node.exec(['rm', '/var/lib/rancher/rke2/bin/crictl']);
    await nothingIsTaken('keeper');
    await node.exec(['ln', '-s', program, '/var/lib/rancher/rke2/bin/crictl']);
    await node.halt();
    await nothingIsTaken('keeper');
    await node.exec(['rm', node.place]);
    await nothingIsTaken('root');
  });
});
