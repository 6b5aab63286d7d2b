import { expect, test } from 'vitest';
import { renderJson } from './json.ts';
import { sampleFinding, sampleOther, sampleReport } from './sample-report.ts';

test('prints the shape scripts rely on', () => {
  const unknown = { reason: 'denied', detail: 'permission denied' } as const;
  const report = sampleReport([
    sampleFinding(),
    sampleOther('ok'),
    sampleOther('unknown', { severity: 'warning', unknown }),
    sampleOther('not-applicable'),
  ]);
  const document = JSON.parse(renderJson(report, 'en'));
  expect(document).toMatchObject({
    schemaVersion: 1,
    tool: { name: 'hayward', version: '0.1.0' },
    takenAt: '2026-01-02T03:04:05.000Z',
    durationMs: 1234,
    targets: [{ name: 'node-1', via: 'local', profile: 'kubekey-ipvs' }],
    summary: { ok: 1, problem: 1, unknown: 1, notApplicable: 1 },
  });
  expect(document.findings[0]).toMatchObject({
    problem: 'ip-forward',
    target: 'node-1',
    subject: 'net.ipv4.ip_forward',
    status: 'problem',
    severity: 'critical',
    evidence: [
      { source: '/proc/sys/net/ipv4/ip_forward', value: '0', wanted: '1' },
      { file: '/etc/sysctl.d/zz-local.conf', line: 3 },
    ],
    prove: 'sysctl net.ipv4.ip_forward',
    remedies: [{ id: 'set-now', summary: 'Turn forwarding on', risk: 'low' }],
    docs: 'docs/problems/ip-forward.md',
  });
  expect(document.findings[0]).not.toHaveProperty('unknown');
  expect(document.findings[2].unknown).toEqual(unknown);
});

test('steps say what they do and how they are taken back, in the language asked for', () => {
  const [english, chinese] = (['en', 'zh-CN'] as const).map(
    (lang) => JSON.parse(renderJson(sampleReport([sampleFinding()]), lang)).findings[0].remedies[0],
  );
  expect(english.steps).toEqual([{ does: expect.stringContaining('ip_forward'), undo: expect.any(String) }]);
  expect(chinese.summary).toBe('打开转发');
  expect(chinese.steps[0].does).not.toBe(english.steps[0].does);
});

test('keeps hostile values but prints nothing a terminal acts on', () => {
  const hostile = 'br\x1b[2J\n\x9b2J\u202egnp.\u2028';
  const printed = renderJson(sampleReport([sampleFinding({ subject: hostile })]), 'en');
  expect(JSON.parse(printed).findings[0].subject).toBe(hostile);
  expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
});
