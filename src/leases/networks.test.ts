import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lease, look, network } from '../../test/lease-looks.ts';
import { seen } from '../../test/parts.ts';
import { mapReading, unknown } from '../hosts/reading.ts';
import { judgeLeases } from './judge.ts';
import { ipamConfigsFrom, podCidrsFrom, rangeSetsOf } from './networks.ts';
import { rangeFinder, rangeText, usageOf } from './usage.ts';

const CANAL = {
  name: 'k8s-pod-network',
  cniVersion: '0.3.1',
  plugins: [
    { type: 'calico', ipam: { type: 'host-local', subnet: 'usePodCidr' } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};
const BOTH = seen({ ipv4: '10.52.3.1/24', ipv6: 'fd00:3::1/64' });

function rangesOf(config: unknown, cidrs = BOTH): string {
  const [use] = ipamConfigsFrom('/etc/cni/net.d/x', JSON.stringify(config));
  if (!use) return 'not host-local';
  const sets = rangeSetsOf(use, cidrs);
  if (!sets.known) return `${sets.reason}`;
  return sets.value.map(({ id, ranges }) => `${id}: ${ranges.map(rangeText).join(' ')}`).join('; ');
}

function bridge(ipam: object): object {
  return { name: 'n', type: 'bridge', ipam: { type: 'host-local', ...ipam } };
}

describe('ranges', () => {
  it("resolves Canal's usePodCidr by the node's own data", () => {
    expect(rangesOf(CANAL)).toBe('0: 10.52.3.1-10.52.3.254');
  });

  it('takes the subnets of both families for flannel', () => {
    const flannel = { name: 'cbr0', plugins: [{ type: 'flannel', delegate: { isDefaultGateway: true } }] };
    expect(rangesOf(flannel)).toBe('0: 10.52.3.1-10.52.3.254; 1: fd00:3::1-fd00:3::ffff:ffff:ffff:ffff');
    expect(rangesOf(flannel, seen({ ipv4: '10.52.3.1/24', ipv6: '' }))).toBe('0: 10.52.3.1-10.52.3.254');
  });

  it('is unknown where the Pod CIDR is', () => {
    const [use] = ipamConfigsFrom('f', JSON.stringify(CANAL));
    const absent = unknown('absent', '/run/flannel/subnet.env', 'no such file');
    expect(use && rangeSetsOf(use, absent)).toEqual(absent);
  });

  it.each([
    [{ subnet: '10.1.0.0/28' }, '0: 10.1.0.1-10.1.0.14'],
    [{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.10', rangeEnd: '10.1.0.20' }, '0: 10.1.0.10-10.1.0.20'],
    [{ ranges: [[{ subnet: '10.1.0.0/30' }], [{ subnet: 'fd00::/126' }]] }, '0: 10.1.0.1-10.1.0.2; 1: fd00::1-fd00::3'],
    [{ ranges: [[{ subnet: '10.1.0.0/30' }, { subnet: '10.2.0.0/30' }]] }, '0: 10.1.0.1-10.1.0.2 10.2.0.1-10.2.0.2'],
    [{ subnet: '10.1.0.0/31' }, 'failed'],
    [{ subnet: 'nonsense' }, 'failed'],
    [{}, 'absent'],
  ])('of %j are %s', (ipam, expected) => {
    expect(rangesOf(bridge(ipam))).toBe(expected);
  });

  it('leaves other address managers alone', () => {
    expect(rangesOf({ name: 'n', type: 'bridge', ipam: { type: 'dhcp' } })).toBe('not host-local');
  });

  it('finds what multus delegates to, and its data directory', () => {
    const config = { name: 'multus', type: 'multus', delegates: [{ ...CANAL, plugins: [bridge({ dataDir: '/d/' })] }] };
    expect(ipamConfigsFrom('f', JSON.stringify(config))).toMatchObject([{ network: 'k8s-pod-network', dataDir: '/d' }]);
  });

  it("reads flannel's file", () => {
    const text = 'FLANNEL_NETWORK=10.52.0.0/16\nFLANNEL_SUBNET=10.52.3.1/24\nFLANNEL_MTU=1450\n';
    expect(podCidrsFrom(text)).toEqual({ ipv4: '10.52.3.1/24' });
  });

  it('survives any configuration', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const uses = mapReading(seen(text), (json) => ipamConfigsFrom('f', json));
        for (const use of uses.known ? uses.value : []) rangeSetsOf(use, BOTH);
      }),
    );
  });
});

describe('usage', () => {
  it('counts as host-local does: a /24 has 253, a /28 13', () => {
    expect(usageOf(network('10.52.0.254'), [])).toMatchObject([{ capacity: 253, free: 253 }]);
    expect(usageOf(network('10.52.0.14'), [])).toMatchObject([{ capacity: 13 }]);
  });

  it('counts no lease of the gateway, of another range or of another network', () => {
    const { leases } = look({
      leases: [
        lease(2, 'a'),
        lease(1, 'gateway'),
        lease(200, 'outside', { rangeId: '1' }),
        lease(3, 'other', { network: 'others' }),
      ],
    });
    const verdicts = judgeLeases(look({ leases }), undefined, {
      graceMs: 0,
      nowMs: Date.parse('2026-06-01T12:00:00Z'),
    });
    expect(usageOf(network('10.52.0.14'), verdicts)).toEqual([
      { id: '0', ranges: ['10.52.0.1-10.52.0.14'], capacity: 13, used: 1, leaked: 1, free: 12 },
    ]);
  });

  it('finds the range set of an address', () => {
    const find = rangeFinder([
      { id: '0', ranges: [{ first: '10.0.0.1', last: '10.0.0.9', gateway: '10.0.0.1' }] },
      { id: '1', ranges: [{ first: 'fd00::1', last: 'fd00::ff', gateway: 'fd00::1' }] },
    ]);
    expect(['10.0.0.9', '10.0.0.10', 'fd00::ff', 'fd00::100'].map(find)).toEqual(['0', undefined, '1', undefined]);
  });
});
