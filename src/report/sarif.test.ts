import { expect, test } from 'vitest';
import { sampleFinding, sampleOther, sampleReport } from './sample-report.ts';
import { renderSarif } from './sarif.ts';

function runOf(...findings: Parameters<typeof sampleReport>[0]) {
  const document = JSON.parse(renderSarif(sampleReport(findings)));
  expect(document.version).toBe('2.1.0');
  expect(document.$schema).toContain('sarif-2.1.0');
  return document.runs[0];
}

test('has what code scanning needs: rules with ids and help, results with a level, a message and one location', () => {
  const run = runOf(sampleFinding(), sampleFinding({ severity: 'warning' }), sampleOther('ok'));
  expect(run.tool.driver).toMatchObject({ name: 'hayward', version: '0.1.0' });
  expect(run.tool.driver.rules[0]).toMatchObject({
    id: 'ip-forward',
    helpUri: 'docs/problems/ip-forward.md',
    shortDescription: { text: expect.any(String) },
    fullDescription: { text: expect.any(String) },
    help: { text: expect.any(String) },
    defaultConfiguration: { level: 'error' },
  });
  expect(run.results).toHaveLength(2);
  for (const result of run.results) {
    expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(result.message.text).toContain('This node does not forward');
    expect(result.partialFingerprints.primaryLocationLineHash).toMatch(/^[0-9a-f]{32}$/);
    expect(result.locations).toHaveLength(1);
    expect(result.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'etc/sysctl.d/zz-local.conf', uriBaseId: 'NODE_ROOT' },
      region: { startLine: 3 },
    });
  }
  expect(run.results.map(({ level }: { level: string }) => level)).toEqual(['error', 'warning']);
});

test('a result without a file has a location all the same, and lines start at 1', () => {
  const [proc, command, zero] = [
    [{ source: '/proc/sys/net/ipv4/ip_forward', value: '0' }],
    [{ source: 'ip -d -j link', value: 'down' }],
    [{ source: 'x', value: '', file: 'a dir/ü%.yaml', line: 0, column: 0 }],
  ].map((evidence) => runOf(sampleFinding({ evidence })).results[0].locations[0].physicalLocation);
  expect(proc.artifactLocation.uri).toBe('proc/sys/net/ipv4/ip_forward');
  expect(command.artifactLocation.uri).toBe('docs/problems/ip-forward.md');
  expect(zero).toEqual({ artifactLocation: { uri: 'a%20dir/%C3%BC%25.yaml' }, region: { startLine: 1 } });
});

test('what could not be seen is a notification of the run, never a result', () => {
  const unknown = { reason: 'denied', detail: 'permission denied' } as const;
  const run = runOf(sampleOther('unknown', { severity: 'critical', unknown }));
  expect(run.results).toEqual([]);
  const [notification] = run.invocations[0].toolExecutionNotifications;
  expect(notification).toMatchObject({ level: 'warning', associatedRule: { id: 'rp-filter', index: 0 } });
  expect(notification.message.text).toContain('permission denied');
});

test('the same trouble has the same fingerprint whatever its value, another subject another', () => {
  const [first, later, other] = [
    sampleFinding(),
    sampleFinding({ cause: 'another', evidence: [], severity: 'warning' }),
    sampleFinding({ subject: 'eth1' }),
  ].map((finding) => runOf(finding).results[0].partialFingerprints.primaryLocationLineHash);
  expect(later).toBe(first);
  expect(other).not.toBe(first);
});

test('hostile text is harmless', () => {
  const hostile = 'x\x1b[2J\n\x9b\u202e';
  const printed = renderSarif(sampleReport([sampleFinding({ subject: hostile, title: hostile, target: hostile })]));
  expect(printed).not.toContain('\\u001b');
  expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
