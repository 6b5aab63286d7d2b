import { describe, expect, it } from 'vitest';
import { absent, denied, findingsOf, notCollected, unanswered, withVip, wrongWith } from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { ManagementAddress } from '../model/management-address.ts';

const ID = 'vip-conflict';
const OURS = '02:00:00:00:00:01';
const THEIRS = '02:00:00:00:00:02';
const carrier = (node: string, up: boolean, mac = OURS) => ({ node, interface: 'vip-0a1b2c3d', mac, up });
const dhcp = known({ ip: '10.0.0.10', mode: 'dhcp', hwAddress: OURS.toUpperCase() }, 'configmap');

describe(ID, () => {
  it.each([
    ['two hardware addresses answer', { arp: known([OURS, THEIRS], 'arp') }, `ARP is answered by ${OURS}, ${THEIRS}.`],
    [
      'this node carries it and another answers',
      { arp: known([THEIRS], 'arp'), carriers: known([carrier('a', true)], 'ip') },
      `ARP is answered by ${THEIRS}, ${OURS}.`,
    ],
    ['another answers alone', { arp: known([THEIRS], 'arp'), configured: dhcp }, THEIRS],
    [
      'two nodes carry it',
      { carriers: known([carrier('a', true), carrier('b', true)], 'ip') },
      'a, b: a kube-vip that was killed',
    ],
    ['DHCP hands it out', { offeredBy: known([{ server: '10.0.0.1', mac: THEIRS }], 'dhcp') }, '10.0.0.1 offers it'],
    ['its macvlan is down', { carriers: known([carrier('a', false)], 'ip') }, 'a vip-0a1b2c3d'],
  ] as const)('is found where %s', (_name, differing, cause) => {
    const snapshot = withVip(differing as Partial<ManagementAddress>);
    const [found] = findingsOf(ID, snapshot);
    expect(found).toMatchObject({ status: 'problem', severity: 'warning' });
    expect(found?.cause).toContain(cause);
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('is the cause where the address does not answer, unless it is only offered', () => {
    const https = known(unanswered('silent'), 'https');
    expect(wrongWith(withVip({ https, arp: known([OURS, THEIRS], 'arp') }))).toEqual([ID]);
    const offered = withVip({ https, offeredBy: known([{ server: '10.0.0.1', mac: THEIRS }], 'dhcp') });
    expect(wrongWith(offered)).toEqual([ID, 'vip-unreachable']);
  });

  it('is settling for a minute while it moves, but for what is handed out', () => {
    const both = withVip({
      arp: known([OURS, THEIRS], 'arp'),
      offeredBy: known([{ server: '10.0.0.1', mac: THEIRS }], 'dhcp'),
    });
    expect(findingsOf(ID, both, 60).map(({ phase }) => phase)).toEqual(['settling', 'definite']);
  });

  it('is clear where one answers, on the node that carries it or one that was not looked at', () => {
    expect(findingsOf(ID, withVip({}))).toMatchObject([{ status: 'ok' }]);
    expect(findingsOf(ID, withVip({ arp: known([OURS, OURS.toUpperCase()], 'arp') }))).toMatchObject([
      { status: 'ok' },
    ]);
    expect(findingsOf(ID, withVip({ arp: known([OURS], 'arp'), configured: dhcp }))).toMatchObject([{ status: 'ok' }]);
    const elsewhere = withVip({ arp: known([THEIRS], 'arp'), carriers: known([], 'ip') });
    expect(findingsOf(ID, elsewhere)).toMatchObject([{ status: 'ok' }]);
    const oneUp = withVip({ carriers: known([carrier('a', true), carrier('b', false)], 'ip') });
    expect(findingsOf(ID, oneUp)).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where nobody may ask, and of no matter where there is no address', () => {
    const blind = withVip({ arp: denied, carriers: notCollected, offeredBy: notCollected });
    expect(findingsOf(ID, blind)).toMatchObject([
      { status: 'unknown', severity: 'info', unknown: { reason: 'denied' } },
    ]);
    expect(findingsOf(ID, withVip({ address: absent }))).toMatchObject([{ status: 'not-applicable' }]);
  });
});
