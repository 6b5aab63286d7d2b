import { describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import { captureOf, type NodeTree } from '../../test/node-tree.ts';
import { EMPTY, snapshotWith } from '../../test/parts.ts';
import { known } from '../hosts/reading.ts';
import { snapshotOf } from '../snapshot/snapshot.ts';
import { sysctl } from '../snapshot/sysctl.ts';
import type { Unit } from '../snapshot/units.ts';
import { findProfile, PROFILES, profileNamed } from './find.ts';

function found(files: NodeTree['files']) {
  const { profile, evidence } = findProfile(snapshotOf(captureOf({ files })));
  return { name: profile.name, evidence };
}

describe('findProfile', () => {
  it('knows RKE2 by its service alone', () => {
    const unit: Unit = {
      name: 'rke2-server.service',
      loadState: 'loaded',
      activeState: 'active',
      subState: 'running',
      unitFileState: 'enabled',
      files: [],
    };
    const units = { systemd: known(true, 'test'), units: known([unit], 'test') };
    expect(findProfile(snapshotWith({ units }))).toMatchObject({
      profile: { name: 'rke2' },
      evidence: ['rke2-server.service is active', 'nothing tells its Pod network'],
    });
    const gone = { systemd: known(true, 'test'), units: known([{ ...unit, loadState: 'not-found' }], 'test') };
    expect(findProfile(snapshotWith({ units: gone })).profile.name).toBe('generic');
  });

  it.each([
    ['harvester-v1.4', 'harvester', ['/etc/harvester-release.yaml: v1.4.1', '/etc/os-release: Harvester v1.4.1']],
    [
      'rke2-canal-ubuntu22',
      'rke2-canal',
      ['/var/lib/rancher/rke2/agent', '/etc/cni/net.d/10-canal.conflist: calico, portmap, bandwidth', 'flannel.1'],
    ],
    [
      'kubekey-debian11',
      'kubekey-ipvs',
      ['/etc/modules-load.d/kubekey-br_netfilter.conf', expect.stringMatching(/^kube-proxy: ipvs \(.*config\.conf\)$/)],
    ],
  ])('finds %s', (name, profile, evidence) => {
    const { profile: chosen, evidence: seen } = findProfile(snapshotOf(fixture(name)));
    expect(chosen.name).toBe(profile);
    expect(seen).toEqual(evidence);
  });

  it('says what it looked for on a machine that is no cluster node', () => {
    const { profile, evidence } = findProfile(snapshotOf(fixture('plain-debian12')));
    expect(profile.name).toBe('generic');
    expect(evidence).toEqual([
      expect.stringMatching(/^nothing of Harvester, RKE2, k3s, KubeKey or kubeadm in .*\/etc\/kubernetes/),
    ]);
  });

  it('says what it could not look at', () => {
    const { profile, evidence } = findProfile(snapshotOf(EMPTY));
    expect(profile.name).toBe('generic');
    expect(evidence).toEqual([
      expect.stringMatching(/^not all of these could be looked at: \/etc\/harvester-release\.yaml/),
      '/etc/harvester-release.yaml: not-collected',
    ]);
  });

  it('takes Harvester’s own name in os-release where the version file is gone', () => {
    expect(found({ '/etc/os-release': 'PRETTY_NAME="Harvester v1.7.0"\n' })).toMatchObject({ name: 'harvester' });
  });
});

describe('profiles', () => {
  it('are found by name', () => {
    for (const profile of PROFILES) expect(profileNamed(profile.name)).toBe(profile);
    expect(profileNamed('harvestr')).toBeUndefined();
  });

  it.each(PROFILES.map((profile) => [profile.name, profile] as const))(
    '%s wants only what is collected, and says why',
    (_, profile) => {
      const globs = new Set(sysctl.asks.flatMap((ask) => (ask.kind === 'values' ? [ask.glob] : [])));
      for (const want of profile.wants) {
        const perInterface = `/proc/sys/${want.key.replace(/conf\/(all|default)\//, 'conf/*/')}`;
        expect([...globs], want.key).toEqual(
          expect.arrayContaining([globs.has(perInterface) ? perInterface : `/proc/sys/${want.key}`]),
        );
        expect(want.compare === 'is' || Number.isFinite(Number(want.value)), want.key).toBe(true);
      }
      const keys = profile.wants.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.filter((key) => key.startsWith('net/bridge/'))).toEqual([]);
      for (const { reason } of [...profile.wants, ...profile.modules, ...profile.resetters]) {
        expect(reason.en).not.toBe('');
        expect(reason['zh-CN']).toMatch(/[\u4e00-\u9fff]/);
      }
    },
  );
});
