import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { cni } from './cni.ts';
import { harvester } from './harvester.ts';

function config(files: Record<string, unknown>) {
  const texts = Object.entries(files).map(([path, value]) => [
    path,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const found = parsed(cni, { files: Object.fromEntries(texts) });
  if (!found.known) throw new Error(found.detail);
  return found.value;
}

describe('cni', () => {
  it('reads configurations of all kinds in name order', () => {
    const found = config({
      '/etc/cni/net.d/99-loopback.conf': { cniVersion: '0.3.1', name: 'lo', type: 'loopback' },
      '/etc/cni/net.d/10-canal.conflist': {
        name: 'k8s-pod-network',
        cniVersion: '0.3.1',
        plugins: [{ type: 'calico', ipam: { type: 'host-local', subnet: 'usePodCidr' } }, { type: 'portmap' }],
      },
      '/etc/cni/net.d/20-bridge.json': {
        name: 'b',
        type: 'bridge',
        bridge: 'br-pods',
        ipam: { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00::/64' }]] },
      },
      '/etc/cni/net.d/README': 'not one',
    });
    expect(found.map((one) => one.known && one.value)).toEqual([
      {
        file: '/etc/cni/net.d/10-canal.conflist',
        name: 'k8s-pod-network',
        cniVersion: '0.3.1',
        plugins: ['calico', 'portmap'],
        bridges: [],
        subnets: ['usePodCidr'],
      },
      {
        file: '/etc/cni/net.d/20-bridge.json',
        name: 'b',
        cniVersion: '',
        plugins: ['bridge'],
        bridges: ['br-pods'],
        subnets: ['10.1.0.0/24', 'fd00::/64'],
      },
      {
        file: '/etc/cni/net.d/99-loopback.conf',
        name: 'lo',
        cniVersion: '0.3.1',
        plugins: ['loopback'],
        bridges: [],
        subnets: [],
      },
    ]);
  });

  it('knows the bridges that plugins make without saying so', () => {
    const plugins = [
      { type: 'bridge' },
      { type: 'flannel' },
      { type: 'flannel', delegate: { bridge: 'cbr0' } },
      { type: 'flannel', delegate: { type: 'ipvlan' } },
    ];
    const [found] = config({
      '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist': { name: 'cbr0', plugins },
    });
    expect(found).toMatchObject({ value: { bridges: ['cni0', 'cni0', 'cbr0'] } });
  });

  it('looks into what multus delegates to', () => {
    const multus = {
      name: 'multus',
      type: 'multus',
      delegates: [{ name: 'inner', plugins: [{ type: 'bridge', bridge: 'br1' }] }],
    };
    expect(config({ '/etc/cni/net.d/00-multus.conf': multus })[0]).toMatchObject({
      value: { plugins: ['multus', 'bridge'], bridges: ['br1'] },
    });
  });

  it('keeps the others where one file is malformed, and names the place', () => {
    const found = config({
      '/etc/cni/net.d/10-a.conflist': '{"name": "a", "plugins": [7]}',
      '/etc/cni/net.d/20-b.conflist': '{',
      '/etc/cni/net.d/30-c.conf': { name: 'c', type: 'bridge', ipam: { ranges: [[null]] } },
      '/etc/cni/net.d/40-d.conf': { name: 'd', type: 'ptp' },
    });
    expect(found[0]).toMatchObject({
      reason: 'failed',
      detail: 'top level, plugins 1: expected an object, found a number',
    });
    expect(found[1]).toMatchObject({ reason: 'failed', source: '/etc/cni/net.d/20-b.conflist' });
    expect(found[2]).toMatchObject({ detail: 'top level, ipam, ranges 1: expected an object, found null' });
    expect(found[3]).toMatchObject({ value: { name: 'd' } });
  });

  it('is empty without the directories, unknown without a look', () => {
    expect(parsed(cni, { files: {} })).toMatchObject({ known: true, value: [] });
    expect(unseen(cni)).toMatchObject({ known: false, reason: 'not-collected' });
  });
});

describe('harvester', () => {
  it('tells the version and the stages in the order they are run', () => {
    const found = parsed(harvester, {
      files: {
        '/etc/harvester-release.yaml': 'harvester: v1.4.1\nos: Harvester v1.4.1\n',
        '/oem/90_custom.yaml': 'a',
        '/oem/99_site.yml': 'b',
        '/oem/95_net.yaml': 'c',
        '/oem/harvester.config': 'no',
        '/system/oem/91_installer.yaml': 'd',
        '/usr/local/cloud-config/10.yaml': 'e',
      },
    });
    expect(found.version).toMatchObject({ value: 'v1.4.1' });
    expect(found.oem.known && found.oem.value.map(({ path }) => path)).toEqual([
      '/system/oem/91_installer.yaml',
      '/oem/90_custom.yaml',
      '/oem/95_net.yaml',
      '/oem/99_site.yml',
      '/usr/local/cloud-config/10.yaml',
    ]);
  });

  it('is absent elsewhere, and failed where the file is not what it should be', () => {
    const version = (text: string) => parsed(harvester, { files: { '/etc/harvester-release.yaml': text } }).version;
    expect(parsed(harvester, { files: {} })).toMatchObject({ version: { reason: 'absent' }, oem: { value: [] } });
    expect(version('harvester: [')).toMatchObject({
      reason: 'failed',
      detail: expect.stringContaining('line 1, column 13'),
    });
    expect(version('other: 1')).toMatchObject({ detail: 'top level: harvester should be text, found nothing' });
    expect(version('')).toMatchObject({ detail: 'top level: expected an object, found null' });
    expect(unseen(harvester)).toMatchObject({ version: { reason: 'not-collected' }, oem: { reason: 'not-collected' } });
  });
});
