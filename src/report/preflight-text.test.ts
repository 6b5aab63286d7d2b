import { expect, test } from 'vitest';
import { EMPTY, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { preflight } from '../preflight/preflight.ts';
import { PREFLIGHT_PROFILES, type PreflightProfile } from '../preflight/preflight-profile.ts';
import { EMPTY_RULES, fresh, netfilter, rules } from '../preflight/sample-host.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { displayWidth } from './display-width.ts';
import { preflightText } from './preflight-text.ts';
import { sampleReport } from './sample-report.ts';

function named(name: string, snapshot: Snapshot): Snapshot {
  const capture = { ...EMPTY, target: { name, via: 'ssh' } } as const;
  return Object.defineProperty(snapshot, 'capture', { value: capture });
}

const HOSTS = [
  named('node-1', fresh()),
  named(
    'node-2',
    fresh({ tools: { path: (name) => seen(['conntrack', 'ipset'].includes(name) ? null : `/bin/${name}`) } }),
  ),
  named('node-3', fresh({ netfilter: netfilter(EMPTY_RULES, rules('nft', 'drop')) })),
];

function told(profile: PreflightProfile, lang: 'en' | 'zh-CN', hosts: readonly Snapshot[] = HOSTS): string[] {
  const candidates = preflight(profile, hosts, { lang });
  const report = sampleReport(
    candidates.flatMap(({ findings }) => findings),
    { targets: hosts.map(({ capture }) => ({ ...capture.target, profile, profileEvidence: [] })) },
  );
  const options = { lang, color: false, width: 80, verbose: false, quiet: false } as const;
  return preflightText({ profile }, candidates, report, options).split('\n');
}

test("shows KubeKey's columns for all hosts, hard requirements marked, and a verdict for each", () => {
  const lines = told('kubekey-ipvs', 'en');
  expect(lines[1]).toMatch(/^\| name +\| sudo\* \| curl \| openssl \| ebtables \| socat\* \| ipset \| ipvsadm \|$/);
  const second = lines.findIndex((line) => line.startsWith('| name   | conntrack* | chrony |'));
  expect(lines[second + 2]).toMatch(/^\| node-1 \| y {10}\| y /);
  expect(lines[second + 3]).toMatch(/^\| node-2 \| {12}\| y /);
  expect(lines).toContain('node-1: ready');
  expect(lines).toContain('node-2: the installer would stop (required-tools conntrack); the installer would');
  expect(lines).toContain('node-3: after the installation the network would be broken (iptables-backends)');
  expect(lines.at(-2)).toContain(' checked: 3 problems, ');
});

test('what KubeKey lacks is a table of its own, marked by what was found', () => {
  const lines = told('kubekey-ipvs', 'en');
  const heading = lines.findIndex((line) => line.includes('| forwarding |'));
  expect(lines[heading]).toBe('| name   | forwarding | reverse path | modules | boot modules | backends |');
  expect(lines[heading + 2]).toBe('| node-1 | y          | y            | y       | -            | y        |');
  expect(lines[heading + 4]).toBe('| node-3 | y          | y            | y       | -            | no       |');
});

test('a host that did not answer cannot be told', () => {
  expect(told('kubekey-ipvs', 'en', [named('gone', snapshotWith({}))])).toContain('gone: cannot be told');
});

test("shows Harvester's next boot", () => {
  const lines = told('harvester', 'en', [
    named('node-1', fresh({ netfilter: netfilter(rules('legacy', 'drop'), EMPTY_RULES) })),
  ]);
  expect(lines[1]).toBe('| name   | bridge-nf now | drop-in | next boot | FORWARD | clock |');
  expect(lines[3]).toBe('| node-1 | ?             | -       | -         | DROP    | y     |');
});

test('shows what kubeadm looks for, hard requirements marked, and what it does not look at', () => {
  const lines = told('kubeadm', 'en', [
    named(
      'node-1',
      fresh({
        sysctl: sysctlWith({ 'net/ipv4/ip_forward': '0', 'net/ipv4/conf/all/rp_filter': '0' }),
        tools: { path: (name) => seen(name === 'conntrack' ? null : `/bin/${name}`) },
      }),
    ),
  ]);
  expect(lines[1]).toMatch(/^\| name +\| ip\* \| iptables\* \| mount\* \| nsenter\* \| conntrack \| ebtables \|/);
  const heading = lines.findIndex((line) => line.includes('| forwarding |'));
  expect(lines[heading]).toContain('| reverse path | modules | backends | swap off |');
  expect(lines[heading + 2]).toMatch(/^\| node-1 \| no +\| y +\| y +\| y +\| \? /);
  const verdict = lines.slice(lines.findIndex((line) => line.startsWith('node-1: '))).join(' ');
  expect(verdict).toMatch(/^node-1: the installer would stop \(ip-forward [\w.]+\); the installer would not notice/);
});

test.each(['rke2-calico', 'k3s-flannel'] as const)('shows what %s does not look at, in one table', (profile) => {
  const lines = told(profile, 'en', [
    named('node-1', fresh({ sysctl: sysctlWith({ 'net/ipv4/conf/all/rp_filter': '0' }) })),
  ]);
  expect(lines[1]).toBe('| name   | forwarding | reverse path | modules | backends | clock |');
  expect(lines[3]).toMatch(/^\| node-1 \| y +\| y +\| y +\| y +\| y /);
  expect(lines).toContain('node-1: ready');
});

test.each(['en', 'zh-CN'] as const)('fits in 80 columns in %s, and asks nothing of a name', (lang) => {
  const hosts = [...HOSTS, named(`evil\x1b[2J\n节点${'x'.repeat(200)}`, fresh())];
  for (const profile of PREFLIGHT_PROFILES) {
    for (const line of told(profile, lang, hosts)) {
      expect(line).not.toMatch(/\p{Cc}/u);
      if (!/ {2}(See it|自查) {2}/.test(line)) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    }
  }
});
