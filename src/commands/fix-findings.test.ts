import { describe, expect, it } from 'vitest';
import type { Finding } from '../judging/finding.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import { countingAgainst, leftOpen, lostFromSight, withLasting } from './fix-findings.ts';

function finding(problem: string, subject: string): Finding {
  const words = { title: '', cause: '', impact: '', prove: '', docs: '' };
  return {
    ...words,
    problem,
    subject,
    target: 'node',
    status: 'problem',
    severity: 'warning',
    evidence: [],
    remedies: [],
  };
}

const PLAN: readonly PlannedRemedy[] = [
  {
    id: 'unfilter',
    problem: 'bridge-netfilter',
    summary: { en: '', 'zh-CN': '' },
    risk: 'low',
    scope: 'now',
    steps: [{ kind: 'setting', key: 'net/bridge/bridge-nf-call-iptables', value: '0' }],
  },
];
const FOUND = [
  finding('bridge-netfilter', 'br0'),
  finding('ip-forward', 'net.ipv4.ip_forward'),
  finding('setting-not-persistent', 'net.bridge.bridge-nf-call-iptables'),
  finding('setting-not-persistent', 'net.ipv4.ip_forward'),
];
const named = (found: readonly Finding[]) => found.map(({ problem, subject }) => `${problem} ${subject}`);

describe('what counts against a fix', () => {
  it('is the problem asked for, and that a setting it wrote will not last', () => {
    const asked = { problems: ['bridge-netfilter'], scopes: ['now', 'persist'] } as const;
    expect(named(countingAgainst(FOUND, asked, PLAN))).toEqual([
      'bridge-netfilter br0',
      'setting-not-persistent net.bridge.bridge-nf-call-iptables',
    ]);
  });

  it('is not the next boot where it was not to last', () => {
    const asked = { problems: ['bridge-netfilter'], scopes: ['now'] } as const;
    expect(named(countingAgainst(FOUND, asked, PLAN))).toEqual(['bridge-netfilter br0']);
    expect(withLasting(asked).problems).toEqual(['bridge-netfilter']);
  });

  it('is looked for in the last look of a fix that persists', () => {
    const asked = { problems: ['ip-forward'], scopes: ['now', 'persist'] } as const;
    expect(withLasting(asked).problems).toEqual(['ip-forward', 'setting-not-persistent']);
    expect(withLasting({ scopes: ['now', 'persist'] })).toEqual({ scopes: ['now', 'persist'] });
  });
});

function unseen(problem: string, subject: string, severity: Finding['severity'], reason: 'failed' | 'denied'): Finding {
  const unknown = { reason, detail: 'ip: timed out after 10 s' };
  return { ...finding(problem, subject), status: 'unknown', severity, unknown };
}

describe('what leaves open whether there is something to fix', () => {
  const found = [
    unseen('ip-forward', 'net.ipv4.ip_forward', 'info', 'failed'),
    unseen('rp-filter', '', 'info', 'denied'),
    unseen('bridge-netfilter', 'br0', 'warning', 'denied'),
  ];
  const scopes = ['now', 'persist'] as const;

  it('is of a problem that was named whatever could not be seen', () => {
    expect(named(leftOpen(found, { problems: ['rp-filter'], scopes }))).toEqual(['rp-filter ']);
  });

  it('is else what went wrong in looking, and what decides', () => {
    expect(named(leftOpen(found, { scopes }))).toEqual(['ip-forward net.ipv4.ip_forward', 'bridge-netfilter br0']);
  });
});

describe('what a fix lost from sight', () => {
  const lost = unseen('bridge-netfilter', '', 'info', 'failed');

  it('is what a problem of the plan rests on, also where it decides no exit status', () => {
    const other = unseen('ip-forward', 'net.ipv4.ip_forward', 'info', 'failed');
    expect(lostFromSight(FOUND, [lost, other], PLAN)).toEqual([lost]);
  });

  it('is not what was unknown before', () => {
    expect(lostFromSight([lost], [lost], PLAN)).toEqual([]);
  });
});
