import { expect, test } from 'vitest';
import { renderJunit } from './junit.ts';
import { sampleFinding, sampleOther, sampleReport } from './sample-report.ts';

test('a problem fails, an unknown that matters is an error, the rest is skipped or passes', () => {
  const printed = renderJunit(
    sampleReport([
      sampleFinding(),
      sampleFinding({ severity: 'info', subject: 'note' }),
      sampleOther('ok'),
      sampleOther('unknown', { severity: 'warning', cause: 'permission denied' }),
      sampleOther('unknown', { cause: 'not needed' }),
      sampleOther('not-applicable', { cause: 'no IPVS here' }),
    ]),
  );
  expect(printed).toContain('<testsuites name="hayward" tests="6" failures="1" errors="1" skipped="2" time="1.234">');
  expect(printed).toContain(
    '<testcase classname="ip-forward" name="ip-forward net.ipv4.ip_forward" time="0"><failure ',
  );
  expect(printed).toContain('type="critical">This node does not forward IPv4 packets\n');
  expect(printed).toContain('<testcase classname="rp-filter" name="rp-filter eth0" time="0"/>');
  expect(printed).toContain('<skipped message="no IPVS here"/>');
  expect(printed.match(/<error /g)).toHaveLength(1);
});

test('what was seen in a file has its place', () => {
  const at = { source: 'spec.config', value: '{', wanted: 'JSON', file: 'nets/a.yaml', line: 14, column: 12 };
  const printed = renderJunit(sampleReport([sampleFinding({ evidence: [at, { source: 'sysctl', value: '0' }] })]));
  expect(printed).toContain('\nnets/a.yaml:14:12: spec.config = { (wanted JSON)\nsysctl = 0\n');
});

test('a suite for every node, also one without findings', () => {
  const target = { name: 'node-2', via: 'ssh', profile: 'generic', profileEvidence: [] } as const;
  const printed = renderJunit(sampleReport([sampleFinding()], { targets: [target] }));
  expect(printed.match(/<testsuite /g)).toHaveLength(2);
});

test('hostile text stays text: no control character, no element, no end of a section', () => {
  const hostile = ']]><script>&\x1b[31m\x00\ufffe"\'\ud800\n</failure>';
  const fields = { subject: hostile, title: hostile, cause: hostile, prove: hostile, target: hostile };
  const printed = renderJunit(sampleReport([sampleFinding(fields)]));
  expect(printed).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe\uffff]|\]\]>|<script|&(?!amp;|lt;|gt;|quot;|apos;)/);
  expect(printed).not.toMatch(/\p{Surrogate}/u);
  expect(printed.match(/<\/failure>/g)).toHaveLength(1);
});
