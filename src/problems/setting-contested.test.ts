import { describe, expect, it } from 'vitest';
import { type BootNode, bootParts, HARVESTER_DROP_IN, rke2 } from '../../test/boot-parts.ts';
import { known, unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { harvester } from '../profiles/harvester.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import type { Profile } from '../profiles/profile.ts';
import { rke2Canal } from '../profiles/rke2-canal.ts';
import { settingContested } from './setting-contested.ts';

const FORWARD = 'net/ipv4/ip_forward';
const NAME = 'net.ipv4.ip_forward';
const on = 'net.ipv4.ip_forward = 1\n';
const off = 'net.ipv4.conf.all.forwarding = 0\n';

function judgements(node: BootNode, profile: Profile = generic) {
  return settingContested.check(bootParts({ sysctl: { [FORWARD]: '1' }, ...node }), profile);
}

function judged(node: BootNode, profile: Profile = generic): string[] {
  return judgements(node, profile).map((judgement) =>
    judgement.status === 'problem' ? `${judgement.severity} ${judgement.subject}` : `${judgement.status}`,
  );
}

describe('setting-contested', () => {
  it('takes an override of /usr/lib by /etc, or the same value twice, for no contest', () => {
    expect(judged({ files: { '/usr/lib/sysctl.d/50-a.conf': off, '/etc/sysctl.d/60-b.conf': on } })).toEqual(['ok']);
    const same = 'net/ipv4/ip_forward = 0x1\n';
    expect(judged({ files: { '/etc/sysctl.d/50-a.conf': on, '/etc/sysctl.d/60-b.conf': same } })).toEqual(['ok']);
  });

  it('finds a file of a package that beats the one in /etc', () => {
    const files = { '/usr/lib/sysctl.d/99-a.conf': on, '/etc/sysctl.d/60-b.conf': off };
    expect(judged({ files })).toEqual([`info ${NAME}`]);
    expect(judged({ files, sysctl: { [FORWARD]: '0' } })).toEqual([`warning ${NAME}`]);
  });

  it('finds two files of /etc, under both names of the setting: harmless while the right one wins everywhere', () => {
    const files = { '/etc/sysctl.d/50-a.conf': off, '/etc/sysctl.d/60-b.conf': on };
    expect(judged({ files })).toEqual([`info ${NAME}`]);
    expect(judged({ files }, kubekeyIpvs)).toEqual([`info ${NAME}`]);
    const wrong = { '/etc/sysctl.d/50-a.conf': on, '/etc/sysctl.d/60-b.conf': off };
    expect(judged({ files: wrong, sysctl: { [FORWARD]: '0' } }, kubekeyIpvs)).toEqual([`warning ${NAME}`]);
  });

  it('finds /etc/sysctl.conf against sysctl.d: sysctl --system and the boot differ', () => {
    const [finding] = judgements({ files: { '/etc/sysctl.d/60-b.conf': on }, sysctlConf: off });
    expect(finding).toMatchObject({
      severity: 'warning',
      subject: NAME,
      facts: { stable: false, outcomes: { boot: '1', byHand: '0' } },
      evidence: [
        { file: '/etc/sysctl.d/60-b.conf', line: 1, value: '1' },
        { file: '/etc/sysctl.conf', line: 1, value: '0' },
        { value: '1' },
      ],
    });
  });

  it('takes the link 99-sysctl.conf for the file it leads to', () => {
    expect(judged({ files: { '/etc/sysctl.d/99-sysctl.conf': on }, sysctlConf: on })).toEqual(['ok']);
  });

  it('finds a service that writes other than the file', () => {
    const node = { files: { '/etc/sysctl.d/60-b.conf': off }, units: [rke2()] };
    expect(judged(node, rke2Canal)).toEqual([`warning ${NAME}`]);
  });

  it("tells of Harvester's drop-in against RKE2 itself as information, with the window until READY", () => {
    const node = { sysctl: { 'net/bridge/bridge-nf-call-iptables': '0' }, units: [rke2(HARVESTER_DROP_IN)], oem: {} };
    const [finding] = judgements(node, harvester);
    expect(finding).toMatchObject({
      severity: 'info',
      subject: 'net.bridge.bridge-nf-call-iptables',
      facts: { stable: true },
    });
    if (finding?.status !== 'problem') throw new Error('no finding');
    expect(settingContested.explain(finding.facts).cause.en).toContain('from its start until it is ready 1');
    expect(settingContested.explain(finding.facts).cause['zh-CN']).toContain('就绪前为 1');
    expect(settingContested.remedies(finding.facts, bootParts(node), harvester)).toEqual([]);
  });

  it('is unknown, as information, where the files cannot be read or the init is another', () => {
    const systemd = unknown('denied', '/proc/1/comm', 'Permission denied');
    expect(judgements({ systemd })).toMatchObject([{ status: 'unknown', severity: 'info' }]);
    expect(judgements({ systemd: known(false, '/proc/1/comm') })).toMatchObject([
      { status: 'unknown', severity: 'info' },
    ]);
  });

  it('has a remedy only where the profile says who is right', () => {
    const node = { files: { '/etc/sysctl.d/60-b.conf': on }, sysctlConf: off };
    for (const [profile, count] of [
      [generic, 0],
      [kubekeyIpvs, 1],
    ] as const) {
      const [finding] = judgements(node, profile);
      if (finding?.status !== 'problem') throw new Error('no finding');
      expect(settingContested.remedies(finding.facts, bootParts(node), profile)).toHaveLength(count);
      expect(settingContested.prove(finding.facts)).toMatch(
        /^grep -rsn -- ip_forward \/etc\/sysctl.conf .*; sysctl net.ipv4.ip_forward$/,
      );
    }
  });
});
