import { describe, expect, it } from 'vitest';
import { type BootNode, BRIDGE_RULE, bootParts, HARVESTER_DROP_IN, LINK_RULE, rke2 } from '../../test/boot-parts.ts';
import { known, unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { harvester } from '../profiles/harvester.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import type { Profile } from '../profiles/profile.ts';
import { settingNotPersistent } from './setting-not-persistent.ts';

const BRIDGE = 'net/bridge/bridge-nf-call-iptables';
const BRIDGE_NAME = 'net.bridge.bridge-nf-call-iptables';
const FORWARD = 'net/ipv4/ip_forward';
const OFF = { '/etc/sysctl.d/90-bridge.conf': 'net.bridge.bridge-nf-call-iptables = 0\n' };

function judgements(node: BootNode, profile: Profile = generic) {
  return settingNotPersistent.check(bootParts(node), profile);
}

/** `status severity subject how`, without what is not applicable. */
function judged(node: BootNode, profile: Profile = generic): string[] {
  return judgements(node, profile).flatMap((judgement) => {
    if (judgement.status === 'not-applicable') return [];
    if (judgement.status === 'ok') return [`ok ${judgement.subject}`];
    const how =
      judgement.status === 'problem' ? `${judgement.facts.loss.how} ${judgement.facts.ends}` : judgement.unknown.reason;
    return [`${judgement.status} ${judgement.severity} ${judgement.subject} ${how}`];
  });
}

describe('on a machine of no known distribution', () => {
  it('raises nothing about settings nobody configured', () => {
    expect(judgements({ sysctl: { [FORWARD]: '1', [BRIDGE]: '1' } })).toMatchObject([{ status: 'not-applicable' }]);
  });

  it('does not say so where it could not look', () => {
    expect(judged({ systemd: known(false, '/proc/1/comm') })).toEqual(['unknown info  not-collected']);
  });

  it('finds a bridge setting that is lost because br_netfilter loads late, whatever it is now', () => {
    for (const now of ['0', '1']) {
      expect(judged({ sysctl: { [BRIDGE]: now }, files: OFF })).toEqual([
        `problem warning ${BRIDGE_NAME} late-module 1`,
      ]);
    }
  });

  it.each([
    ['the udev rule', { udev: { 'a.rules': LINK_RULE, 'b.rules': BRIDGE_RULE } }],
    ['modules-load.d', { load: { '/etc/modules-load.d/a.conf': 'br_netfilter\n' } }],
  ] as const)('is content with %s', (_what, node) => {
    expect(judged({ sysctl: { [BRIDGE]: '0' }, files: OFF, ...node })).toEqual([`ok ${BRIDGE_NAME}`]);
  });

  it('is silent while the module is not even loaded', () => {
    expect(judged({ files: OFF })).toEqual([]);
  });

  it('finds a setting in force from /etc/sysctl.conf that systemd-sysctl does not read', () => {
    expect(judged({ sysctl: { [FORWARD]: '1' }, sysctlConf: 'net.ipv4.ip_forward=1\n' })).toEqual([
      'problem warning net.ipv4.ip_forward forgotten 0',
    ]);
    const files = { '/etc/sysctl.d/99-sysctl.conf': 'net.ipv4.ip_forward=1\n' };
    expect(judged({ sysctl: { [FORWARD]: '1' }, sysctlConf: files['/etc/sysctl.d/99-sysctl.conf'], files })).toEqual([
      'ok net.ipv4.ip_forward',
    ]);
  });

  it('finds the line of another file that wins, and says where it is', () => {
    const files = {
      '/etc/sysctl.d/50-k8s.conf': 'net.ipv4.ip_forward=1',
      '/etc/sysctl.d/zz-hardening.conf': '# no routing\nnet.ipv4.conf.all.forwarding = 0',
    };
    const [finding] = judgements({ sysctl: { [FORWARD]: '0' }, files });
    expect(finding?.status).toBe('ok');
    const kubernetes = judgements({ sysctl: { [FORWARD]: '1' }, files }, kubekeyIpvs).find(
      ({ subject }) => subject === 'net.ipv4.ip_forward',
    );
    expect(kubernetes).toMatchObject({
      status: 'problem',
      severity: 'critical',
      evidence: [{ value: '1' }, { file: '/etc/sysctl.d/zz-hardening.conf', line: 2, value: '0', wanted: '1' }],
    });
  });
});

describe('on Kubernetes', () => {
  it('finds a forwarding set by hand', () => {
    expect(judged({ sysctl: { [FORWARD]: '1' } }, kubekeyIpvs)).toContain(
      'problem critical net.ipv4.ip_forward default 0',
    );
  });

  it('is content where RKE2 sets it at every start', () => {
    expect(judged({ sysctl: { [FORWARD]: '1' }, units: [rke2()] }, harvester)).toContain('ok net.ipv4.ip_forward');
  });

  it('leaves a wrong running value to the problem that judges it', () => {
    expect(judged({ sysctl: { [FORWARD]: '0' } }, harvester)).toEqual([]);
  });

  it('says once why it does not know', () => {
    const sysctl = { [FORWARD]: '1', 'net/ipv4/conf/default/forwarding': '1', [BRIDGE]: '0' };
    expect(judged({ sysctl, systemd: known(false, '/proc/1/comm') }, harvester)).toEqual([
      'unknown critical  not-collected',
    ]);
    const parts = {
      ...bootParts({ sysctl }),
      sysctl: { get: () => unknown('denied', FORWARD, 'no'), interfaces: () => known([], '') },
    };
    expect(settingNotPersistent.check(parts, harvester)).toMatchObject([{ status: 'unknown', severity: 'critical' }]);
  });
});

describe('on Harvester', () => {
  const sysctl = { [BRIDGE]: '0' };

  it("needs RKE2's drop-in", () => {
    expect(judged({ sysctl, units: [rke2()], oem: {} }, harvester)).toEqual([
      `problem critical ${BRIDGE_NAME} service 1`,
    ]);
    expect(judged({ sysctl, units: [rke2(HARVESTER_DROP_IN)], oem: {} }, harvester)).toEqual([`ok ${BRIDGE_NAME}`]);
  });

  it('finds a file that /etc will forget', () => {
    const files = { '/etc/sysctl.d/90.conf': 'net.ipv4.conf.all.rp_filter=2' };
    const node = { sysctl: { 'net/ipv4/conf/all/rp_filter': '2' }, files, oem: {} };
    expect(judged(node, harvester)).toEqual(['problem warning net.ipv4.conf.all.rp_filter forgotten 0']);
    const oem = { '/oem/99.yaml': 'stages:\n  initramfs:\n    - sysctl: { net.ipv4.conf.all.rp_filter: "2" }\n' };
    expect(judged({ ...node, oem }, harvester)).toEqual(['ok net.ipv4.conf.all.rp_filter']);
  });
});

it('words every kind of loss in both languages, and quotes what a node named', () => {
  const place = { file: '/etc/x.conf', line: 3, text: 'a = b' };
  const facts = { key: "net/ipv4/conf/e';reboot/forwarding", value: '1', ends: '0', reason: undefined };
  const losses = [
    { how: 'file', place },
    { how: 'late-module', place, module: 'br_netfilter' },
    { how: 'forgotten', place },
    { how: 'default' },
    { how: 'service', when: 'restart', unit: 'rke2-server.service', place },
    { how: 'service', when: 'boot', unit: 'rke2-server.service', place: undefined },
  ] as const;
  for (const loss of losses) {
    const { title, cause, impact } = settingNotPersistent.explain({ ...facts, loss });
    for (const text of [title, cause, impact]) {
      expect(text.en).not.toMatch(/undefined/);
      expect(text['zh-CN']).toMatch(/[\u4e00-\u9fff]/);
    }
    const unquoted = settingNotPersistent.prove({ ...facts, loss }).replace(/'[^']*'|\\'/g, '');
    expect(unquoted).not.toMatch(/reboot/);
  }
});
