import { describe, expect, it } from 'vitest';
import type { SettingDemand } from '../guard/demand.ts';
import { askedDemand } from '../guard/plan/asked.ts';
import { mergeDemands } from '../guard/plan/merge.ts';
import { holdTrouble, type NamesIn } from './hold-trouble.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'net/ipv4': ['conf', 'ip_forward', 'ip_local_port_range'],
  'net/ipv4/conf/default': ['rp_filter', 'forwarding'],
  'net/netfilter': ['nf_log'],
  vm: ['swappiness'],
};
const namesIn: NamesIn = (directory) => NAMES[directory];

function troubleOf(hold: string, needs: readonly SettingDemand[] = []): readonly string[] {
  const asked = askedDemand(hold);
  if (typeof asked === 'string') throw new Error(asked);
  return holdTrouble([asked], mergeDemands([...needs, asked]), namesIn);
}

describe('what --hold asks for', () => {
  it.each([
    ['net.ipv4.ip_forwrd=1', 'net.ipv4.ip_forward'],
    ['net.ipv4.conf.eth9.rp_fliter=2', 'net.ipv4.conf.eth9.rp_filter'],
    ['vm/swapiness=0', 'vm.swappiness'],
  ])('is told to be mistyped: %s', (hold, meant) => {
    const asked = hold.replace('vm/', 'vm.');
    expect(troubleOf(hold)).toEqual([`--hold ${asked}: there is no such setting (did you mean ${meant}?)`]);
  });

  it('may be near nothing', () => {
    expect(troubleOf('net.ipv4.xxxxxxxxxxxxxxxxx=1')).toEqual([
      '--hold net.ipv4.xxxxxxxxxxxxxxxxx=1: there is no such setting',
    ]);
  });

  it.each([
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.eth9.rp_filter=2',
    'net.netfilter.nf_conntrack_max=1',
    'net.bridge.bridge-nf-call-iptables=0',
    'net.ipv4.neigh.eth9.gc_stale_time=60',
    'fs.nfs.nlm_udpport=1',
  ])('may come with an interface or a module: %s', (hold) => {
    expect(troubleOf(hold)).toEqual([]);
  });

  it('is told to contradict what the node needs', () => {
    const reason = { en: 'why', 'zh-CN': '原因' };
    const need: SettingDemand = { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1', by: 'ip-forward', reason };
    const swept = { ...need, key: 'net/ipv4/conf/eth0/forwarding' };
    expect(troubleOf('net.ipv4.conf.all.forwarding=0', [need, swept])).toEqual([
      '--hold net.ipv4.ip_forward=0: neither is done, for it is wanted as 1 (ip-forward), too',
    ]);
    expect(troubleOf('net.ipv4.ip_forward=1', [need])).toEqual([]);
  });
});
