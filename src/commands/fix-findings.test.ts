import { describe, expect, it } from 'vitest';
import type { Finding } from '../judging/finding.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import { countingAgainst, withLasting } from './fix-findings.ts';

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
