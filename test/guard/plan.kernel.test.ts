import { afterEach, describe, expect, it } from 'vitest';
import { FAULTS, type Fault } from '../../lab/faults.ts';
import { type Lab, up } from '../../lab/lab.ts';
import { type Demand, demandKey, isWanted } from '../../src/guard/demand.ts';
import type { GuardPlan } from '../../src/guard/model.ts';
import type { Finding } from '../../src/judging/finding.ts';

/** IPVS is no part of every kernel, and firewall rules belong to whoever wrote them. */
const HERE = FAULTS.filter(({ topology, problem }) => topology !== 'ipvs-nodes' && problem !== 'forward-policy');
/** Faults that are nothing but a setting changed: what was planned before them puts them right. */
const SETTINGS_ALONE = HERE.filter(({ commands }) => commands.every((line) => !line.startsWith('iptables')));

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.down();
  lab = undefined;
});

function nodeOf(here: Lab): string {
  return here.topology.nodes[0].name;
}

async function planned(here: Lab): Promise<GuardPlan> {
  const { stdout, stderr, exitCode } = await here.hayward(nodeOf(here), ['guard', 'plan', '--json', '--quiet']);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return JSON.parse(stdout) as GuardPlan;
}

async function problems(here: Lab): Promise<string[]> {
  const { stdout } = await here.hayward(nodeOf(here), ['doctor', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return [...new Set(findings.filter(({ status }) => status === 'problem').map(({ problem }) => problem))];
}

async function shell(here: Lab, script: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr, failed } = await here.exec(nodeOf(here), ['sh', '-c', script, ...args]);
  if (failed) throw new Error(stderr);
  return stdout.trim();
}

async function read(here: Lab, demand: Demand): Promise<string> {
  if (demand.kind === 'setting') return shell(here, 'cat "/proc/sys/$0"', demand.key);
  if (demand.kind === 'module') throw new Error('a namespace has no modules of its own');
  const shown = await shell(here, 'ip -d link show dev "$0"', demand.bridge);
  return new RegExp(`\\b${demand.name} ([01])`).exec(shown)?.[1] ?? '';
}

/** Writes what is not as wanted, one after the other, as the guard would; what it wrote. */
async function meet(here: Lab, demands: readonly Demand[]): Promise<readonly string[]> {
  const written: string[] = [];
  for (const demand of demands) {
    if (isWanted(demand, await read(here, demand))) continue;
    written.push(demandKey(demand));
    if (demand.kind === 'setting') await shell(here, 'echo "$1" > "/proc/sys/$0"', demand.key, demand.value);
    if (demand.kind === 'bridge-setting') {
      await shell(here, 'ip link set dev "$0" type bridge "$1" "$2"', demand.bridge, demand.name, demand.value);
    }
  }
  return written;
}

async function isWhole(here: Lab): Promise<void> {
  expect(await problems(here)).toEqual([]);
  for (const probe of here.topology.probes) expect(await here.probe(probe), `${probe.from} → ${probe.to}`).toBe(true);
}

describe('what guard plan wants of a real node', () => {
  it.each(HERE.map((fault): [string, Fault] => [fault.id, fault]))(
    '%s: nothing new while it is healthy; once it is broken, what cures it',
    async (_, fault) => {
      const here = await up(fault.topology);
      lab = here;
      expect(await meet(here, (await planned(here)).demands), 'a healthy node is left as it is').toEqual([]);
      await here.break(fault);
      expect(await here.probe(fault.loses)).toBe(false);

      const plan = await planned(here);
      expect(plan.findings.some(({ problem, status }) => problem === fault.problem && status === 'problem')).toBe(true);
      expect(await meet(here, plan.demands)).not.toEqual([]);
      await isWhole(here);
      expect(await meet(here, (await planned(here)).demands), 'and then it rests').toEqual([]);
    },
  );

  it.each(SETTINGS_ALONE.map((fault): [string, Fault] => [fault.id, fault]))(
    '%s is put right by what was planned before it happened',
    async (_, fault) => {
      const here = await up(fault.topology);
      lab = here;
      const { demands } = await planned(here);
      await here.break(fault);
      expect(await here.probe(fault.loses)).toBe(false);
      expect(await meet(here, demands)).not.toEqual([]);
      await isWhole(here);
    },
  );
});
