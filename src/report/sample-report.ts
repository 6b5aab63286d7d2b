import type { Finding } from '../judging/finding.ts';
import type { Report } from './report.ts';

/** A finding for tests: a problem as a real check words one, with what a test wants to be different. */
export function sampleFinding(differing: Partial<Finding> = {}): Finding {
  return {
    problem: 'ip-forward',
    target: 'node-1',
    subject: 'net.ipv4.ip_forward',
    status: 'problem',
    severity: 'critical',
    title: 'This node does not forward IPv4 packets',
    cause: 'net.ipv4.ip_forward is 0: the kernel drops every packet that is not for the node itself.',
    impact: 'A NodePort answers on one node only; ipvsadm shows InPkts rising and OutPkts 0.',
    evidence: [
      { source: '/proc/sys/net/ipv4/ip_forward', value: '0', wanted: '1' },
      { source: '/etc/sysctl.d/zz-local.conf', value: '0', file: '/etc/sysctl.d/zz-local.conf', line: 3 },
    ],
    prove: 'sysctl net.ipv4.ip_forward',
    remedies: [
      {
        id: 'set-now',
        summary: { en: 'Turn forwarding on', 'zh-CN': '打开转发' },
        risk: 'low',
        scope: 'now',
        steps: [{ kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' }],
      },
    ],
    docs: 'docs/problems/ip-forward.md',
    ...differing,
  };
}

/** A finding that is no problem, for tests. */
export function sampleOther(status: Exclude<Finding['status'], 'problem'>, differing: Partial<Finding> = {}): Finding {
  return sampleFinding({
    problem: 'rp-filter',
    subject: 'eth0',
    status,
    severity: 'info',
    title: 'Reverse path filter',
    cause: '',
    impact: '',
    evidence: [],
    prove: '',
    remedies: [],
    docs: 'docs/problems/rp-filter.md',
    ...differing,
  });
}

export function sampleReport(findings: readonly Finding[], differing: Partial<Report> = {}): Report {
  return {
    tool: { name: 'hayward', version: '0.1.0' },
    takenAt: '2026-01-02T03:04:05.000Z',
    durationMs: 1234,
    targets: [
      {
        name: 'node-1',
        via: 'local',
        profile: 'kubekey-ipvs',
        profileEvidence: ['/etc/modules-load.d/kube_proxy-ipvs.conf', 'kube-ipvs0'],
      },
    ],
    findings,
    ...differing,
  };
}
