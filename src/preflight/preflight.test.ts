import { expect, test } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import { address, route, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { known, unknown } from '../hosts/reading.ts';
import type { Finding } from '../judging/finding.ts';
import { type Snapshot, snapshotOf } from '../snapshot/snapshot.ts';
import type { Unit } from '../snapshot/units.ts';
import { preflight, preflightAsks, preflightIds } from './preflight.ts';
import type { PreflightProfile } from './preflight-profile.ts';
import { EMPTY_RULES, file, fresh, netfilter, type Parts, rules, sysctlFiles } from './sample-host.ts';

function findings(profile: PreflightProfile, ...snapshots: readonly Snapshot[]): readonly Finding[] {
  return preflight(profile, snapshots, { lang: 'en' }).flatMap((candidate) => candidate.findings);
}

function trouble(profile: PreflightProfile, ...snapshots: readonly Snapshot[]): string[] {
  return findings(profile, ...snapshots)
    .filter(({ status, severity }) => status === 'problem' || (status === 'unknown' && severity !== 'info'))
    .map(({ problem, subject, status, severity }) => [problem, subject, status, severity].join(' '));
}

test('a fresh machine with nothing configured yet raises no alarm', () => {
  expect(trouble('kubekey-ipvs', fresh())).toEqual([]);
  expect(trouble('harvester', fresh())).toEqual([]);
});

test.each([
  ['plain-debian12', 'kubekey-ipvs', ['required-tools', 'required-tools', 'required-tools', 'required-tools']],
  ['kubekey-debian11', 'kubekey-ipvs', ['modules-load-shadowed']],
  ['kubekey-debian11-not-forwarding', 'kubekey-ipvs', ['ip-forward', 'modules-load-shadowed']],
  ['harvester-v1.4', 'harvester', []],
] as const)('a recorded node: %s before %s', (name, profile, wanted) => {
  expect(trouble(profile, snapshotOf(fixture(name))).map((line) => line.split(' ')[0])).toEqual(wanted);
});

test('a host that did not answer is not known to be ready, in anything', () => {
  const silent = snapshotWith({});
  const all = findings('kubekey-ipvs', silent);
  expect(all.filter(({ status }) => status !== 'unknown')).toEqual([]);
  expect(new Set(all.map(({ problem }) => problem))).toEqual(new Set(preflightIds('kubekey-ipvs')));
});

test('programs: those the installer insists on are critical, those it forgets a warning', () => {
  const bare = fresh({ tools: { path: () => seen(null) } });
  expect(trouble('kubekey-ipvs', bare)).toEqual([
    'required-tools sudo problem critical',
    'required-tools conntrack problem critical',
    'required-tools socat problem critical',
    'required-tools ipset problem warning',
    'required-tools ipvsadm problem warning',
  ]);
});

test.each([
  ['a later file turns it off', sysctlFiles(['/etc/sysctl.d/zz-hardening.conf', 'net.ipv4.ip_forward=0']), 'critical'],
  ['by its other name', sysctlFiles(['/etc/sysctl.d/zz-h.conf', 'net.ipv4.conf.all.forwarding=0']), 'critical'],
  ['an earlier file does not matter', sysctlFiles(['/etc/sysctl.d/10-h.conf', 'net.ipv4.ip_forward=0']), ''],
  [
    'nothing reads sysctl.conf at boot',
    { files: seen([]), sysctlConf: unknown('absent', '/etc/sysctl.conf', 'no such file') },
    'warning',
  ],
] as const)('forwarding after the first reboot: %s', (_name, files, severity) => {
  const wanted = severity === '' ? [] : [`ip-forward net.ipv4.ip_forward problem ${severity}`];
  expect(trouble('kubekey-ipvs', fresh({ sysctlFiles: files }))).toEqual(wanted);
});

test('the line that will win is named', () => {
  const files = sysctlFiles(['/etc/sysctl.d/zz-hardening.conf', '# x\nnet.ipv4.ip_forward=0\n']);
  const [finding] = findings('kubekey-ipvs', fresh({ sysctlFiles: files })).filter(
    ({ status }) => status === 'problem',
  );
  expect(finding?.evidence).toMatchObject([{ file: '/etc/sysctl.d/zz-hardening.conf', line: 2 }]);
  expect(finding?.cause).toContain('/etc/sysctl.d/zz-hardening.conf:2');
});

test('a sysctl.d file nobody may read decides nothing', () => {
  const hidden = { path: '/etc/sysctl.d/x.conf', text: unknown('denied', '/etc/sysctl.d/x.conf', 'permission denied') };
  const files = { files: seen([hidden]), sysctlConf: known('', '/etc/sysctl.conf') };
  expect(trouble('kubekey-ipvs', fresh({ sysctlFiles: files }))).toEqual([
    'ip-forward net.ipv4.ip_forward unknown warning',
    'setting-not-persistent net.bridge.bridge-nf-call-iptables unknown warning',
  ]);
});

test('bridge filtering that a later file turns off', () => {
  const files = sysctlFiles(['/etc/sysctl.d/zz.conf', 'net.bridge.bridge-nf-call-iptables=0']);
  expect(trouble('kubekey-ipvs', fresh({ sysctlFiles: files }))).toEqual([
    'setting-not-persistent net.bridge.bridge-nf-call-iptables problem critical',
  ]);
});

test.each([
  ['0', 'warning'],
  ['1', 'critical'],
  ['2', ''],
])('two cards in one network, the second with rp_filter %s', (value, severity) => {
  const snapshot = fresh({
    sysctl: sysctlWith({ 'net/ipv4/conf/eth0/rp_filter': '2', 'net/ipv4/conf/eth1/rp_filter': value }),
    addresses: seen([address('eth0', '10.0.0.1/24'), address('eth1', '10.0.0.2/24')]),
    routes: seen([route('10.0.0.0/24', 'eth0'), route('10.0.0.0/24', 'eth1', { metric: 100 })]),
  });
  expect(trouble('kubekey-ipvs', snapshot)).toEqual(severity === '' ? [] : [`rp-filter eth1 problem ${severity}`]);
});

test('modules: absent and blocked ones will not come, a blacklisted one not at boot', () => {
  const modprobe = seen([
    file('/etc/modprobe.d/cis.conf', '# hardening\ninstall br_netfilter /bin/true\nblacklist ip-vs-rr\n'),
  ]);
  const snapshot = fresh({
    modules: { state: (name) => seen(name === 'ip_vs' ? 'absent' : name === 'overlay' ? 'loaded' : 'loadable') },
    moduleFiles: { load: seen([]), modprobe },
  });
  expect(trouble('kubekey-ipvs', snapshot)).toEqual([
    'kernel-modules br_netfilter problem critical',
    'kernel-modules ip_vs problem critical',
    'kernel-modules ip_vs_rr problem warning',
  ]);
});

test.each([
  ['nft holds rules', EMPTY_RULES, rules('nft', 'accept', 1), 'warning'],
  ['nft drops what is forwarded', EMPTY_RULES, rules('nft', 'drop'), 'critical'],
  ['both hold rules', rules('legacy', 'accept', 1), rules('nft', 'accept', 1), 'warning'],
  ['only legacy holds rules', rules('legacy', 'drop', 1), rules('nft', 'accept'), ''],
] as const)('iptables backends: %s', (_name, legacy, nft, severity) => {
  const wanted = severity === '' ? [] : [`iptables-backends  problem ${severity}`];
  expect(trouble('kubekey-ipvs', fresh({ netfilter: netfilter(legacy, nft) }))).toEqual(wanted);
});

test.each([
  ['nf_conntrack\n', ['modules-load-shadowed /etc/modules-load.d/kube_proxy-ipvs.conf problem warning']],
  ['ip_vs_rr\n', ['modules-load-shadowed /etc/modules-load.d/kube_proxy-ipvs.conf problem warning']],
  ['ip_vs\nip_vs_rr\nnf_conntrack\n', []],
])('a module list an earlier KubeKey left: %j', (text, wanted) => {
  const load = seen([file('/etc/modules-load.d/kube_proxy-ipvs.conf', text)]);
  expect(trouble('kubekey-ipvs', fresh({ moduleFiles: { load, modprobe: seen([]) } }))).toEqual(wanted);
});

test('of three clocks the one that is off is named', () => {
  const at = (seconds: number) =>
    fresh({ timeSync: { clock: seen(''), offsetSeconds: seen(seconds), synchronized: seen(true) } });
  const status = (...seconds: readonly number[]) =>
    findings('kubekey-ipvs', ...seconds.map(at))
      .filter(({ problem }) => problem === 'clock-skew')
      .map((finding) => (finding.status === 'problem' ? finding.severity : finding.status));
  expect(status(0, 0.4, 1.9)).toEqual(['ok', 'ok', 'ok']);
  expect(status(100, 100.2, 90)).toEqual(['ok', 'ok', 'warning']);
  expect(status(-3600, 0, 0.1)).toEqual(['critical', 'ok', 'ok']);
  expect(status(3600)).toEqual(['ok']);
});

test('a clock nobody keeps is worth a note', () => {
  const loose = { clock: seen(''), offsetSeconds: seen(0), synchronized: seen(false) };
  expect(trouble('kubekey-ipvs', fresh({ timeSync: loose }))).toEqual(['clock-skew  problem info']);
});

const ZERO = '[Service]\nExecStartPost=/sbin/sysctl -w net.bridge.bridge-nf-call-iptables=0\n';

function rke2(...files: readonly (readonly [string, string])[]): Parts['units'] {
  const unit: Unit = {
    name: 'rke2-server.service',
    loadState: 'loaded',
    activeState: 'active',
    subState: 'running',
    unitFileState: 'enabled',
    files: files.map(([path, text]) => file(path, text)),
  };
  return { systemd: seen(true), units: seen([unit]) };
}

const UNIT = ['/usr/lib/systemd/system/rke2-server.service', '[Service]\nType=notify\n'] as const;
const DROP_IN = '/etc/systemd/system/rke2-server.service.d/override.conf';

test.each([
  ['none', [UNIT], ['missing']],
  ['one that puts 0 back', [UNIT, [DROP_IN, ZERO]], []],
  ['one with slashes in the key', [UNIT, [DROP_IN, ZERO.replaceAll('net.bridge.', 'net/bridge/')]], []],
  [
    'one that a later file takes back',
    [UNIT, [DROP_IN, ZERO], [`${DROP_IN}2`, '[Service]\nExecStartPost=\n']],
    ['missing'],
  ],
  ['one that is commented out', [UNIT, [DROP_IN, ZERO.replace('ExecStart', '#ExecStart')]], ['missing']],
  ['one that is gone after a reboot', [UNIT, [DROP_IN.replace('/etc', '/run'), ZERO]], ['lost']],
] as const)('Harvester, a drop-in: %s', (_name, files, wanted) => {
  const units = rke2(...files) as NonNullable<Parts['units']>;
  const expected = wanted.length > 0 ? ['bridge-netfilter rke2-server.service problem warning'] : [];
  expect(trouble('harvester', fresh({ units }))).toEqual(expected);
});

test('Harvester: with FORWARD at DROP a missing drop-in is critical, a present one leaves a note', () => {
  const dropping = netfilter(rules('legacy', 'drop'), EMPTY_RULES);
  const without = rke2(UNIT) as NonNullable<Parts['units']>;
  expect(trouble('harvester', fresh({ units: without, netfilter: dropping }))).toEqual([
    'bridge-netfilter rke2-server.service problem critical',
    'forward-policy FORWARD problem info',
  ]);
  const beaten = rke2(UNIT, [DROP_IN, ZERO]) as NonNullable<Parts['units']>;
  expect(trouble('harvester', fresh({ units: beaten, netfilter: dropping }))).toEqual([
    'forward-policy FORWARD problem info',
  ]);
});

test('every finding is worded in both languages', () => {
  for (const lang of ['en', 'zh-CN'] as const) {
    const bare = fresh({ tools: { path: () => seen(null) }, netfilter: netfilter(EMPTY_RULES, rules('nft', 'drop')) });
    const [candidate] = preflight('kubekey-ipvs', [bare], { lang });
    for (const { title, cause, impact } of candidate?.findings.filter(({ status }) => status === 'problem') ?? []) {
      for (const text of [title, cause, impact]) expect(/[\u4e00-\u9fff]/.test(text)).toBe(lang === 'zh-CN');
    }
  }
});

test('--only narrows what is judged', () => {
  const [candidate] = preflight('kubekey-ipvs', [fresh()], { lang: 'en', only: ['clock-skew'] });
  expect(candidate?.findings.map(({ problem }) => problem)).toEqual(['clock-skew']);
});

test('what is judged and shown is asked for', () => {
  const asks = JSON.stringify(preflightAsks('kubekey-ipvs'));
  expect(asks).toContain('"conntrack"');
  expect(asks).toContain('/etc/sysctl.conf');
  expect(asks).toContain('date');
});
