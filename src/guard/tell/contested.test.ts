import { describe, expect, it } from 'vitest';
import type { Demand } from '../demand.ts';
import type { KeptState } from '../keep/kept-key.ts';
import type { GuardPlan, PlanFinding } from '../model.ts';
import { withContested } from './contested.ts';

const KEY = 'net.ipv4.ip_forward';
const demand: Demand = {
  kind: 'setting',
  key: 'net/ipv4/ip_forward',
  value: '1',
  by: 'ip-forward',
  reason: { en: '', 'zh-CN': '' },
};
const calm: KeptState = {
  value: '1',
  drifts: 0,
  repairs: 0,
  lastWriter: null,
  lastDriftAt: null,
  contested: false,
  writers: [],
  retryMs: 0,
};
const fought: KeptState = { ...calm, value: '0\n', contested: true, writers: ['sh (/a)', 'sysctl (/b)'] };

function finding(more: Partial<PlanFinding>): PlanFinding {
  return {
    problem: 'setting-contested',
    target: 'node1',
    subject: KEY,
    status: 'problem',
    severity: 'info',
    title: 'by files',
    cause: '',
    impact: '',
    evidence: [{ source: '/etc/sysctl.d/9.conf', value: '0' }],
    prove: '',
    remedies: [],
    docs: '',
    ...more,
  };
}

function told(state: KeptState, findings: readonly PlanFinding[], lang: 'en' | 'zh-CN' = 'en') {
  const plan = { target: 'node1', demands: [demand], findings } as Partial<GuardPlan> as GuardPlan;
  return withContested(plan, () => state, lang);
}

describe('a contest', () => {
  const fine = finding({ status: 'ok', subject: '', evidence: [] });
  const other = finding({ problem: 'rp-filter', subject: 'eth0' });

  it('is a finding with its writers, in the place of one that says that there is none', () => {
    const [first, contest, ...more] = told(fought, [other, fine]);
    expect([first, more]).toEqual([other, []]);
    expect(contest).toMatchObject({
      problem: 'setting-contested',
      target: 'node1',
      subject: KEY,
      status: 'problem',
      severity: 'warning',
      cause: expect.stringContaining('sh (/a), sysctl (/b)'),
      evidence: [{ value: 'sh (/a)' }, { value: 'sysctl (/b)' }, { source: KEY, value: '0', wanted: '1' }],
    });
    expect(told(fought, [], 'zh-CN')[0]?.title).toContain('反复改写');
    expect(told({ ...fought, writers: [] }, [])[0]?.cause).toContain('--enforce kernel');
  });

  it('joins what the files say of the same setting, and leaves other settings', () => {
    const elsewhere = finding({ subject: 'net.ipv4.tcp_mem' });
    const [first, contest, ...more] = told(fought, [finding({}), elsewhere]);
    expect([first, more]).toEqual([elsewhere, []]);
    expect(contest).toMatchObject({ title: 'by files', severity: 'warning' });
    expect(contest?.evidence).toHaveLength(4);
  });

  it('that is over is none', () => {
    expect(told(calm, [other, fine])).toEqual([other, fine]);
  });
});
