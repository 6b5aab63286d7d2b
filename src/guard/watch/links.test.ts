import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkTable } from './links.ts';
import type { Link, NetworkEvent } from './netlink-messages.ts';

function link(index: number, name: string, more: Partial<Link> = {}): Link {
  return { index, name, kind: 'veth', master: 0, up: true, bridge: null, ...more };
}

const bridge = link(5, 'br0', { kind: 'bridge', bridge: { nf_call_iptables: '1', nf_call_ip6tables: '0' } });

describe('the table of links', () => {
  it('tells what came and went', () => {
    const table = linkTable();
    expect(table.replace([link(1, 'lo'), bridge])).toEqual({ appeared: ['lo', 'br0'], gone: [] });
    expect(table.apply([{ type: 'link', link: { ...bridge, up: false } }])).toEqual({ appeared: [], gone: [] });
    expect(table.apply([{ type: 'link-gone', index: 5, name: 'br0' }])).toEqual({ appeared: [], gone: ['br0'] });
    expect(table.named('br0')).toBeUndefined();
    expect(table.replace([bridge])).toEqual({ appeared: ['br0'], gone: ['lo'] });
  });

  it('tells of a link that was made anew under its name, or renamed, as gone and come', () => {
    const table = linkTable();
    table.replace([bridge]);
    expect(table.apply([{ type: 'link', link: link(9, 'br0') }])).toEqual({ appeared: ['br0'], gone: ['br0'] });
    expect(table.apply([{ type: 'link-gone', index: 5, name: 'br0' }])).toEqual({ appeared: [], gone: [] });
    expect(table.apply([{ type: 'link', link: link(9, 'br1') }])).toEqual({ appeared: ['br1'], gone: ['br0'] });
    expect(table.all()).toEqual([link(9, 'br1')]);
  });

  it('reads switches as the keeper takes them', () => {
    const table = linkTable();
    table.replace([bridge, link(6, 'eth0')]);
    expect(table.switchOf('br0', 'nf_call_iptables')).toMatchObject({ known: true, value: '1' });
    expect(table.switchOf('br0', 'nf_call_ip6tables')).toMatchObject({ known: true, value: '0' });
    expect(table.switchOf('eth0', 'nf_call_iptables')).toMatchObject({ known: false, reason: 'absent' });
    expect(table.switchOf('br1', 'nf_call_iptables')).toMatchObject({ known: false, reason: 'absent' });
  });

  it('has one link of a name and of an index, whatever is said', () => {
    const one = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('a', 'b', 'c', 'd'))
      .map(([i, n]) => link(i, n));
    const event: fc.Arbitrary<NetworkEvent> = fc.oneof(
      one.map((found): NetworkEvent => ({ type: 'link', link: found })),
      one.map(({ index, name }): NetworkEvent => ({ type: 'link-gone', index, name })),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const table = linkTable();
        table.apply(events);
        const all = table.all();
        expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
        for (const found of all) expect(table.named(found.name)).toBe(found);
      }),
    );
  });
});
