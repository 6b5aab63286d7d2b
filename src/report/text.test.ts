import { existsSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding } from '../judging/finding.ts';
import { displayWidth } from './display-width.ts';
import { renderJson } from './json.ts';
import type { RenderOptions } from './report.ts';
import { sampleFinding, sampleOther, sampleReport } from './sample-report.ts';
import { renderText } from './text.ts';

const PLAIN: RenderOptions = { lang: 'en', color: false, width: 80, verbose: false, quiet: false };

function lines(findings: readonly Finding[], options: Partial<RenderOptions> = {}): string[] {
  return renderText(sampleReport(findings), { ...PLAIN, ...options }).split('\n');
}

test('tells a problem whole: what, why, what it breaks, the proof, the cure, and last the count', () => {
  expect(renderText(sampleReport([sampleFinding(), sampleOther('ok')]), PLAIN)).toBe(
    `node-1 · kubekey-ipvs
  found from: /etc/modules-load.d/kube_proxy-ipvs.conf, kube-ipvs0

  ✗ critical · ip-forward net.ipv4.ip_forward
    This node does not forward IPv4 packets
    Why     net.ipv4.ip_forward is 0: the kernel drops every packet that is not
            for the node itself.
    Breaks  A NodePort answers on one node only; ipvsadm shows InPkts rising and
            OutPkts 0.
    Seen    /proc/sys/net/ipv4/ip_forward = 0 (wanted 1)
            /etc/sysctl.d/zz-local.conf:3: 0
    See it  sysctl net.ipv4.ip_forward
    Fix     hayward fix ip-forward
            - Turn forwarding on (low risk)

  ✓ 1 fine (--verbose lists them)

2 checked: 1 problem, 1 fine, 0 unknown.
`,
  );
});

test('says the same in Chinese', () => {
  const told = lines([sampleFinding(), sampleOther('ok')], { lang: 'zh-CN' });
  expect(told).toContain('  ✗ 严重 · ip-forward net.ipv4.ip_forward');
  expect(told).toContain('    修复  hayward fix ip-forward');
  expect(told.at(-2)).toBe('共检查 2 项：1 个问题，1 项正常，0 项未知。');
});

test('the worst comes first, among nodes and within one', () => {
  const target = { via: 'ssh', profile: 'generic', profileEvidence: [] } as const;
  const report = sampleReport(
    [
      sampleOther('ok', { target: 'a' }),
      sampleFinding({ target: 'b', severity: 'info', problem: 'note' }),
      sampleFinding({ target: 'b', severity: 'warning', problem: 'lesser' }),
      sampleFinding({ target: 'c', severity: 'warning', problem: 'minor' }),
      sampleFinding({ target: 'c', severity: 'critical', problem: 'major' }),
    ],
    { targets: ['a', 'b', 'c'].map((name) => ({ ...target, name })) },
  );
  const told = renderText(report, PLAIN).match(/^[abc](?= ·)|(?<= · )(note|lesser|minor|major)(?= )/gm);
  expect(told).toEqual(['c', 'major', 'minor', 'b', 'lesser', 'note', 'a']);
});

test('a consequence is one line under its cause', () => {
  const effect = sampleFinding({
    problem: 'ipvs-forwarding',
    subject: '',
    severity: 'info',
    title: 'IPVS does not forward',
    consequenceOf: 'ip-forward',
  });
  const told = lines([effect, sampleFinding()]);
  expect(told.filter((line) => line.includes('ipvs-forwarding'))).toEqual([
    '    ↳ follows from this: ipvs-forwarding (IPVS does not forward)',
  ]);
});

test('subjects in the same plight are told once', () => {
  const one = (subject: string) =>
    sampleFinding({ problem: 'rp-filter', subject, title: `${subject} is strict`, cause: `${subject} refuses.` });
  const told = lines([one('eth0'), one('eth1'), one('eth2'), sampleFinding({ problem: 'rp-filter', cause: 'other' })]);
  expect(told.filter((line) => line.includes(' · rp-filter'))).toHaveLength(2);
  expect(told).toContain('    the same: eth1, eth2');
});

test('an unreachable node is one paragraph, and the last line names why', () => {
  const unknown = { reason: 'failed', detail: 'connection refused' } as const;
  const blind = (problem: string, subject = '') =>
    sampleOther('unknown', { problem, subject, severity: 'warning', unknown });
  const told = lines([blind('ip-forward'), blind('rp-filter')]);
  expect(told).toContain('  ? not known: anything of this node (2 judgements)');
  expect(told).toContain('    connection refused (failed)');
  expect(told.at(-2)).toBe('2 checked: 0 problems, 0 fine, 2 unknown (connection refused).');
  // What one thing cannot say of a node is that thing's own.
  expect(lines([blind('rp-filter')])).toContain('  ? not known: rp-filter');
  const partly = lines([sampleOther('ok'), blind('ip-forward'), blind('rp-filter', 'a'), blind('rp-filter', 'b')]);
  expect(partly).toContain('  ? not known: ip-forward, rp-filter a b');
});

test('the last line says what was not looked at, and why', () => {
  const report = sampleReport(
    [
      sampleOther('ok'),
      sampleOther('unknown', { unknown: { reason: 'absent', detail: 'ipvsadm is not installed' } }),
      sampleOther('not-applicable', { problem: 'bridge-netfilter' }),
    ],
    { only: ['rp-filter', 'bridge-netfilter'] },
  );
  const told = renderText(report, { ...PLAIN, width: 300 })
    .trimEnd()
    .split('\n');
  expect(told.at(-1)).toBe(
    '1 checked: 0 problems, 1 fine, 0 unknown; not looked at: rp-filter (ipvsadm is not installed), ' +
      'bridge-netfilter (not applicable here), all but rp-filter, bridge-netfilter (--only).',
  );
});

test('where that is too long for a line, the reasons come first and the counts stay the last line', () => {
  const detail = 'iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied';
  const blind = sampleOther('unknown', { severity: 'warning', unknown: { reason: 'denied', detail } });
  const told = lines([sampleOther('ok'), blind, sampleOther('not-applicable', { problem: 'bridge-netfilter' })]);
  expect(told.slice(-5)).toEqual([
    'Unknown: iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation',
    'id: Permission denied.',
    'Not looked at: bridge-netfilter (not applicable here).',
    '2 checked: 0 problems, 1 fine, 1 unknown; not looked at: see above.',
    '',
  ]);
});

test('quiet says only what is wrong', () => {
  expect(renderText(sampleReport([sampleOther('ok')]), { ...PLAIN, quiet: true })).toBe('');
  const told = lines([sampleFinding(), sampleOther('ok')], { quiet: true }).join('\n');
  expect(told).toContain('ip-forward');
  expect(told).not.toContain('checked');
  expect(told).not.toContain('fine');
});

test('what the profile was found from takes one line, all of it when verbose', () => {
  const evidence = Array.from({ length: 9 }, (_, index) => `/etc/some/where/${index}`);
  const target = { name: 'node-1', via: 'local', profile: 'generic', profileEvidence: evidence } as const;
  const told = (verbose: boolean) => renderText(sampleReport([], { targets: [target] }), { ...PLAIN, verbose });
  expect(told(false)).toMatch(/^ {2}found from: .*…\n\n/m);
  expect(told(true)).toContain('/etc/some/where/8\n');
});

test('verbose also lists what is in order', () => {
  expect(lines([sampleOther('ok')], { verbose: true })).toContain('    rp-filter eth0 (Reverse path filter)');
});

test.each([
  [{ via: 'ssh' }, 'hayward fix ip-forward --host node-1'],
  [{ via: 'ssh', destination: 'keeper@node-1' }, 'hayward fix ip-forward --host keeper@node-1'],
  [{ via: 'root' }, 'on node-1: hayward fix ip-forward'],
] as const)('a fix of a node seen by %j says how', (seen, command) => {
  const target = { name: 'node-1', ...seen, profile: 'generic', profileEvidence: [] } as const;
  const told = renderText(sampleReport([sampleFinding()], { targets: [target] }), PLAIN);
  expect(told).toContain(`    Fix     ${command}\n`);
});

test('colour only when asked for, and the same words with it', () => {
  const findings = [sampleFinding(), sampleOther('ok'), sampleOther('unknown', { severity: 'warning' })];
  const plain = lines(findings).join('\n');
  const coloured = lines(findings, { color: true }).join('\n');
  expect(plain).not.toContain('\x1b');
  expect(coloured).toContain('\x1b[');
  expect(coloured.replace(/\x1b\[[0-9;]*m/g, '')).toBe(plain);
});

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('bridge', '网桥过滤规则', '，', '。', '\x1b[31m', '\n', '\u202e', 'x'.repeat(120)),
);
const prose = fc.array(word, { maxLength: 30 }).map((words) => words.join(' '));
const evidence = fc.record({ source: prose, value: prose, wanted: prose, file: prose, line: fc.nat() });
const finding = fc
  .record({
    problem: fc.constantFrom('ip-forward', 'bridge-netfilter', 'setting-not-persistent'),
    target: fc.constantFrom('node-1', '节点二', 'evil\x1b]0;x\x07'),
    subject: prose,
    status: fc.constantFrom<Finding['status']>('ok', 'problem', 'unknown', 'not-applicable'),
    severity: fc.constantFrom<Finding['severity']>('critical', 'warning', 'info'),
    title: prose,
    cause: prose,
    impact: prose,
    evidence: fc.array(evidence, { maxLength: 8 }),
    unknown: fc.record({ reason: fc.constantFrom('absent', 'denied', 'failed', 'not-collected'), detail: prose }),
  })
  .map((parts) => sampleFinding({ ...(parts as Partial<Finding>), prove: '' }));
const options = fc.record({
  lang: fc.constantFrom('en' as const, 'zh-CN' as const),
  color: fc.constant(false),
  width: fc.integer({ min: 60, max: 100 }),
  verbose: fc.boolean(),
  quiet: fc.boolean(),
});

test('whatever a node says, no line is wider than the page and nothing reaches the terminal but text', () => {
  fc.assert(
    fc.property(fc.array(finding, { maxLength: 5 }), options, (findings, chosen) => {
      const told = renderText(sampleReport(findings), chosen);
      expect(told.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\p{Surrogate}]/u);
      for (const line of told.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(chosen.width);
    }),
  );
});

test('only a command may be wider than the page, so that it can be copied whole', () => {
  const prove = `ip netns exec x ${'sysctl '.repeat(20)}`;
  const wide = lines([sampleFinding({ prove })]).filter((line) => displayWidth(line) > 80);
  expect(wide).toEqual([`    See it  ${prove}`]);
});

test('commands too long for one line get a line each, those in quotes stay', () => {
  const prove = `sysctl net.ipv4.ip_forward; cat '/proc/sys/a; b' | grep -w 1; iptables -vnL FORWARD --line-numbers`;
  const [first, ...rest] = lines([sampleFinding({ prove })]).filter((line) => /sysctl net|a; b|-vnL/.test(line));
  expect(first).toBe('    See it  sysctl net.ipv4.ip_forward');
  expect(rest.map((line) => line.trim())).toEqual([
    "cat '/proc/sys/a; b' | grep -w 1",
    'iptables -vnL FORWARD --line-numbers',
  ]);
});

test('a reader of Chinese is sent to the page in Chinese, which is there', () => {
  const told = lines([sampleFinding({ remedies: [], docs: 'docs/problems/ip-forward.md' })], { lang: 'zh-CN' });
  expect(told.join('\n')).toContain('docs/problems/ip-forward.zh-CN.md');
  for (const page of readdirSync('docs/problems').filter((name) => !name.includes('.zh-CN.'))) {
    expect(existsSync(`docs/problems/${page.replace(/\.md$/, '.zh-CN.md')}`), page).toBe(true);
  }
});

test('a node that could not be seen adds nothing to what was not looked at, and no second full stop', () => {
  const unknown = { reason: 'denied', detail: 'root@n2: Permission denied (publickey).' } as const;
  const blind = { target: 'n2', status: 'unknown', unknown } as const;
  const told = lines([
    sampleOther('ok'),
    { ...sampleOther('unknown'), ...blind, severity: 'critical' },
    { ...sampleOther('unknown'), ...blind, problem: 'rp-filter', severity: 'info' },
  ]);
  expect(told.join('\n')).not.toMatch(/ot looked at/);
  expect(told.at(-3)).toBe('Unknown: root@n2: Permission denied (publickey).');
  const aside = lines([{ ...sampleOther('unknown'), ...blind, severity: 'info' }]);
  expect(aside.join('\n')).toMatch(/ot looked at: .*publickey/);
});

test('a node in a bundle is told with the moment it was looked at', () => {
  const [target] = sampleReport([]).targets;
  const takenAt = '2026-01-01T00:00:00.000Z';
  const report = sampleReport([sampleFinding()], target ? { targets: [{ ...target, via: 'bundle', takenAt }] } : {});
  expect(renderText(report, PLAIN)).toMatch(/^node-1 · kubekey-ipvs · as it was at 2026-01-01T00:00:00.000Z\n/);
  expect(JSON.parse(renderJson(report, 'en')).targets).toMatchObject([{ via: 'bundle', takenAt }]);
  expect(JSON.parse(renderJson(sampleReport([]), 'en')).targets[0]).not.toHaveProperty('takenAt');
});
