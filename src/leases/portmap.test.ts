import { expect, it } from 'vitest';
import { seen } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import type { CniConfig } from '../snapshot/cni.ts';
import { portmapWithoutIptables } from './portmap.ts';

const CANAL = '/etc/cni/net.d/10-canal.conflist';
const K3S = '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist';
const missing = seen(null);
const denied = unknown('denied', 'which iptables', 'permission denied');

function config(file: string, ...plugins: readonly string[]): CniConfig {
  return { file, name: 'pods', cniVersion: '0.3.1', plugins, bridges: [], subnets: [] };
}

it('names the configuration that chains portmap where there is no iptables', () => {
  const configs = seen([
    denied,
    seen(config('/etc/cni/net.d/05-lo.conf', 'loopback')),
    seen(config(CANAL, 'calico', 'portmap')),
  ]);
  expect(portmapWithoutIptables(configs, missing)).toBe(CANAL);
});

it.each([
  ['iptables is there', seen([seen(config(CANAL, 'calico', 'portmap'))]), seen('/usr/sbin/iptables')],
  ['nobody looked for iptables', seen([seen(config(CANAL, 'calico', 'portmap'))]), denied],
  ['no plugin maps ports', seen([seen(config(CANAL, 'calico', 'bandwidth'))]), missing],
  ['k3s brings its own', seen([seen(config(K3S, 'flannel', 'portmap'))]), missing],
  ['the configuration may not be read', denied, missing],
])('says nothing where %s', (_, configs, iptables) => {
  expect(portmapWithoutIptables(configs, iptables)).toBeUndefined();
});
