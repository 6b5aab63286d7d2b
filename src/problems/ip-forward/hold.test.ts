import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carriedOut, found, holdings, type LiteralNode, unmet } from '../../../test/holding.ts';
import { address, link, route, seen } from '../../../test/parts.ts';
import { unknown } from '../../hosts/reading.ts';
import { generic } from '../../profiles/generic.ts';
import { rke2Canal } from '../../profiles/rke2-canal.ts';
import type { Kubernetes } from '../../snapshot/kubernetes.ts';
import { ipForward } from '../ip-forward.ts';

const own = (name: string) => `net/ipv4/conf/${name}/forwarding`;
const GLOBAL = 'net/ipv4/ip_forward';

const KUBERNETES: Kubernetes = {
  distributions: [],
  complete: true,
  version: seen('RKE2 v1.31.5+rke2r1'),
  proxyMode: seen('iptables'),
  podCidrs: seen(['10.42.0.0/16']),
  serviceCidrs: seen([]),
  strictArp: seen(false),
};
/** eth0 leads out, v1 to a network behind a namespace, cali1 to one Pod. */
const ROUTES = [
  route('0.0.0.0/0', 'eth0'),
  route('192.0.2.0/24', 'eth0'),
  route('10.1.0.0/24', 'v1'),
  route('10.42.0.7/32', 'cali1'),
];
const WIRING = {
  links: seen([
    link('eth0'),
    link('v1', { kind: 'veth', foreignPeer: true, peerNamespace: 1 }),
    link('cali1', { kind: 'veth', foreignPeer: true, peerNamespace: 2 }),
  ]),
  addresses: seen([address('eth0', '192.0.2.5/24'), address('v1', '10.1.0.1/24')]),
  routes: seen(ROUTES),
  kubernetes: KUBERNETES,
};

function node(settings: Readonly<Record<string, string>> = {}, parts: LiteralNode['parts'] = {}): LiteralNode {
  const all = { [GLOBAL]: '1', [own('default')]: '1', [own('eth0')]: '1', [own('v1')]: '1', [own('cali1')]: '1' };
  return { settings: { ...all, ...settings }, parts: { ...WIRING, ...parts } };
}

describe('what ip-forward keeps', () => {
  it('is the host’s switch, what newcomers copy, and each side’s own but for Pods’', () => {
    const kept = ['ip_forward', 'conf.default.forwarding', 'conf.eth0.forwarding', 'conf.v1.forwarding'];
    const expected = kept.map((name) => `net.ipv4.${name}=1`);
    expect(holdings(ipForward, node(), rke2Canal)).toEqual(expected);
    const off = node({
      [GLOBAL]: '0',
      [own('default')]: '0',
      [own('eth0')]: '0',
      [own('v1')]: '0',
      [own('cali1')]: '1',
    });
    expect(holdings(ipForward, off, rke2Canal), 'whichever way it stands').toEqual(expected);
    expect(holdings(ipForward, node(), generic), 'a router copies nothing to Pods').toEqual(
      expected.filter((one) => !one.includes('default')),
    );
  });

  it('takes in a Pod’s interface that is closed, to put it right', () => {
    const closed = node({ [own('cali1')]: '0' });
    expect(holdings(ipForward, closed, rke2Canal)).toContain('net.ipv4.conf.cali1.forwarding=1');
    expect(found(ipForward, carriedOut(ipForward, closed, rke2Canal), rke2Canal)).toEqual([]);
  });

  it('is nothing on a host that routes for nobody', () => {
    const server = { links: seen([link('eth0')]), addresses: seen([address('eth0', '192.0.2.5/24')]) };
    const plain = node({ [GLOBAL]: '0' }, { ...server, routes: seen([route('0.0.0.0/0', 'eth0')]) });
    expect(holdings(ipForward, plain, generic)).toEqual([]);
  });

  it('leaves a host as it is that forwards by each side alone', () => {
    const bySides = node({ [GLOBAL]: '0' });
    expect(holdings(ipForward, bySides, generic)).toEqual([
      'net.ipv4.conf.eth0.forwarding=1',
      'net.ipv4.conf.v1.forwarding=1',
    ]);
  });

  it('is not known where wiring or switch cannot be seen, and never a guess', () => {
    const routes = unknown('denied', 'ip route', 'not permitted');
    expect(holdings(ipForward, node({}, { routes }), generic)).toEqual([
      'unknown net.ipv4.ip_forward',
      'unknown net.ipv6.conf.all.forwarding',
    ]);
    expect(holdings(ipForward, node({}, { routes }), rke2Canal), 'Pods need it whatever the wiring').toEqual([
      'net.ipv4.ip_forward=1',
      'net.ipv4.conf.default.forwarding=1',
      'unknown net.ipv4.conf.*.forwarding',
      'unknown net.ipv6.conf.all.forwarding',
    ]);
    expect(holdings(ipForward, { settings: {}, parts: WIRING }, rke2Canal)).toEqual(['unknown net.ipv4.ip_forward']);
  });

  it('keeps accept_ra before IPv6 forwarding where the kernel hears the advertisements', () => {
    const routes = seen([...ROUTES, route('::/0', 'eth0', { protocol: 'ra' })]);
    const kubernetes = { ...KUBERNETES, podCidrs: seen(['10.42.0.0/16', 'fd00::/56']) };
    const six = (acceptRa: string) => {
      const settings = { 'net/ipv6/conf/all/forwarding': '0', 'net/ipv6/conf/eth0/accept_ra': acceptRa };
      return holdings(ipForward, node(settings, { routes, kubernetes }), rke2Canal).filter((one) => /ipv6/.test(one));
    };
    const both = ['net.ipv6.conf.eth0.accept_ra=2', 'net.ipv6.conf.all.forwarding=1'];
    expect(six('1')).toEqual(both);
    expect(six('2')).toEqual(both);
    expect(six('0'), 'a program hears them').toEqual(both.slice(1));
  });
});

describe('whatever the switches of a router are', () => {
  const bit = fc.constantFrom('0', '1');
  const states = fc.record({
    [GLOBAL]: bit,
    [own('default')]: bit,
    [own('eth0')]: bit,
    [own('v1')]: bit,
    [own('cali1')]: bit,
  });
  const profile = fc.constantFrom(generic, rke2Canal);

  it('the doctor finds nothing once every demand is met', () => {
    fc.assert(
      fc.property(states, profile, (settings, judged) => {
        expect(found(ipForward, carriedOut(ipForward, node(settings), judged), judged)).toEqual([]);
      }),
    );
  });

  it('nothing is demanded of a node in order that it does not have', () => {
    fc.assert(
      fc.property(states, profile, (settings, judged) => {
        const here = node(settings);
        if (found(ipForward, here, judged).length === 0) expect(unmet(ipForward, here, judged)).toEqual([]);
      }),
    );
  });
});
