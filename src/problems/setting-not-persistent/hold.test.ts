import { describe, expect, it } from 'vitest';
import { type BootNode, bootParts } from '../../../test/boot-parts.ts';
import { holdings, unmet } from '../../../test/holding.ts';
import { known, unknown } from '../../hosts/reading.ts';
import { harvester } from '../../profiles/harvester.ts';
import { kubekeyIpvs } from '../../profiles/kubekey-ipvs.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Unit } from '../../snapshot/units.ts';
import { settingNotPersistent } from '../setting-not-persistent.ts';

const SWAP = 'vm/swappiness';
const QUEUE = 'net/core/somaxconn';
const KEPT = { [SWAP]: 'vm.swappiness=0', [QUEUE]: 'net.core.somaxconn=32768+' };

function nodeOf({ sysctl = {}, ...rest }: BootNode) {
  return { settings: sysctl, parts: bootParts({ sysctl, ...rest }) };
}

function kept(node: BootNode, profile: Profile = kubekeyIpvs): readonly string[] {
  const wanted = new Set([SWAP, QUEUE, 'net/ipv4/ip_forward', 'net/ipv4/conf/all/rp_filter', 'vm/overcommit_memory']);
  return holdings(settingNotPersistent, nodeOf(node), {
    ...profile,
    wants: profile.wants.filter(({ key }) => wanted.has(key)),
  });
}

describe('what is kept of a distribution’s table', () => {
  it('is what is so now: a value, or a number that large', () => {
    expect(kept({ sysctl: { [SWAP]: '0', [QUEUE]: '65535' } })).toEqual([KEPT[QUEUE], KEPT[SWAP]]);
  });

  it('is what the node’s own files make so at boot, whatever somebody has made of it since', () => {
    const sysctl = { [SWAP]: '60', [QUEUE]: '128' };
    const files = { '/etc/sysctl.d/99-kubekey.conf': 'vm.swappiness = 0\nnet.core.somaxconn = 32768\n' };
    expect(kept({ sysctl, files })).toEqual([KEPT[QUEUE], KEPT[SWAP]]);
  });

  it('is what a service makes so at every start', () => {
    const kubelet: Unit = {
      name: 'kubelet.service',
      loadState: 'loaded',
      activeState: 'active',
      subState: 'running',
      unitFileState: 'enabled',
      files: [{ path: '/etc/systemd/system/kubelet.service', text: known('[Service]\nType=notify\n', 'test') }],
    };
    expect(kept({ sysctl: { 'vm/overcommit_memory': '0' }, units: [kubelet] })).toEqual(['vm.overcommit_memory=1']);
    expect(kept({ sysctl: { 'vm/overcommit_memory': '0' } })).toEqual(['left vm.overcommit_memory']);
  });

  it('is not what an operator has set otherwise, or nobody has set', () => {
    const files = { '/etc/sysctl.d/99-own.conf': 'vm.swappiness = 10\n' };
    expect(kept({ sysctl: { [SWAP]: '10' }, files })).toEqual(['left vm.swappiness']);
    expect(kept({ sysctl: { [SWAP]: '60' } })).toEqual(['left vm.swappiness']);
    expect(unmet(settingNotPersistent, nodeOf({ sysctl: { [SWAP]: '60' } }), kubekeyIpvs)).toEqual([]);
  });

  it('is nothing that is judged by what the node’s wiring needs', () => {
    const sysctl = { 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/all/rp_filter': '0' };
    expect(kept({ sysctl })).toEqual([]);
    expect(kept({ sysctl: { ...sysctl, 'net/ipv4/conf/default/forwarding': '1' } }, harvester)).toEqual([]);
  });

  it('is not known where what decides cannot be seen, but for what is so already', () => {
    const blind = { systemd: unknown('failed', '/proc/1/comm', 'no answer') };
    expect(kept({ ...blind, sysctl: { [SWAP]: '60', [QUEUE]: '65535' } })).toEqual([
      KEPT[QUEUE],
      'unknown vm.swappiness',
    ]);
    expect(kept({}), 'what does not exist is not wanted').toEqual([]);
  });
});
