import { describe, expect, it } from 'vitest';
import { ipObjects } from '../../snapshot/fields.ts';
import { carriage, vlanTable } from './bridge-vlans.ts';

/** As `bridge -j vlan show` of iproute2 6.1 prints it. */
const SHOWN = `[{"ifname":"bo","vlans":[{"vlan":1,"flags":["PVID","Egress Untagged"]},{"vlan":100},{"vlan":200,"vlanEnd":210}]},
{"ifname":"access","vlans":[{"vlan":7,"flags":["PVID","Egress Untagged"]}]},
{"ifname":"tagged","vlans":[{"vlan":1,"flags":["PVID"]}]},
{"ifname":"none"}]`;

describe('how a port carries a VLAN', () => {
  const table = vlanTable(ipObjects(SHOWN));
  it.each([
    ['bo', 100, 'tagged'],
    ['bo', 205, 'tagged'],
    ['bo', 210, 'tagged'],
    ['bo', 211, 'not'],
    ['bo', 1, 'untagged'],
    ['bo', 0, 'untagged'],
    ['access', 7, 'untagged'],
    ['access', 100, 'not'],
    ['tagged', 0, 'not'],
    ['none', 0, 'not'],
    ['absent', 1, 'not'],
  ])('%s, %i: %s', (port, vlan, expected) => {
    expect(carriage(table, port, vlan)).toBe(expected);
  });
});
