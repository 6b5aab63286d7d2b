import { describe, expect, it } from 'vitest';
import { address, link, route, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import { ipForward } from './ip-forward.ts';

const ROUTER = {
  links: seen([link('v1', { kind: 'veth', foreignPeer: true }), link('v2', { kind: 'veth', foreignPeer: true })]),
  addresses: seen([address('v1', '10.1.0.1/24'), address('v2', '10.2.0.1/24')]),
  routes: seen([route('10.1.0.0/24', 'v1'), route('10.2.0.0/24', 'v2')]),
};
const SERVER = {
  links: seen([link('eth0'), link('eth1')]),
  addresses: seen([address('eth0', '192.0.2.5/24'), address('eth1', '198.51.100.5/24')]),
  routes: seen([route('0.0.0.0/0', 'eth0'), route('192.0.2.0/24', 'eth0'), route('198.51.100.0/24', 'eth1')]),
};

function judged(parts: Parameters<typeof snapshotWith>[0], profile = generic) {
  return ipForward.check(snapshotWith(parts), profile).map(({ status, subject }) => `${status} ${subject}`);
}

describe('ip-forward', () => {
  it('is a problem where the wiring routes for others and the switch is off', () => {
    expect(judged({ ...ROUTER, sysctl: sysctlWith({ 'net/ipv4/ip_forward': '0' }) })).toEqual([
      'problem net.ipv4.ip_forward',
    ]);
  });

  it('is in order where the switch and every side are on', () => {
    const sysctl = sysctlWith({
      'net/ipv4/ip_forward': '1',
      'net/ipv4/conf/v1/forwarding': '1',
      'net/ipv4/conf/v2/forwarding': '1',
    });
    expect(judged({ ...ROUTER, sysctl })).toEqual(['ok net.ipv4.ip_forward']);
  });

  it('finds the one interface that does not forward although the host does', () => {
    const sysctl = sysctlWith({
      'net/ipv4/ip_forward': '1',
      'net/ipv4/conf/v1/forwarding': '1',
      'net/ipv4/conf/v2/forwarding': '0',
    });
    expect(judged({ ...ROUTER, sysctl })).toEqual(['ok net.ipv4.ip_forward', 'problem net.ipv4.conf.v2.forwarding']);
  });

  it('finds that interfaces made from now on will not forward, on a node that makes them for Pods', () => {
    const sysctl = sysctlWith({ 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/default/forwarding': '0' });
    expect(judged({ ...ROUTER, sysctl }, kubekeyIpvs)).toEqual([
      'ok net.ipv4.ip_forward',
      'problem net.ipv4.conf.default.forwarding',
    ]);
    expect(judged({ ...ROUTER, sysctl })).toEqual(['ok net.ipv4.ip_forward']);
  });

  it('shows the setting of an interface whatever its name does to a shell', () => {
    const key = 'net/ipv4/conf/v1;reboot/forwarding';
    const facts = { family: 'ipv4', key, why: '', scope: 'interface', link: 'v1;reboot' } as const;
    expect(ipForward.prove(facts)).toBe(`cat '/proc/sys/${key}'`);
  });

  it('is in order where the switch is off and every side was switched on by itself', () => {
    const values = {
      'net/ipv4/ip_forward': '0',
      'net/ipv4/conf/v1/forwarding': '1',
      'net/ipv4/conf/v2/forwarding': '1',
      'net/ipv4/conf/default/forwarding': '0',
    };
    expect(judged({ ...ROUTER, sysctl: sysctlWith(values) })).toEqual(['ok net.ipv4.ip_forward']);
    expect(judged({ ...ROUTER, sysctl: sysctlWith(values) }, kubekeyIpvs)).toEqual(['problem net.ipv4.ip_forward']);
  });

  it('does not hold an interface of IPv6 to a switch that forwarding never asks', () => {
    const addresses = seen([address('v1', 'fd00:1::1/64'), address('v2', 'fd00:2::1/64')]);
    const routes = seen([route('fd00:1::/64', 'v1'), route('fd00:2::/64', 'v2')]);
    const sysctl = sysctlWith({ 'net/ipv6/conf/all/forwarding': '1', 'net/ipv6/conf/v1/forwarding': '0' });
    expect(judged({ ...ROUTER, addresses, routes, sysctl })).toContain('ok net.ipv6.conf.all.forwarding');
    expect(judged({ ...ROUTER, addresses, routes, sysctl })).not.toContain('problem net.ipv6.conf.v1.forwarding');
  });

  it('does not ask a server with two network cards to be a router', () => {
    expect(judged({ ...SERVER, sysctl: sysctlWith({ 'net/ipv4/ip_forward': '0' }) })).toEqual([
      'not-applicable net.ipv4.ip_forward',
    ]);
  });

  it('demands forwarding of every cluster node', () => {
    const sysctl = sysctlWith({ 'net/ipv4/ip_forward': '0' });
    expect(judged({ ...SERVER, sysctl }, kubekeyIpvs)).toEqual(['problem net.ipv4.ip_forward']);
  });

  it('never takes "not permitted to look" for off', () => {
    const denied = unknown('denied', '/proc/sys/net/ipv4/ip_forward', 'Permission denied');
    const sysctl = { ...sysctlWith({}), get: () => denied };
    expect(judged({ ...ROUTER, sysctl }, kubekeyIpvs)).toEqual(['unknown net.ipv4.ip_forward']);
  });

  it('keeps a host whose IPv6 default route is advertised listening, and calls that disruptive', () => {
    const routes = seen([route('10.1.0.0/24', 'v1'), route('::/0', 'eth0', { protocol: 'ra' })]);
    const snapshot = snapshotWith({ ...ROUTER, routes, sysctl: sysctlWith({ 'net/ipv6/conf/eth0/accept_ra': '1' }) });
    const facts = { family: 'ipv6', key: 'net/ipv6/conf/all/forwarding', why: '', scope: 'host' } as const;
    const [now] = ipForward.remedies(facts, snapshot, generic);
    expect(now).toMatchObject({
      risk: 'disruptive',
      interfaces: ['eth0'],
      steps: [
        { key: 'net/ipv6/conf/eth0/accept_ra', value: '2' },
        { key: 'net/ipv6/conf/all/forwarding', value: '1' },
      ],
    });
  });
});
