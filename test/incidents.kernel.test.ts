import { afterEach, describe, expect, it } from 'vitest';
import { FAULTS, type Fault } from '../lab/faults.ts';
import { type Lab, up } from '../lab/lab.ts';
import type { Probe } from '../lab/topology.ts';
import type { Finding } from '../src/judging/finding.ts';

/** IPVS is no part of every kernel: its fault is made in the micro-VM. */
const HERE = FAULTS.filter((fault) => fault.topology !== 'ipvs-nodes');
/** Firewall rules belong to whoever wrote them: shown, never changed. */
const BY_HAND = HERE.filter((fault) => fault.problem === 'forward-policy');
const REPAIRABLE = HERE.filter((fault) => !BY_HAND.includes(fault));

const ALL_SETTINGS = [
  'sh',
  '-c',
  'grep -r "" /proc/sys/net 2>/dev/null | grep -v -e stable_secret -e nf_conntrack_count | sort',
];

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.down();
  lab = undefined;
});

function nodeOf(here: Lab): string {
  return here.topology.nodes[0].name;
}

async function doctor(
  here: Lab,
  ...args: string[]
): Promise<{ problems: string[]; findings: Finding[]; exit: number | null }> {
  const { stdout, stderr, exitCode } = await here.hayward(nodeOf(here), ['doctor', '--json', ...args]);
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  const problems = findings.filter((one) => one.status === 'problem').map((one) => one.problem);
  return { problems: [...new Set(problems)], findings, exit: exitCode };
}

/** A machine with no time to spare may take longer than the second that an answer has: what passes does so in the end. */
function expectPasses(here: Lab, probe: Probe, message: string): Promise<void> {
  return expect.poll(() => here.probe(probe), { timeout: 60_000, message }).toBe(true);
}

async function broken(fault: Fault): Promise<Lab> {
  const here = await up(fault.topology);
  lab = here;
  await expectPasses(here, fault.loses, 'passes while nothing is broken');
  expect((await doctor(here)).problems, 'nothing is found while nothing is broken').toEqual([]);
  await here.break(fault);
  expect(await here.probe(fault.loses), 'is lost once it is broken').toBe(false);
  return here;
}

async function expectFound(here: Lab, fault: Fault): Promise<void> {
  const { problems, findings, exit } = await doctor(here);
  // What could not be read says why, where the problem is not found.
  const unseen = findings
    .filter(({ status }) => status === 'unknown')
    .map(({ problem, cause }) => `${problem}: ${cause}`);
  const message = ['is found as its problem, and nothing else is', ...unseen].join('\n');
  expect([problems, exit], message).toEqual([[fault.problem], 1]);
  const found = findings.find((one) => one.problem === fault.problem && one.status === 'problem');
  expect(found?.evidence.length).toBeGreaterThan(0);
  expect(found?.prove).not.toBe('');
}

describe('an incident, from the fault to the way back', () => {
  it.each(BY_HAND.map((fault) => [fault.id, fault] as const))('%s is found', async (_, fault) => {
    await expectFound(await broken(fault), fault);
  });

  it.each(REPAIRABLE.map((fault) => [fault.id, fault] as const))(
    '%s is found, fixed, and undone to the byte',
    async (_, fault) => {
      const here = await broken(fault);
      await expectFound(here, fault);
      const node = nodeOf(here);
      const before = await here.exec(node, ALL_SETTINGS);

      const fixed = await here.hayward(node, ['fix', fault.problem, '--yes', '--no-persist', '--json']);
      const result = JSON.parse(fixed.stdout) as { verified: boolean; probes: { before: object; after: object }[] };
      expect([result.verified, fixed.exitCode], fixed.stdout).toEqual([true, 0]);
      for (const { before, after } of result.probes) {
        expect(before, 'a packet of our own is lost before').toMatchObject({ passes: false });
        expect(after, 'and passes after').toMatchObject({ passes: true });
      }
      await expectPasses(here, fault.loses, 'passes after the fix');
      for (const probe of here.topology.probes) await expectPasses(here, probe, `${probe.from} → ${probe.to}`);
      expect((await doctor(here)).problems).toEqual([]);

      const undone = await here.hayward(node, ['undo', '--yes', '--json']);
      expect(undone.exitCode).toBe(0);
      expect(await here.probe(fault.loses), 'is lost again after undo').toBe(false);
      expect((await here.exec(node, ALL_SETTINGS)).stdout).toBe(before.stdout);
      expect((await doctor(here)).problems).toEqual([fault.problem]);
    },
  );

  it('a dry run writes nothing at all', async () => {
    const fault = HERE.find((one) => one.id === 'ip-forward-off');
    if (!fault) throw new Error('no such fault');
    const here = await broken(fault);
    const node = nodeOf(here);
    const before = await here.exec(node, ALL_SETTINGS);
    const dry = await here.hayward(node, ['fix', '--dry-run']);
    expect(dry.stdout).toContain('ip_forward');
    expect((await here.exec(node, ALL_SETTINGS)).stdout).toBe(before.stdout);
    expect(await here.probe(fault.loses)).toBe(false);
    const journal = await here.hayward(node, ['journal', '--json']);
    expect(journal.stdout).not.toContain('ip_forward');
  });
});
