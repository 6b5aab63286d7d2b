import { describe, expect, it } from 'vitest';
import { type BootNode, BRIDGE_RULE, bootParts, LINK_RULE, service } from '../../test/boot-parts.ts';
import { known, unknown } from '../hosts/reading.ts';
import { nextBoot } from './next-boot.ts';

const BRIDGE = 'net/bridge/bridge-nf-call-iptables';
const FORWARD = 'net/ipv4/ip_forward';
const OFF = { '/etc/sysctl.d/90-bridge.conf': 'net.bridge.bridge-nf-call-iptables = 0\n' };
const LINKS = { '/usr/lib/udev/rules.d/99-systemd.rules': LINK_RULE };

/** The value and the place that decides it: `0 /etc/x.conf:1`; what stays of it when nothing does, or why it is unknown. */
function ends(node: BootNode, key: string): string {
  const setting = nextBoot(bootParts(node)).setting(key);
  if (!setting.known) return `unknown: ${setting.reason}: ${setting.detail}`;
  const { value, decidedBy, lost } = setting.value;
  const by = decidedBy ? ` ${decidedBy.file}:${decidedBy.line}` : '';
  return `${value ?? 'default'}${by}${lost ? ` lost ${lost.place.file}:${lost.place.line} ${lost.module}` : ''}`;
}

describe('br_netfilter, as booted on Debian 12', () => {
  it('loses a plain sysctl.d line: the module comes later, with 1', () => {
    expect(ends({ files: OFF }, BRIDGE)).toBe('1 lost /etc/sysctl.d/90-bridge.conf:1 br_netfilter');
  });

  it('keeps it with the udev rule of sysctl.d(5)', () => {
    const udev = { ...LINKS, '/etc/udev/rules.d/99-bridge.rules': BRIDGE_RULE };
    expect(ends({ files: OFF, udev }, BRIDGE)).toBe('0 /etc/sysctl.d/90-bridge.conf:1');
  });

  it.each([
    ['modules-load.d', { load: { '/etc/modules-load.d/a.conf': '# early\nbr-netfilter\n' } }],
    ['the kernel command line', { commandLine: 'quiet modules_load=overlay,br_netfilter' }],
    ['the kernel itself', { modules: { br_netfilter: 'built-in' } }],
  ] as const)('keeps it when %s loads the module early', (_where, node) => {
    expect(ends({ files: OFF, ...node }, BRIDGE)).toBe('0 /etc/sysctl.d/90-bridge.conf:1');
  });

  it.each([
    ['a blacklist', { modprobe: { '/etc/modprobe.d/a.conf': 'blacklist br_netfilter\n' } }],
    ['an install line', { modprobe: { '/etc/modprobe.d/a.conf': 'install br_netfilter /bin/true\n' } }],
    ['module_blacklist=', { commandLine: 'module_blacklist=br_netfilter' }],
    ['parameters in modules-load.d', { load: { '/etc/modules-load.d/a.conf': 'br_netfilter x=1\n' } }],
    [
      'a masked systemd-modules-load',
      { units: [service('systemd-modules-load.service', {}, { loadState: 'masked' })] },
    ],
  ] as const)('loses it again through %s', (_what, node) => {
    const load = { '/etc/modules-load.d/a.conf': 'br_netfilter\n' };
    expect(ends({ files: OFF, load, ...node }, BRIDGE)).toMatch(/^1 lost/);
  });

  it('does not know where the udev rules cannot be read', () => {
    const parts = {
      ...bootParts({ files: OFF }),
      udevRules: unknown('denied', '/etc/udev/rules.d', 'Permission denied'),
    };
    expect(nextBoot(parts).setting(BRIDGE)).toMatchObject({ known: false, reason: 'denied' });
  });

  it('does not know where nobody can tell if the module is built in', () => {
    const state = () => unknown('not-collected', '/lib/modules', 'not collected');
    const parts = { ...bootParts({ files: OFF }), modules: { state } };
    expect(nextBoot(parts).setting(BRIDGE)).toMatchObject({ known: false, reason: 'not-collected' });
    expect(nextBoot(parts).setting(FORWARD)).toMatchObject({ known: true });
  });
});

it('KubeKey 3.x overwrites its own list: after a boot only nf_conntrack is loaded', () => {
  const boot = nextBoot(bootParts({ load: { '/etc/modules-load.d/kube_proxy-ipvs.conf': 'nf_conntrack\n' } }));
  expect(boot.loadedEarly('ip_vs')).toMatchObject({ known: true, value: false });
  expect(boot.loadedEarly('nf_conntrack')).toMatchObject({ known: true, value: true });
  const whole = nextBoot(bootParts({ load: { '/etc/modules-load.d/kube_proxy-ipvs.conf': 'ip_vs\nip_vs_rr\n' } }));
  expect(whole.loadedEarly('nf_conntrack')).toMatchObject({ known: true, value: true });
});

describe('the order of a boot', () => {
  it('takes the kernel command line first and systemd-sysctl after it', () => {
    const commandLine = 'sysctl.net.ipv4.ip_forward=1 sysctl.net/ipv4/conf/all/rp_filter=2';
    expect(ends({ commandLine }, FORWARD)).toBe('1 /proc/cmdline:1');
    expect(ends({ commandLine }, 'net/ipv4/conf/all/rp_filter')).toBe('2 /proc/cmdline:1');
    expect(ends({ commandLine, files: { '/usr/lib/sysctl.d/a.conf': 'net.ipv4.ip_forward=0' } }, FORWARD)).toBe(
      '0 /usr/lib/sysctl.d/a.conf:1',
    );
  });

  it('leaves out /etc/sysctl.conf, /run, and everything when systemd-sysctl is masked', () => {
    expect(ends({ sysctlConf: 'net.ipv4.ip_forward=1\n' }, FORWARD)).toBe('default');
    expect(ends({ files: { '/run/sysctl.d/a.conf': 'net.ipv4.ip_forward=1' } }, FORWARD)).toBe('default');
    const units = [service('systemd-sysctl.service', {}, { loadState: 'masked' })];
    expect(ends({ files: { '/etc/sysctl.d/a.conf': 'net.ipv4.ip_forward=1' }, units }, FORWARD)).toBe('default');
  });

  it('follows ip_forward under its other name and onto the interfaces', () => {
    const files = { '/etc/sysctl.d/a.conf': 'net.ipv4.ip_forward=0\nnet.ipv4.conf.all.forwarding=1\n' };
    expect(ends({ files }, FORWARD)).toBe('1 /etc/sysctl.d/a.conf:2');
    expect(ends({ files }, 'net/ipv4/conf/eth0/forwarding')).toBe('1 /etc/sysctl.d/a.conf:2');
  });

  it('gives an interface conf/default, or its own line when udev applies it', () => {
    const files = { '/etc/sysctl.d/a.conf': 'net.ipv4.conf.default.rp_filter=2\nnet.ipv4.conf.eth0/5.rp_filter=1\n' };
    expect(ends({ files }, 'net/ipv4/conf/eth1/rp_filter')).toBe('2 /etc/sysctl.d/a.conf:1');
    expect(ends({ files }, 'net/ipv4/conf/eth0.5/rp_filter')).toBe('1 /etc/sysctl.d/a.conf:2');
    expect(ends({ files }, 'net/ipv4/conf/lo/rp_filter')).toBe('default');
  });

  it('does not guess where only chance decides: no udev rule, an interface early or late', () => {
    const files = { '/etc/sysctl.d/a.conf': 'net.ipv4.conf.default.rp_filter=2\nnet.ipv4.conf.eth0.rp_filter=1\n' };
    expect(ends({ files, udev: {} }, 'net/ipv4/conf/eth0/rp_filter')).toMatch(
      /^unknown: failed: .* ends as 1 .* or 2 .*: nothing in the boot decides the order$/,
    );
  });

  it('names every place that speaks of a setting, in their order', () => {
    const files = {
      '/etc/sysctl.d/b.conf': 'net.ipv4.conf.all.forwarding=0',
      '/usr/lib/sysctl.d/a.conf': 'net.ipv4.ip_f*=1',
    };
    const setting = nextBoot(bootParts({ files, commandLine: 'sysctl.net.ipv4.ip_forward=1' })).setting(FORWARD);
    expect(setting.known && setting.value.assignments.map(({ file, value }) => `${file} ${value}`)).toEqual([
      '/proc/cmdline 1',
      '/usr/lib/sysctl.d/a.conf 1',
      '/etc/sysctl.d/b.conf 0',
    ]);
  });

  it('is unknown under another init, or where a file cannot be read', () => {
    expect(ends({ systemd: known(false, '/proc/1/comm') }, FORWARD)).toMatch(
      /^unknown: not-collected: the init is not/,
    );
    const denied = {
      path: '/etc/sysctl.d/z.conf',
      text: unknown('denied', '/etc/sysctl.d/z.conf', 'Permission denied'),
    };
    const parts = bootParts({});
    const sysctlFiles = { ...parts.sysctlFiles, files: known([denied], 'sysctl.d') };
    expect(nextBoot({ ...parts, sysctlFiles }).setting(FORWARD)).toMatchObject({ reason: 'denied' });
  });
});

describe('Harvester, where /etc starts anew at every boot', () => {
  const stage = (name: string, body: string) => ({ '/oem/99_ours.yaml': `stages:\n  ${name}:\n    - ${body}\n` });

  it('forgets files of /etc but keeps what the image and /usr/local bring', () => {
    const setting = 'net.ipv4.conf.all.rp_filter=2';
    expect(ends({ oem: {}, files: { '/etc/sysctl.d/a.conf': setting } }, 'net/ipv4/conf/all/rp_filter')).toBe(
      'default',
    );
    expect(
      ends({ oem: {}, files: { '/usr/local/lib/sysctl.d/a.conf': setting } }, 'net/ipv4/conf/all/rp_filter'),
    ).toMatch(/^2/);
    const ipv6 = { '/etc/sysctl.d/ipv6.conf': 'net.ipv6.conf.all.disable_ipv6 = 1' };
    expect(ends({ oem: {}, files: ipv6 }, 'net/ipv6/conf/all/disable_ipv6')).toMatch(/^1/);
  });

  it('takes a stage of the initramfs, and what a later file of the image says over it', () => {
    const oem = stage('initramfs', 'sysctl: { net.ipv4.ip_forward: "1" }');
    expect(ends({ oem }, FORWARD)).toBe('1 /oem/99_ours.yaml:3');
    const files = { '/usr/lib/sysctl.d/a.conf': 'net.ipv4.ip_forward=0' };
    expect(ends({ oem, files }, FORWARD)).toBe('0 /usr/lib/sysctl.d/a.conf:1');
    expect(ends({ oem: stage('network', 'sysctl: { net.ipv4.ip_forward: "1" }'), files }, FORWARD)).toMatch(/^1/);
  });

  it('loses a bridge setting whose module is loaded by the same step, or by command: instead of commands:', () => {
    const together = `modules: [br_netfilter]\n      sysctl: { net.bridge.bridge-nf-call-iptables: "0" }`;
    expect(ends({ oem: stage('initramfs', together) }, BRIDGE)).toBe('default');
    const set = 'sysctl -w net.bridge.bridge-nf-call-iptables=0';
    expect(ends({ oem: stage('boot', `command: [modprobe br_netfilter, ${set}]`) }, BRIDGE)).toBe('default');
    expect(ends({ oem: stage('boot', `commands: [modprobe br_netfilter, ${set}]`) }, BRIDGE)).toMatch(/^0 \/oem/);
  });

  it('reads the files a stage writes', () => {
    const files = `files:
        - { path: /etc/sysctl.d/90.conf, content: "net.bridge.bridge-nf-call-iptables=0" }
        - { path: /etc/modules-load.d/90.conf, content: br_netfilter }`;
    expect(ends({ oem: stage('initramfs', files) }, BRIDGE)).toBe('0 /etc/sysctl.d/90.conf:1');
    expect(ends({ oem: stage('boot', files) }, BRIDGE)).toBe('default');
  });

  it('is unknown where a conditional stage decides, and where a stage file is broken', () => {
    const oem = stage('boot', 'if: "[ -e /x ]"\n      sysctl: { net.ipv4.ip_forward: "1" }');
    expect(ends({ oem }, FORWARD)).toMatch(/^unknown: failed: .* ends as 1 .* or 0/);
    expect(ends({ oem: { '/oem/a.yaml': 'stages: [' } }, FORWARD)).toMatch(/^unknown: failed: \/oem\/a.yaml:/);
  });
});
