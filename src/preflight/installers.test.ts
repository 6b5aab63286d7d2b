import { describe, expect, test } from 'vitest';
import { captureOf } from '../../test/node-tree.ts';
import { address, route, seen, sysctlWith } from '../../test/parts.ts';
import type { Finding } from '../judging/finding.ts';
import { type Snapshot, snapshotOf } from '../snapshot/snapshot.ts';
import { preflight, preflightAsks, preflightIds } from './preflight.ts';
import { PREFLIGHT_PROFILES, type PreflightProfile } from './preflight-profile.ts';
import { EMPTY_RULES, file, fresh, netfilter, type Parts, rules, sysctlFiles } from './sample-host.ts';

// Before RKE2, k3s and kubeadm; what is KubeKey's and Harvester's own is in preflight.test.ts.

const RANCHER = ['rke2-canal', 'rke2-calico', 'k3s-flannel'] as const;
const ALL = [...RANCHER, 'kubeadm'] as const;

const FORWARDS = { 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/all/rp_filter': '0' };
const KEPT = sysctlFiles(['/etc/sysctl.d/k8s.conf', 'net.ipv4.ip_forward = 1\n']);

/** A host with what kubeadm asks for done, and what the kernel tells of swap. */
function prepared(more: Parts = {}, files: Readonly<Record<string, string>> = {}): Snapshot {
  const swaps = { '/proc/swaps': 'Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n', ...files };
  const parts = { sysctl: sysctlWith(FORWARDS), sysctlFiles: KEPT, ...more };
  const capture = captureOf({ files: swaps }, 'node', preflightAsks('kubeadm'));
  return Object.defineProperty(fresh(parts), 'capture', { value: capture });
}

function found(profile: PreflightProfile, snapshot: Snapshot): readonly Finding[] {
  return preflight(profile, [snapshot], { lang: 'en' }).flatMap(({ findings }) => findings);
}

function trouble(profile: PreflightProfile, snapshot: Snapshot): string[] {
  return found(profile, snapshot)
    .filter(({ status, severity }) => status === 'problem' || (status === 'unknown' && severity !== 'info'))
    .map(({ problem, subject, status, severity }) => [problem, subject, status, severity].join(' '));
}

test.each(ALL)(
  '%s: a prepared machine raises no alarm, and nothing that is judged is left out of the ids',
  (profile) => {
    expect(trouble(profile, prepared())).toEqual([]);
    expect(new Set(found(profile, prepared()).map(({ problem }) => problem))).toEqual(new Set(preflightIds(profile)));
  },
);

test.each(ALL)('%s: a host that did not answer is not known to be ready, in anything', (profile) => {
  const silent = snapshotOf(captureOf({ files: {} }, 'gone', []));
  expect(found(profile, silent).filter(({ status }) => status !== 'unknown')).toEqual([]);
});

test.each(ALL)('%s: what is judged is asked for', (profile) => {
  const asked = snapshotOf(captureOf({ files: {} }, 'node', preflightAsks(profile)));
  const unasked = found(profile, asked).filter(({ unknown }) => unknown?.reason === 'not-collected');
  // Every answer brings the host's clock with it, unasked.
  expect(unasked.filter(({ problem }) => problem !== 'clock-skew')).toEqual([]);
});

test.each(ALL)('%s: strict filtering where answers go another way stays as it is found', (profile) => {
  const parts = {
    sysctl: sysctlWith({ ...FORWARDS, 'net/ipv4/conf/eth0/rp_filter': '2', 'net/ipv4/conf/eth1/rp_filter': '1' }),
    addresses: seen([address('eth0', '10.0.0.1/24'), address('eth1', '10.0.0.2/24')]),
    routes: seen([route('10.0.0.0/24', 'eth0'), route('10.0.0.0/24', 'eth1', { metric: 100 })]),
  };
  expect(trouble(profile, prepared(parts))).toEqual(['rp-filter net.ipv4.conf.eth1.rp_filter problem critical']);
});

test.each(ALL)('%s: rules in both iptables backends', (profile) => {
  const both = netfilter(rules('legacy', 'accept', 1), rules('nft', 'drop', 1));
  expect(trouble(profile, prepared({ netfilter: both }))).toEqual(['iptables-backends  problem critical']);
  const one = netfilter(EMPTY_RULES, rules('nft', 'accept', 1));
  expect(trouble(profile, prepared({ netfilter: one })), 'none of them switches to legacy').toEqual([]);
});

test.each([
  ['rke2-canal', ['vxlan']],
  ['rke2-calico', ['vxlan']],
  ['k3s-flannel', ['vxlan']],
  ['kubeadm', []],
] as const)('%s before a kernel without the module of the tunnel', (profile, wanted) => {
  const modules = { state: (name: string) => seen(name === 'vxlan' ? ('absent' as const) : ('loadable' as const)) };
  expect(trouble(profile, prepared({ modules }))).toEqual(
    wanted.map((name) => `kernel-modules ${name} problem critical`),
  );
});

test('a module that modprobe.d keeps out is found before k3s, whose own modprobe would report success', () => {
  const modprobe = seen([file('/etc/modprobe.d/cis.conf', 'install br_netfilter /bin/true\n')]);
  expect(trouble('k3s-flannel', prepared({ moduleFiles: { load: seen([]), modprobe } }))).toEqual([
    'kernel-modules br_netfilter problem critical',
  ]);
  expect(trouble('kubeadm', prepared({ moduleFiles: { load: seen([]), modprobe } }))).toEqual([]);
});

describe('forwarding', () => {
  const off = { 'net/ipv4/ip_forward': '0', 'net/ipv4/conf/all/rp_filter': '0' };
  const hardened = sysctlFiles(['/etc/sysctl.d/zz-cis.conf', '# CIS 3.1\nnet.ipv4.ip_forward = 0\n']);

  test.each(RANCHER)('%s turns it on itself, so only a file that takes it back again matters', (profile) => {
    expect(trouble(profile, prepared({ sysctl: sysctlWith(off), sysctlFiles: sysctlFiles() }))).toEqual([]);
    expect(trouble(profile, prepared({ sysctlFiles: hardened }))).toEqual([
      'ip-forward net.ipv4.ip_forward problem warning',
    ]);
  });

  test.each([
    ['off', off, KEPT, ['critical'], 'kubeadm checks for 1'],
    ['on, and a file turns it off at boot', FORWARDS, hardened, ['warning'], '/etc/sysctl.d/zz-cis.conf:2'],
    ['on, and no file says so', FORWARDS, sysctlFiles(), ['warning'], 'no file that is read at boot'],
    ['on for good', FORWARDS, KEPT, [], ''],
  ] as const)('kubeadm sets it nowhere: %s', (_, values, files, severities, cause) => {
    const all = found('kubeadm', prepared({ sysctl: sysctlWith(values), sysctlFiles: files }));
    const problems = all.filter(({ status }) => status === 'problem');
    expect(problems.map(({ severity }) => severity)).toEqual(severities);
    if (cause) expect(problems[0]?.cause).toContain(cause);
  });
});

describe('kubeadm', () => {
  test('programs: those it insists on, the one older releases insist on, and those it only warns of', () => {
    const bare = prepared({ tools: { path: () => seen(null) } });
    expect(trouble('kubeadm', bare)).toEqual([
      ...['ip', 'iptables', 'mount', 'nsenter'].map((tool) => `required-tools ${tool} problem critical`),
      'required-tools conntrack problem warning',
      ...['ebtables', 'ethtool', 'socat', 'tc'].map((tool) => `required-tools ${tool} problem info`),
    ]);
  });

  const HEADING = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
  const FSTAB = `# /etc/fstab
UUID=0a3f / ext4 errors=remount-ro 0 1
#/swapfile none swap sw 0 0
//nas/share /mnt/swap cifs username=u,password=p 0 0
UUID=77ab none swap sw 0 0
/dev/vg/spare none swap noauto 0 0
`;

  test.each([
    ['in use', { '/proc/swaps': `${HEADING}/dev/dm-1  partition\t999420\t0\t-2\n` }, 'critical', '/dev/dm-1'],
    ['off, and back at boot', { '/proc/swaps': HEADING, '/etc/fstab': FSTAB }, 'warning', 'turns UUID=77ab on again'],
    ['off for good', { '/proc/swaps': HEADING, '/etc/fstab': '#/swapfile none swap sw 0 0\n' }, '', ''],
    ['no swap in the kernel', {}, '', ''],
  ])('swap: %s', (_, files, severity, area) => {
    const wanted = severity === '' ? [] : [`swap-on  problem ${severity}`];
    const snapshot = prepared({}, files);
    expect(trouble('kubeadm', snapshot)).toEqual(wanted);
    const [{ cause } = { cause: '' }] = found('kubeadm', snapshot).filter(({ status }) => status === 'problem');
    expect(cause).toContain(area);
    expect(JSON.stringify(snapshot.capture)).not.toContain('password');
  });
});

test('every finding is worded in both languages', () => {
  const bare: Parts = {
    tools: { path: () => seen(null) },
    sysctl: sysctlWith({ 'net/ipv4/ip_forward': '0' }),
    sysctlFiles: sysctlFiles(['/etc/sysctl.d/zz.conf', 'net.ipv4.ip_forward=0']),
    modules: { state: () => seen('absent') },
  };
  const hosts = [prepared(bare, { '/proc/swaps': 'Filename\n/swapfile file 1 0 -2\n' })];
  for (const lang of ['en', 'zh-CN'] as const) {
    for (const profile of PREFLIGHT_PROFILES) {
      const findings = preflight(profile, hosts, { lang }).flatMap((one) => one.findings);
      for (const { title, cause, impact } of findings.filter(({ status }) => status === 'problem')) {
        for (const text of [title, cause, impact]) expect(/[\u4e00-\u9fff]/.test(text ?? '')).toBe(lang === 'zh-CN');
      }
    }
  }
});
