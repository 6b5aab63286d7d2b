import { describe, expect, it } from 'vitest';
import type { Lang } from '../../lang.ts';
import { displayWidth } from '../../report/display-width.ts';
import type { Demand } from '../demand.ts';
import type { GuardPlan } from '../model.ts';
import { planText } from './plan-text.ts';

const REASON = {
  en: 'Service replies that stay on the bridge are only translated back where its frames are filtered',
  'zh-CN': '留在网桥内的 Service 应答只有经过过滤才能还原地址',
};

function setting(key: string, value: string, more: Partial<Extract<Demand, { kind: 'setting' }>> = {}): Demand {
  return { kind: 'setting', key, value, by: 'ip-forward', reason: REASON, ...more };
}

const PLAN: GuardPlan = {
  schemaVersion: 1,
  takenAt: '2026-01-01T00:00:00.000Z',
  target: 'node-1\u001b[2J',
  bootId: '',
  profile: 'harvester',
  profileEvidence: ['/etc/harvester-release.yaml: v1.4.1'],
  versions: { os: 'Harvester v1.4.1', kernel: '5.14.21', distribution: 'RKE2 v1.29.9+rke2r1' },
  phase: 'launched',
  demands: [
    setting('net/ipv4/ip_forward', '1'),
    setting('net/ipv4/conf/eth0/rp_filter', '2', { also: ['0'] }),
    setting('a/b', '1'),
    setting('net/core/somaxconn', '32768', { atLeast: true }),
    setting('net/ipv4/conf/a-very-long-name/forwarding', '1'),
    {
      kind: 'bridge-setting',
      bridge: 'cni0',
      name: 'nf_call_iptables',
      value: '1',
      by: 'bridge-netfilter',
      reason: REASON,
    },
    { kind: 'module', name: 'br_netfilter', by: 'kernel-modules, --hold', reason: REASON },
  ],
  conflicts: [
    {
      key: 'vm.swappiness',
      demands: [setting('vm/swappiness', '0'), setting('vm/swappiness', '60', { by: '--hold' })],
    },
  ],
  left: [{ demand: setting('vm/overcommit_memory', '1'), why: { en: 'it reads 0', 'zh-CN': '当前为 0' } }],
  undecided: [
    {
      by: 'rp-filter',
      about: 'net.ipv4.conf.*.rp_filter',
      severity: 'info',
      reason: 'denied',
      detail: 'ip route: \u001b[31mno',
    },
  ],
  now: {
    'net.ipv4.ip_forward': '0',
    'net.ipv4.conf.eth0.rp_filter': '0',
    'net.core.somaxconn': '65535',
    'net.ipv4.conf.a-very-long-name.forwarding': '1',
    'cni0 nf_call_iptables': '1',
    'module br_netfilter': 'loadable',
  },
  leases: [],
  findings: [],
};

const shown = (lang: Lang, plan = PLAN, color = false) =>
  planText(plan, { lang, color, width: 80, verbose: false, quiet: false });

describe('the plan as text', () => {
  it('says what is wanted, what is now, how and why', () => {
    const text = shown('en');
    for (const line of [
      /^ {2}net\.ipv4\.ip_forward +1, is 0: would be put right$/m,
      /^ {2}net\.ipv4\.conf\.eth0\.rp_filter +2 or 0, is 0\n {6}by polling$/m,
      /^ {2}net\.core\.somaxconn +32768 or more, is 65535$/m,
      /^ {2}cni0 nf_call_iptables +1, is 1\n {6}on the kernel's link notifications\n {6}bridge-netfilter: Service replies/m,
      /^ {2}module br_netfilter +loaded, is loadable: would be put right$/m,
      /^ {2}a\.b +1, is not there now: kept once it is$/m,
      /^In conflict, so nothing is done:\n {2}vm\.swappiness: 0 \(ip-forward\), 60 \(--hold\)$/m,
      /^Left alone:\n {2}vm\.overcommit_memory\n {6}ip-forward: it reads 0$/m,
      /^Not known, so not kept:\n {2}net\.ipv4\.conf\.\*\.rp_filter\n {6}rp-filter: ip route: /m,
    ]) {
      expect(text).toMatch(line);
    }
  });

  it.each(['en', 'zh-CN'] as const)('fits 80 columns and cannot make a terminal do anything (%s)', (lang) => {
    const text = shown(lang);
    expect(text).not.toContain('\u001b');
    for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  });

  it('speaks Chinese where that is asked for', () => {
    expect(shown('zh-CN')).toMatch(/^ {2}net\.ipv4\.ip_forward +1，现为 0：将被纠正$/m);
    expect(shown('zh-CN')).not.toMatch(/\b(is|the|wanted|kept)\b/);
  });

  it('says once why several things are not known', () => {
    const [first] = PLAN.undecided;
    if (!first) throw new Error('the plan has an unknown');
    const more = { ...first, about: 'net.core.somaxconn' };
    const text = shown('en', { ...PLAN, undecided: [first, more, { ...more, about: 'a.b', detail: 'another' }] });
    expect(text).toMatch(/^ {2}net\.ipv4\.conf\.\*\.rp_filter\n {2}net\.core\.somaxconn\n {6}rp-filter: ip route: /m);
    expect(text).toMatch(/^ {2}a\.b\n {6}rp-filter: another$/m);
    expect(text.split('ip route: ')).toHaveLength(2);
  });

  it('says that there is nothing to keep', () => {
    const { demands: _demands, conflicts: _conflicts, left: _left, undecided: _undecided, ...rest } = PLAN;
    const nothing = { ...rest, profile: 'generic', demands: [], conflicts: [], left: [], undecided: [] } as const;
    expect(shown('en', nothing).trimEnd().split('\n').at(-1)).toBe('Nothing on this node needs keeping.');
  });
});
