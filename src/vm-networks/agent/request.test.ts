import { describe, expect, it } from 'vitest';
import { isInterfaceName, requestFor } from './request.ts';

const wanted = { bridge: 'mgmt-br', vlan: 100 };

describe('what an agent is asked', () => {
  it('becomes a probe', () => {
    expect(requestFor({ ...wanted, cidr: '10.0.0.7/24', gateway: '10.0.0.1', server: '10.0.0.2' })).toEqual({
      ok: true,
      request: {
        ...wanted,
        cidr: '10.0.0.0/24',
        gateway: '10.0.0.1',
        servers: ['10.0.0.2'],
        uplinks: [],
        count: 5,
        offerWaitMs: 10_000,
      },
    });
    expect(requestFor(wanted)).toMatchObject({ ok: true, request: { servers: [] } });
  });

  it.each([
    [{ bridge: '' }, 'bridge "" is no interface name'],
    [{ bridge: 'a b' }, 'bridge "a b" is no interface name'],
    [{ bridge: 'br0\nlink del dev eth0' }, 'is no interface name'],
    [{ bridge: '../br0' }, 'is no interface name'],
    [{ bridge: 'sixteen-letters-' }, 'is no interface name'],
    [{ vlan: 4095 }, 'VLAN 4095 is not from 0 to 4094'],
    [{ vlan: -1 }, 'VLAN -1'],
    [{ vlan: 1.5 }, 'VLAN 1.5'],
    [{ cidr: '10.0.0.0/33' }, 'cidr "10.0.0.0/33" is no IPv4 network'],
    [{ gateway: 'fe80::1' }, 'gateway "fe80::1" is no IPv4 address'],
    [{ server: '10.0.0' }, 'server "10.0.0" is no IPv4 address'],
  ])('is refused where it is no network: %o', (change, detail) => {
    expect(requestFor({ ...wanted, ...change })).toEqual({ ok: false, detail: expect.stringContaining(detail) });
  });
});

it('an interface name is at most fifteen bytes, whatever its letters', () => {
  expect(['mgmt-br', 'a', '网桥', 'vm.7', 'fifteen-letters'].map(isInterfaceName)).toEqual(Array(5).fill(true));
  expect(['网桥网桥网桥', '.', '..', 'a/b', 'a:b', 'a\tb'].map(isInterfaceName)).toEqual(Array(6).fill(false));
});
