import { describe, expect, it } from 'vitest';
import { seen } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { chooseRemedies, stillWanted } from '../remedies/choose.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import type { Lease, LeaseLook, LeaseState, LeaseVerdict, Sandbox } from './model.ts';
import { reclaimNow, releaseSteps } from './reclaim.ts';

function verdict(ip: string, state: LeaseState, containerId = `id-of-${ip}`): LeaseVerdict {
  const dataDir = '/var/lib/cni/networks';
  const path = `${dataDir}/net/${ip}`;
  const lease: Lease = {
    network: 'net',
    dataDir,
    ip,
    containerId,
    ifName: 'eth0',
    legacy: false,
    path,
    mtime: 0,
    size: 70,
  };
  return { lease, state, why: [] };
}

function sandbox(id: string, state: Sandbox['state']): Sandbox {
  return { id, state, createdAt: 0, namespace: '', name: '', uid: '', ips: [], source: 'test' };
}

function lookWith(...sandboxes: Sandbox[]): LeaseLook {
  const nothing = seen([]);
  const runtime = { socket: '/run/c.sock', sandboxes: seen(sandboxes), shims: nothing, foreignNamespaces: nothing };
  return { takenAtMs: 0, networks: [], leases: [], runtime };
}

const ALL = [verdict('10.0.0.10', 'leaked'), verdict('10.0.0.9', 'leaked'), verdict('fd00::1', 'leaked')];
const names = (verdicts: readonly LeaseVerdict[], look: LeaseLook) =>
  releaseSteps(verdicts, look).map((step) => step.kind === 'release-lease' && step.path.split('/').at(-1));

describe('what is given back', () => {
  it('is what leaked, and never what lives, is young, or could not be judged', () => {
    const others = (['live', 'grace', 'unknown'] as const).map((state, index) => verdict(`10.0.1.${index}`, state));
    expect(names([...others, ...ALL], lookWith())).toEqual(['10.0.0.9', '10.0.0.10', 'fd00::1']);
    expect(reclaimNow(others, lookWith())).toBeUndefined();
  });

  it('goes by the runtime where that still lists the dead sandbox, and then last', () => {
    const steps = releaseSteps(ALL, lookWith(sandbox('id-of-10.0.0.9', 'notready'), sandbox('other', 'ready')));
    expect(steps).toMatchObject([
      { path: expect.stringContaining('10.0.0.10') },
      { path: expect.stringContaining('fd00::1') },
      { containerId: 'id-of-10.0.0.9', runtime: { socket: '/run/c.sock' } },
    ]);
    expect(steps[0]).not.toHaveProperty('runtime');
  });

  it('is nothing where the runtime could not be asked', () => {
    const look = lookWith();
    const blind = { ...look, runtime: { ...look.runtime, sandboxes: unknown('failed', 'crictl', 'nobody listens') } };
    expect(releaseSteps(ALL, blind)).toEqual([]);
  });
});

describe('a second judgement', () => {
  const planned = (verdicts: readonly LeaseVerdict[]): PlannedRemedy[] => {
    const remedy = reclaimNow(verdicts, lookWith());
    return remedy ? [{ ...remedy, problem: 'cni-lease-leak' }] : [];
  };

  it('takes out of the plan what it does not want, and adds nothing', () => {
    const again = planned([...ALL.slice(1), verdict('10.0.0.99', 'leaked')]);
    expect(stillWanted(planned(ALL), again).flatMap(({ steps }) => steps)).toEqual(planned(ALL.slice(1))[0]?.steps);
    expect(stillWanted(planned(ALL), [])).toEqual([]);
  });

  it('of an address that went to another sandbox meanwhile leaves it alone', () => {
    const again = planned([verdict('10.0.0.9', 'leaked', 'another')]);
    expect(stillWanted(planned([verdict('10.0.0.9', 'leaked')]), again)).toEqual([]);
  });

  it('is not asked for by remedies that one look is proof enough for', () => {
    const { judgeAgain: _, ...plain } = planned(ALL)[0] as PlannedRemedy;
    expect(stillWanted([plain], [])).toEqual([plain]);
  });

  it('is asked for by the remedy, which is safe enough not to be named', () => {
    const remedy = planned(ALL)[0] as PlannedRemedy;
    const finding = {
      problem: 'cni-lease-leak',
      target: 'n',
      subject: 'net',
      status: 'problem',
      severity: 'critical',
      title: '',
      cause: '',
      impact: '',
      evidence: [],
      prove: '',
      remedies: [remedy],
      docs: '',
    } as const;
    const { plan } = chooseRemedies([finding], { scopes: ['now'], sessionLinks: undefined });
    expect(plan).toMatchObject([{ judgeAgain: true, risk: 'low' }]);
  });
});
