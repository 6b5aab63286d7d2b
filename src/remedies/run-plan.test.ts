import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type FileState, HostError } from '../hosts/host.ts';
import { createJournal, type Journal } from './journal.ts';
import { runPlan } from './run-plan.ts';
import type { PlannedRemedy } from './run-record.ts';
import type { Step } from './step.ts';
import { type MemoryHost, memoryHost } from './testing/memory-host.ts';
import { undoRun } from './undo-run.ts';

const directory = mkdtempSync(join(tmpdir(), 'hayward-run-plan-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function begin(
  steps: readonly Step[],
  more: { readonly independent?: true } = {},
  ...others: readonly (readonly Step[])[]
): { journal: Journal; plan: readonly PlannedRemedy[] } {
  const base = { problem: 'p', summary: { en: 'a test', 'zh-CN': '测试' }, risk: 'low', scope: 'now' } as const;
  const plan: PlannedRemedy[] = [
    { ...base, id: 'r', steps, ...more },
    ...others.map((own, index) => ({ ...base, id: `r${index}`, steps: own })),
  ];
  const target = { name: 'memory', via: 'local' } as const;
  return { journal: createJournal(directory, { target, bootId: 'boot', tool: 'test', plan }), plan };
}

const key = fc.constantFrom('net/a', 'net/b', 'net/missing');
const path = fc.constantFrom('/etc/a', '/etc/d/b', '/etc/d/e/c', '/etc/link', '/new/f');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('setting' as const), key, value: fc.constantFrom('0', '1', '2 3') }),
  fc.record({
    kind: fc.constant('bridge-setting' as const),
    bridge: fc.constantFrom('br0', 'br9'),
    name: fc.constant('nf_call_iptables' as const),
    value: fc.constantFrom('0' as const, '1' as const),
  }),
  fc.record({ kind: fc.constant('file' as const), path, content: fc.string(), mode: fc.constantFrom(0o644, 0o600) }),
);
const file: fc.Arbitrary<FileState> = fc.oneof(
  fc.record({
    type: fc.constant('file' as const),
    contentBase64: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    mode: fc.constantFrom(0o644, 0o4755),
    uid: fc.nat(9),
    gid: fc.nat(9),
  }),
  fc.record({ type: fc.constant('link' as const), target: fc.string() }),
);

function hostWith(first: string, files: readonly FileState[]): MemoryHost {
  const host = memoryHost();
  host.settings.set('/proc/sys/net/a', first).set('/proc/sys/net/b', '1');
  host.bridges.set('br0', '0');
  host.files.set('/etc', { type: 'other', detail: 'directory' });
  for (const [index, state] of files.entries()) host.files.set(['/etc/a', '/etc/link'][index] ?? '', state);
  return host;
}

function stateOf({ settings, bridges, files }: MemoryHost): object {
  return structuredClone({ settings, bridges, files });
}

it('takes any plan back to the state before it, failed steps and all', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 8 }),
      fc.constantFrom('0', '1', '2\t3'),
      fc.array(file, { maxLength: 2 }),
      async (steps, first, files) => {
        const host = hostWith(first, files);
        const before = stateOf(host);
        const { journal, plan } = begin(steps);
        const report = await runPlan(host, plan, journal);
        expect(report.steps).toHaveLength(steps.length);
        expect(report.verified).toBe(report.steps.every(({ result }) => result === 'verified'));
        expect((await undoRun(host, journal, { bootId: 'boot' })).verified).toBe(true);
        expect(stateOf(host)).toEqual(before);
        journal.close();
      },
    ),
    { numRuns: 100 },
  );
});

it('finishes the step in hand when it is interrupted, and leaves the rest out', async () => {
  const host = hostWith('0', []);
  const controller = new AbortController();
  const { journal, plan } = begin([
    { kind: 'setting', key: 'net/a', value: '1' },
    { kind: 'setting', key: 'net/b', value: '0' },
  ]);
  const onStep = () => controller.abort();
  const report = await runPlan(host, plan, journal, { signal: controller.signal, onStep });
  expect(report.steps.map(({ result }) => result)).toEqual(['verified', 'skipped']);
  expect(host.settings.get('/proc/sys/net/b')).toBe('1');
  journal.close();
});

it('after a reboot takes back files and values that still are as wanted, and leaves other values alone', async () => {
  const host = hostWith('0', []);
  const { journal, plan } = begin([
    { kind: 'setting', key: 'net/a', value: '1' },
    { kind: 'setting', key: 'net/b', value: '0' },
    { kind: 'file', path: '/etc/x', content: 'x\n', mode: 0o644 },
  ]);
  await runPlan(host, plan, journal);
  host.settings.set('/proc/sys/net/b', '2');
  const report = await undoRun(host, journal, { bootId: 'another' });
  expect(report.verified).toBe(true);
  expect(host.settings.get('/proc/sys/net/a')).toBe('0');
  expect(host.settings.get('/proc/sys/net/b')).toBe('2');
  expect(host.files.has('/etc/x')).toBe(false);
  journal.close();
});

describe('when the first of several leases cannot be given back', () => {
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
  const leases = ids.map(
    (id, index): Step => ({
      kind: 'release-lease',
      path: `/n/10.0.0.${index}`,
      containerId: id,
      ifName: '',
      runtime: { socket: '/run/cri.sock' },
    }),
  );

  /** Gives the leases back, then carries another remedy out; `meanwhile` comes before each stop of a sandbox. */
  async function giveBack(remedy: { readonly independent?: true }, meanwhile: (host: MemoryHost) => void = () => {}) {
    const host = hostWith('0', []);
    for (const [index, id] of ids.entries()) {
      const contentBase64 = Buffer.from(id).toString('base64');
      host.files.set(`/n/10.0.0.${index}`, { type: 'file', contentBase64, mode: 0o600, uid: 0, gid: 0 });
    }
    const { stopSandbox } = host;
    host.stopSandbox = async (socket, id) => {
      meanwhile(host);
      if (id === ids[0]) throw new HostError('no iptables', 'UNKNOWN');
      await stopSandbox(socket, id);
    };
    const { journal, plan } = begin(leases, remedy, [{ kind: 'setting', key: 'net/a', value: '1' }]);
    const { verified, steps } = await runPlan(host, plan, journal);
    journal.close();
    const left = ids.flatMap((_, index) => (host.files.has(`/n/10.0.0.${index}`) ? [index] : []));
    return { results: steps.map(({ result }) => result), verified, left };
  }

  it('the others are, where the remedy says that no step needs another; what comes after it is not', async () => {
    expect(await giveBack({ independent: true })).toEqual({
      results: ['failed', 'verified', 'verified', 'skipped'],
      verified: false,
      left: [0],
    });
  });

  it('nothing else is done where it does not say so', async () => {
    const { results, left } = await giveBack({});
    expect(results).toEqual(['failed', 'skipped', 'skipped', 'skipped']);
    expect(left).toEqual([0, 1, 2]);
  });

  it('nothing else is tried once the node is out of reach', async () => {
    const { results, left } = await giveBack({ independent: true }, (host) => {
      host.stat = async () => {
        throw new HostError('read on node: Connection refused', 'unreachable');
      };
    });
    expect(results).toEqual(['failed', 'failed', 'skipped', 'skipped']);
    expect(left).toEqual([0, 1, 2]);
  });
});
