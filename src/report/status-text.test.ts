import { describe, expect, it } from 'vitest';
import { known } from '../hosts/reading.ts';
import type { Finding } from '../judging/finding.ts';
import { displayWidth } from './display-width.ts';
import { sampleFinding, sampleOther } from './sample-report.ts';
import { type ClusterStatus, changeLine, type ScreenOptions, statusLines } from './status-text.ts';

const OPTIONS: ScreenOptions = { lang: 'en', color: false, width: 80, verbose: false, quiet: false };
const AT = '2026-01-02T03:04:05.000Z';

function status(findings: readonly Finding[], differing: Partial<ClusterStatus> = {}): ClusterStatus {
  const certificate = { known: false, reason: 'failed', source: '', detail: '' } as const;
  const server = {
    url: 'https://127.0.0.1:6443',
    via: 'kubeconfig' as const,
    livez: known({ kind: 'answered' as const, status: 200, text: 'ok' }, ''),
    readyz: known({ kind: 'answered' as const, status: 200, text: 'ok' }, ''),
    version: known('v1.33.4+rke2r1', ''),
    certificate,
  };
  return {
    verdict: 'not-ready',
    findings: [sampleFinding({ problem: 'cluster-ready', subject: '', impact: 'Definite.' }), ...findings],
    snapshot: {
      takenAt: AT,
      target: 'default',
      kubeconfig: { owner: 'kubelet', path: '/var/lib/rancher/rke2/agent/kubelet.kubeconfig' },
      identity: known({ username: 'system:node:node-1', groups: [] }, ''),
      apiServers: [server],
      harvesterVersion: known('v1.6.0', ''),
    },
    ...differing,
  };
}

const many = Array.from({ length: 12 }, (_, index) =>
  sampleFinding({ problem: 'node-unready', subject: `node-${index}`, phase: 'definite', since: AT }),
);

describe('the screen of hayward status', () => {
  it('says the verdict, who asked and by which kubeconfig', () => {
    expect(statusLines(status([sampleOther('ok')], { verdict: 'ready' }), OPTIONS)).toEqual([
      '✓ ready · default · Harvester v1.6.0 · Kubernetes v1.33.4+rke2r1',
      '  https://127.0.0.1:6443 as system:node:node-1',
      "  by /var/lib/rancher/rke2/agent/kubelet.kubeconfig (the kubelet's)",
      '',
      '0 problems, 1 fine, 0 unknown.',
    ]);
  });

  it('tells the worst first, how long, what it means and the next command; consequences beneath their cause', () => {
    const settling = sampleFinding({ problem: 'vip-unreachable', phase: 'settling', since: '2026-01-02T03:03:00Z' });
    const warning = sampleFinding({ problem: 'webhook-unready', severity: 'warning' });
    const hidden = sampleFinding({ problem: 'rancher-unready', severity: 'info', consequenceOf: 'vip-unreachable' });
    const lines = statusLines(status([warning, hidden, settling, sampleFinding({ problem: 'node-unready' })]), OPTIONS);
    const heads = lines.filter((line) => /^[✗!~?] /.test(line));
    expect(heads).toEqual([
      '✗ not ready · default · Harvester v1.6.0 · Kubernetes v1.33.4+rke2r1',
      '✗ node-unready net.ipv4.ip_forward · critical',
      '~ vip-unreachable net.ipv4.ip_forward · critical · may pass by itself · for 65 s',
      '! webhook-unready net.ipv4.ip_forward · warning',
    ]);
    expect(lines).toContain('  Next   sysctl net.ipv4.ip_forward');
    expect(lines.join('\n')).toContain('↳ follows from this: rancher-unready (net.ipv4.ip_forward)\n\n! webhook');
  });

  it('says once why many things are not known, below what is', () => {
    const unknown = { reason: 'denied', detail: 'HTTP 401: Unauthorized' } as const;
    const blind = ['apiserver-unready', 'node-unready', 'vip-unreachable'].map((problem) =>
      sampleOther('unknown', { problem, subject: '', severity: 'critical', unknown }),
    );
    const lines = statusLines(
      status([...blind, sampleFinding({ problem: 'certificate-expiring', severity: 'warning' })]),
      OPTIONS,
    );
    const head = '? not known: apiserver-unready, node-unready, vip-unreachable · denied';
    expect(lines.indexOf(head)).toBeGreaterThan(lines.findIndex((line) => line.startsWith('! certificate-expiring')));
    expect(lines.slice(lines.indexOf(head) + 1)).toEqual([
      '  HTTP 401: Unauthorized',
      '  Next   hayward status --only node-authorization --verbose',
      '',
      '1 problem, 0 fine, 3 unknown.',
    ]);
  });

  it.each(['en', 'zh-CN'] as const)('fits one screen whatever is wrong, and counts what does not: %s', (lang) => {
    for (const rows of [10, 23, 40]) {
      const lines = statusLines(status(many), { ...OPTIONS, lang, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
      expect(lines.join('\n')).toMatch(/and \d+ more|另有 \d+ 项/);
    }
    const whole = statusLines(status(many), { ...OPTIONS, lang, verbose: true });
    for (const { subject } of many) expect(whole.join('\n')).toContain(subject);
  });

  it('cuts a list of what is not known where there is no room for it, and lets that be seen', () => {
    const ids = ['apiserver-unready', 'rancher-unready', 'vip-unreachable', 'webhook-unready', 'node-unready'];
    const unknown = { reason: 'failed', detail: 'no answer' } as const;
    const unknowns = ids.map((problem) =>
      sampleOther('unknown', { problem, subject: '', severity: 'critical', unknown }),
    );
    const head = (rows?: number) =>
      statusLines(status(unknowns), { ...OPTIONS, ...(rows && { rows }) }).filter((line) =>
        /not known|unready/.test(line),
      );
    expect(head().join(' ')).toContain('node-unready');
    expect(head(8)).toEqual([expect.stringMatching(/^\? not known: apiserver-unready, .*…$/)]);
  });

  it('tells everything with --verbose: notes in full, each reason once, and what is in order', () => {
    const denied = { reason: 'denied', detail: 'HTTP 403: no' } as const;
    const aside = ['list nodes', 'list pods'].map((subject) =>
      sampleOther('unknown', { problem: 'node-authorization', subject, unknown: denied }),
    );
    const note = sampleFinding({ problem: 'webhook-unready', severity: 'info', prove: '' });
    const away = sampleOther('not-applicable', { problem: 'port-conflict', subject: '', cause: 'no node' });
    const findings = [note, ...aside, away, sampleOther('ok')];
    const whole = statusLines(status(findings), { ...OPTIONS, verbose: true });
    expect(whole).toContain('i webhook-unready net.ipv4.ip_forward · note');
    expect(whole.slice(whole.indexOf('? not seen, and not needed for the answer'))).toEqual([
      '? not seen, and not needed for the answer',
      '  node-authorization list nodes, node-authorization list pods',
      '    HTTP 403: no',
      '',
      '- does not apply here',
      '  port-conflict',
      '    no node',
      '',
      '✓ 1 fine',
      '  rp-filter eth0 (Reverse path filter)',
      '',
      '0 problems, 1 fine, 0 unknown; not seen, and not needed: 2.',
    ]);
    const short = statusLines(status(findings), OPTIONS).join('\n');
    expect(short).toContain('notes: webhook-unready net.ipv4.ip_forward');
    expect(short).not.toMatch(/403|no node|rp-filter/);
  });

  it('counts the rows of a command that the terminal wraps', () => {
    const long = many.map((one) => ({ ...one, prove: `kubectl ${'x'.repeat(300)}` }));
    for (const color of [false, true]) {
      const lines = statusLines(status(long), { ...OPTIONS, color, rows: 23 });
      const texts = lines.map((line) => line.replace(/\x1b\[[\d;]*m/g, ''));
      const rows = texts.map((line) => Math.max(1, Math.ceil(displayWidth(line) / 80)));
      expect(rows.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(23);
      expect(Math.max(...texts.map(displayWidth))).toBeGreaterThan(300);
    }
  });

  it('lets nothing from the cluster reach the terminal', () => {
    const evil = sampleFinding({ subject: 'a\x1b[2Jb', title: '\x9b31m', impact: '\u202e', prove: 'a\x07b' });
    const lines = statusLines(status([evil]), OPTIONS);
    expect(lines.join('\n')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  });

  it('tells a change in one line', () => {
    expect(changeLine({ kind: 'verdict', at: AT, from: 'ready', to: 'not-ready' }, OPTIONS)).toBe(
      '03:04:05Z ready → not ready',
    );
    expect(changeLine({ kind: 'gone', at: AT, finding: sampleFinding() }, { lang: 'zh-CN', width: 80 })).toBe(
      '03:04:05Z ip-forward net.ipv4.ip_forward 已消失',
    );
  });
});
