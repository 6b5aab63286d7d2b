import { describe, expect, it } from 'vitest';
import type { NodeTree } from '../../test/node-tree.ts';
import { parsed, unseen } from '../../test/parse.ts';
import { CONFIG_SYMBOLS } from './kernel-config.ts';
import { MODULES_OF_INTEREST, modules } from './modules.ts';

const RELEASE = { '/proc/sys/kernel/osrelease': '6.1.0-28-amd64\n' };
const TREE = '/lib/modules/6.1.0-28-amd64';
const DISK = {
  [`${TREE}/modules.builtin`]: 'kernel/net/bridge/bridge.ko\n',
  [`${TREE}/modules.dep`]:
    'kernel/net/bridge/br_netfilter.ko.xz: kernel/net/bridge/bridge.ko.xz\nkernel/net/netfilter/ipvs/ip_vs.ko.xz:\n',
};

function stateOf(module: string, files: NodeTree['files'], commands: NodeTree['commands'] = {}) {
  return parsed(modules, { files: { ...RELEASE, ...files }, commands }).state(module);
}

describe('modules', () => {
  it('knows a symbol for every module of interest', () => {
    expect(Object.keys(CONFIG_SYMBOLS)).toEqual([...MODULES_OF_INTEREST]);
  });

  it('tells four things apart', () => {
    const files = { ...DISK, '/proc/modules': 'br_netfilter 32768 0 - Live 0x0000000000000000\n' };
    expect(stateOf('br_netfilter', files)).toEqual({ known: true, value: 'loaded', source: '/proc/modules' });
    expect(stateOf('br-netfilter', files)).toMatchObject({ value: 'loaded' });
    expect(stateOf('bridge', files)).toEqual({ known: true, value: 'built-in', source: `${TREE}/modules.builtin` });
    expect(stateOf('ip_vs', files)).toEqual({ known: true, value: 'loadable', source: `${TREE}/modules.dep` });
    expect(stateOf('ip_vs_rr', files)).toEqual({ known: true, value: 'absent', source: `${TREE}/modules.dep` });
  });

  it('takes what works without being loaded for a part of the kernel', () => {
    const found = stateOf('br_netfilter', {
      '/proc/modules': '',
      '/proc/sys/net/bridge/bridge-nf-call-iptables': '1\n',
    });
    expect(found).toMatchObject({ value: 'built-in', source: '/proc/sys/net/bridge/*' });
  });

  it('believes the kernel’s configuration where there is no module tree', () => {
    const config = '# CONFIG_IP_VS is not set\nCONFIG_VXLAN=y\nCONFIG_NF_TABLES=m\n';
    const files = { '/boot/config-6.1.0-28-amd64': config };
    expect(stateOf('ip_vs', files)).toMatchObject({ value: 'absent', source: '/boot/config-6.1.0-28-amd64' });
    expect(stateOf('vxlan', files)).toMatchObject({ value: 'built-in' });
    // No /proc/modules beside /proc: a kernel without loadable modules.
    expect(stateOf('nf_tables', files)).toMatchObject({ value: 'absent', source: '/proc/modules' });
  });

  it('looks at the newer of two symbols first', () => {
    const config = 'CONFIG_IP_NF_IPTABLES=m\n# CONFIG_IP_NF_IPTABLES_LEGACY is not set\n';
    expect(stateOf('ip_tables', { '/boot/config-6.1.0-28-amd64': config })).toMatchObject({ value: 'absent' });
  });

  it('does not take a module tree that is not mounted here for an absent module', () => {
    const config = { '/boot/config-6.1.0-28-amd64': 'CONFIG_IP_VS=m\n', '/proc/modules': 'veth 32768 0 - Live 0x0\n' };
    expect(stateOf('ip_vs', config)).toMatchObject({ known: false, reason: 'absent' });
    // Another release's tree is there: this one's was removed.
    const removed = { ...config, '/lib/modules/6.1.0-30-amd64/modules.dep': '' };
    expect(stateOf('ip_vs', removed)).toMatchObject({ known: true, value: 'absent', source: `${TREE}/modules.dep` });
  });

  it('is unknown without the evidence', () => {
    expect(unseen(modules).state('br_netfilter')).toMatchObject({ known: false, reason: 'not-collected' });
    expect(stateOf('ip_vs', { '/proc/modules': '' })).toMatchObject({ known: false });
    expect(stateOf('wireguard', { ...DISK, '/proc/modules': '' })).toMatchObject({
      known: false,
      reason: 'not-collected',
    });
    // A bare file tree: what it holds can be loaded or loaded already.
    expect(parsed(modules, { files: DISK }).state('ip_vs')).toMatchObject({ known: false });
  });

  it('names the line it does not understand', () => {
    expect(stateOf('ip_vs', { '/proc/modules': 'veth 1 0 - Live\n<html>\n' })).toMatchObject({
      known: false,
      reason: 'failed',
      detail: "line 2: not a module's name and size",
    });
  });
});
