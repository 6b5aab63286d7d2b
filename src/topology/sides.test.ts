import { describe, expect, it } from 'vitest';
import { address, link, route } from '../../test/parts.ts';
import { routesForOthers, sidesOf } from './sides.ts';

function veth(name: string, peerNamespace: number) {
  return link(name, { kind: 'veth', foreignPeer: true, peerNamespace });
}

const ADDRESSES = [address('eth0', '10.1.0.2/24'), address('eth1', '10.2.0.2/24')];
const ROUTES = [route('10.1.0.0/24', 'eth0'), route('10.2.0.0/24', 'eth1')];
const DEFAULT = route('0.0.0.0/0', 'eth0');

describe('the sides of a host', () => {
  it('routes for others between veths into two namespaces', () => {
    const links = [veth('eth0', 0), veth('eth1', 1)];
    expect(routesForOthers(sidesOf('ipv4', links, ADDRESSES, ROUTES))).toBe(true);
    expect(routesForOthers(sidesOf('ipv4', links, ADDRESSES, [...ROUTES, DEFAULT]))).toBe(true);
  });

  it('does not take a container on two networks of one host for a router', () => {
    const links = [veth('eth0', 0), veth('eth1', 0)];
    expect(routesForOthers(sidesOf('ipv4', links, ADDRESSES, ROUTES))).toBe(false);
    const sides = sidesOf('ipv4', links, ADDRESSES, [...ROUTES, DEFAULT]);
    expect(sides.map(({ kind }) => kind)).toEqual(['outer', 'outer']);
  });

  it('takes a bridge for the inside only when nothing joins it to a network beyond', () => {
    const tap = link('tap0', { kind: 'tun', tun: { type: 'tap' }, master: 'br1' });
    const links = [link('eth0'), link('br1', { kind: 'bridge' }), tap];
    const addresses = [address('eth0', '192.0.2.5/24'), address('br1', '10.5.0.1/24')];
    const routes = [DEFAULT, route('10.5.0.0/24', 'br1')];
    expect(routesForOthers(sidesOf('ipv4', links, addresses, routes))).toBe(true);
    const storage = [...links, link('eth1', { master: 'br1' })];
    expect(routesForOthers(sidesOf('ipv4', storage, addresses, routes))).toBe(false);
  });

  it('sees the bridge inside a container on two networks', () => {
    const links = [
      veth('eth0', 0),
      veth('eth1', 0),
      link('docker0', { kind: 'bridge' }),
      link('port', { kind: 'veth', foreignPeer: true, peerNamespace: 1, master: 'docker0' }),
    ];
    const addresses = [...ADDRESSES, address('docker0', '172.17.0.1/16')];
    const routes = [...ROUTES, DEFAULT, route('172.17.0.0/16', 'docker0')];
    expect(routesForOthers(sidesOf('ipv4', links, addresses, routes))).toBe(true);
  });
});
