import { describe, expect, it } from 'vitest';
import {
  absent,
  denied,
  findingsOf,
  healthy,
  node,
  notCollected,
  unanswered,
  wrongWith,
} from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Listener } from '../../snapshot/listeners.ts';
import type { ClusterSnapshot } from '../model.ts';

const ID = 'port-conflict';
const tcp = (port: number, program: string): Listener => ({ protocol: 'tcp', address: '::', port, program, pid: 4711 });
const udp = (port: number, program: string): Listener => ({ protocol: 'udp', address: '0.0.0.0', port, program });
const OWN = known(node('node-1'), 'node');

function listening(listeners: readonly Listener[], differing: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return healthy({ listeners: known(listeners, 'ss -lntup'), ownNode: OWN, ...differing });
}
function dhcp(): Partial<ClusterSnapshot> {
  const configured = known({ ip: '10.0.0.10', mode: 'dhcp', hwAddress: '02:00:00:00:00:01' }, 'configmap');
  return { managementAddress: { ...healthy().managementAddress, configured } };
}
const wrong = (snapshot: ClusterSnapshot) => findingsOf(ID, snapshot).filter(({ status }) => status === 'problem');

describe(ID, () => {
  it.each([
    [tcp(2112, 'node_exporter'), {}, 'tcp/2112'],
    [udp(68, 'wickedd-dhcp4'), dhcp(), 'udp/68'],
    [tcp(6443, 'java'), {}, 'tcp/6443'],
    [tcp(9345, 'nginx'), {}, 'tcp/9345'],
    [tcp(443, 'apache2'), {}, 'tcp/443'],
    [tcp(10250, 'python3'), {}, 'tcp/10250'],
    [udp(8472, 'openvpn'), {}, 'udp/8472'],
  ] as const)('is found where $program has $port', (listener, differing, subject) => {
    const snapshot = listening([listener], differing);
    expect(wrong(snapshot)).toMatchObject([{ subject, severity: 'warning' }]);
    expect(wrong(snapshot)[0]?.title).toContain(listener.program);
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('of 2112 is a note where kube-vip goes on without', () => {
    const newer = listening([tcp(2112, 'node_exporter')], { harvesterVersion: known('v1.7.1', 'settings') });
    expect(wrong(newer)).toMatchObject([{ severity: 'info' }]);
    const nameless = listening([tcp(2112, 'node_exporter')], { harvesterVersion: denied });
    expect(wrong(nameless)).toMatchObject([{ severity: 'warning' }]);
  });

  it('is the cause where the management address does not answer', () => {
    const https = known(unanswered('unreachable'), 'https');
    const down = { managementAddress: { ...healthy().managementAddress, https } };
    expect(wrongWith(listening([tcp(2112, 'node_exporter')], down))).toEqual([ID]);
    expect(wrong(listening([tcp(10250, 'python3')], down))).toMatchObject([{ severity: 'warning' }]);
  });

  it("is clear where a port is its owner's, or free, or not needed", () => {
    const rightly = [tcp(2112, 'kube-vip'), tcp(6443, 'kube-apiserver'), tcp(443, 'nginx-ingress-c'), udp(8472, '')];
    expect(findingsOf(ID, listening(rightly)).every(({ status }) => status === 'ok')).toBe(true);
    expect(findingsOf(ID, listening([])).every(({ status }) => status === 'ok')).toBe(true);
    expect(wrong(listening([udp(68, 'dhclient')]))).toEqual([]);
    const none = { managementAddress: { ...healthy().managementAddress, address: absent } };
    expect(wrong(listening([tcp(2112, 'node_exporter'), tcp(443, 'apache2')], none))).toEqual([]);
    const kubeadm = known(node('node-1', { kubeletVersion: 'v1.33.1' }), 'node');
    expect(wrong(listening([tcp(9345, 'nginx')], { ownNode: kubeadm }))).toEqual([]);
  });

  it('is unknown where the listener has no name, or none may be seen', () => {
    expect(findingsOf(ID, listening([tcp(6443, '')]))[0]).toMatchObject({ status: 'unknown', severity: 'info' });
    expect(findingsOf(ID, healthy({ listeners: denied }))).toMatchObject([{ status: 'unknown', severity: 'info' }]);
    expect(findingsOf(ID, healthy({ listeners: notCollected }))).toMatchObject([{ status: 'not-applicable' }]);
  });
});
