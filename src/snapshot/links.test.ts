import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { links } from './links.ts';

const SHOW = 'ip -d -j link show';

function seen(printed: unknown) {
  return parsed(links, {
    files: {},
    commands: { [SHOW]: typeof printed === 'string' ? printed : JSON.stringify(printed) },
  });
}

describe('links', () => {
  // Printed by iproute2 6.1 in a namespace; fields that are not read are left out.
  const printed = [
    {
      ifindex: 1,
      ifname: 'lo',
      flags: ['LOOPBACK', 'UP', 'LOWER_UP'],
      mtu: 65536,
      operstate: 'UNKNOWN',
      address: '00:00:00:00:00:00',
    },
    {
      ifindex: 2,
      ifname: 'br0',
      flags: ['BROADCAST', 'UP'],
      mtu: 1500,
      operstate: 'UP',
      address: '26:cd:c1:51:e1:6a',
      linkinfo: {
        info_kind: 'bridge',
        info_data: { stp_state: 0, vlan_filtering: 1, nf_call_iptables: 1, nf_call_ip6tables: 0 },
      },
    },
    {
      ifindex: 4,
      link: 'v1',
      ifname: 'v0',
      flags: ['UP'],
      mtu: 1500,
      master: 'br0',
      operstate: 'UP',
      address: 'b2:cf:cb:6d:c3:50',
      linkinfo: {
        info_kind: 'veth',
        info_slave_kind: 'bridge',
        info_slave_data: { state: 'forwarding', hairpin: true },
      },
    },
    {
      ifindex: 5,
      ifname: 'vx1',
      flags: [],
      mtu: 1450,
      operstate: 'DOWN',
      address: 'c2:a0:a1:9c:7b:05',
      linkinfo: { info_kind: 'vxlan', info_data: { id: 42, link: 'br0' } },
    },
    {
      ifindex: 6,
      link_index: 2,
      ifname: 'p0',
      flags: [],
      mtu: 1500,
      operstate: 'DOWN',
      address: '2e:0f:4e:2b:60:c8',
      link_netnsid: 0,
      linkinfo: { info_kind: 'veth' },
    },
    {
      ifindex: 7,
      ifname: 'tap0',
      flags: [],
      mtu: 1500,
      master: 'br0',
      operstate: 'DOWN',
      address: 'fe:6b:10:4b:64:8a',
      linkinfo: {
        info_kind: 'tun',
        info_data: { type: 'tap' },
        info_slave_kind: 'bridge',
        info_slave_data: { state: 'disabled', hairpin: false },
      },
    },
    {
      ifindex: 8,
      link: 'br0',
      ifname: 'br0.100',
      flags: [],
      mtu: 1500,
      operstate: 'DOWN',
      address: '26:cd:c1:51:e1:6a',
      linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id: 100 } },
    },
    {
      ifindex: 9,
      link: null,
      ifname: 'tunl0',
      flags: ['NOARP'],
      mtu: 1480,
      operstate: 'DOWN',
      linkinfo: { info_kind: 'ipip' },
    },
  ];

  it('tells kinds, masters, lower devices and the switches of bridges', () => {
    const found = seen(printed);
    expect(found).toMatchObject({ known: true, source: SHOW });
    const by = new Map((found.known ? found.value : []).map((link) => [link.name, link]));
    expect(by.get('lo')).toMatchObject({ loopback: true, up: true, kind: '', foreignPeer: false });
    expect(by.get('br0')?.bridge).toEqual({
      nfCallIptables: true,
      nfCallIp6tables: false,
      vlanFiltering: true,
      stp: false,
    });
    expect(by.get('v0')).toMatchObject({
      master: 'br0',
      lower: 'v1',
      bridgePort: { hairpin: true, state: 'forwarding' },
    });
    expect(by.get('vx1')).toMatchObject({ vxlanId: 42, lower: 'br0', foreignPeer: false });
    expect(by.get('p0')).toMatchObject({ kind: 'veth', foreignPeer: true });
    expect(by.get('p0')?.lower).toBeUndefined();
    expect(by.get('tap0')).toMatchObject({ tun: { type: 'tap' }, master: 'br0' });
    expect(by.get('br0.100')).toMatchObject({ vlanId: 100, lower: 'br0' });
    expect(by.get('tunl0')).toMatchObject({ kind: 'ipip', mac: '', foreignPeer: false });
  });

  it('passes over the empty objects of older releases', () => {
    expect(seen('[{},{"ifindex":1,"ifname":"lo","mtu":65536,"flags":[]}]')).toMatchObject({ value: [{ name: 'lo' }] });
  });

  it('names the place of what it does not understand', () => {
    expect(
      seen([
        { ifindex: 1, ifname: 'lo', mtu: 65536 },
        { ifindex: 2, ifname: 7, mtu: 1500 },
      ]),
    ).toMatchObject({
      known: false,
      reason: 'failed',
      detail: 'entry 2: ifname should be text, found a number',
    });
    expect(seen('[{"ifindex":')).toMatchObject({
      known: false,
      reason: 'failed',
      detail: expect.stringMatching(/^not JSON: /),
    });
    expect(seen('{}')).toMatchObject({ reason: 'failed', detail: 'expected a list, found an object' });
  });

  it('is unknown where ip is missing or nothing was asked', () => {
    expect(parsed(links, { files: {} })).toMatchObject({ known: false, reason: 'absent' });
    expect(unseen(links)).toMatchObject({ known: false, reason: 'not-collected' });
  });
});
