import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRoute, writeRoute } from './route.ts';

function kinds(value: unknown): readonly string[] {
  const read = readRoute(typeof value === 'string' ? value : JSON.stringify(value));
  return read.ok ? [] : read.faults.map(({ kind }) => kind);
}
const manual = (cidr: string, gateway: string) => ({ mode: 'manual', cidr, gateway });

describe('the route annotation', () => {
  it.each([
    ['what the UI writes', '{"mode":"auto","serverIPAddr":"","cidr":"","gateway":""}'],
    ['the least there is', '{"mode":"auto"}'],
    ['what the helper writes', '{"mode":"auto","cidr":"172.16.0.0/24","gateway":"172.16.0.1","connectivity":"true"}'],
    ['a failed helper', '{"mode":"auto","connectivity":"DHCP failed"}'],
    ['a webhook’s mark', '{"mode":"auto","cidr":"10.0.0.0/8","gateway":"10.0.0.1","outdated":true}'],
    ['one DHCP server', '{"mode":"auto","serverIPAddr":"192.168.0.2"}'],
    ['manual', JSON.stringify(manual('192.168.100.0/24', '192.168.100.1'))],
    ['a CIDR with host bits, which Go takes', JSON.stringify(manual('192.168.100.77/24', '192.168.100.254'))],
    ['no mode, but both addresses', '{"cidr":"10.0.0.0/24","gateway":"10.0.0.1"}'],
    ['names in any case, as Go finds them', '{"Mode":"manual","CIDR":"10.0.0.0/24","GATEWAY":"10.0.0.1"}'],
    ['fields nobody knows', '{"mode":"auto","colour":7}'],
    ['nulls', '{"mode":"auto","cidr":null,"outdated":null}'],
    ['a link of two (RFC 3021)', JSON.stringify(manual('10.0.0.0/31', '10.0.0.0'))],
    ['a single address', JSON.stringify(manual('10.0.0.1/32', '10.0.0.1'))],
    ['IPv6', JSON.stringify(manual('fd00::/64', 'fd00::1'))],
    ['IPv6, the routers’ anycast address', JSON.stringify(manual('fd00::/64', 'fd00::'))],
  ])('is in order: %s', (_what, text) => {
    expect(kinds(text)).toEqual([]);
  });

  it.each<[unknown, string[]]>([
    ['{mode:auto}', ['not-json']],
    ['auto', ['not-json']],
    ['null', ['not-an-object']],
    ['[]', ['not-an-object']],
    ['"auto"', ['not-an-object']],
    [{ mode: 1 }, ['wrong-type']],
    [{ mode: 'auto', outdated: 'true' }, ['wrong-type']],
    [{ mode: 'Auto' }, ['mode']],
    [{ mode: 'dhcp' }, ['mode']],
    [{}, ['does-nothing']],
    [{ cidr: '10.0.0.0/24' }, ['does-nothing']],
    [{ mode: 'manual' }, ['missing', 'missing']],
    [{ mode: 'manual', cidr: '10.0.0.0/24' }, ['missing']],
    [{ mode: 'manual', cidr: '10.0.0.0/24', gatway: '10.0.0.1' }, ['missing']],
    [manual('10.0.0.0', '10.0.0.1'), ['address']],
    [manual('10.0.0.0/255.255.255.0', '10.0.0.1'), ['address']],
    [manual('10.0.0.0/33', '10.0.0.1'), ['address']],
    [manual('10.0.0.0/024', '10.0.0.1'), ['address']],
    [manual('10.0.0.00/24', '10.0.0.1'), ['address']],
    [manual(' 10.0.0.0/24', '10.0.0.1'), ['address']],
    [manual('10.0.0.0/24', '10.0.0.01'), ['address']],
    [manual('10.0.0.0/24', '10.0.0.1/24'), ['address']],
    [manual('10.0.0.0/24', '10.0.0.300'), ['address']],
    [manual('fe80::/64', 'fe80::1%eth0'), ['address']],
    [manual('0.0.0.0/0', '10.0.0.1'), ['mask-zero']],
    [manual('10.0.0.0/24', '10.0.1.1'), ['gateway-outside']],
    [manual('10.0.0.0/24', 'fd00::1'), ['gateway-outside']],
    [manual('10.0.0.0/24', '10.0.0.0'), ['gateway-is']],
    [manual('10.0.0.0/24', '10.0.0.255'), ['gateway-is']],
    [manual('10.0.0.4/30', '10.0.0.7'), ['gateway-is']],
    [{ ...manual('10.0.0.0/24', '10.0.0.1'), outdated: true }, ['outdated-by-hand']],
    [{ mode: 'auto', serverIPAddr: 'dhcp.example' }, ['address']],
    [{ mode: 'auto', cidr: '10.0.0.0/24', gateway: '10.0.9.1' }, ['gateway-outside']],
  ])('is wrong: %j', (value, wanted) => {
    expect(kinds(value)).toEqual(wanted);
  });

  it('of any text is read, and what is written reads back', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readRoute(text)));
    expect(readRoute(writeRoute({ mode: 'auto' }))).toMatchObject({ ok: true, route: { mode: 'auto', cidr: '' } });
    expect(writeRoute({ mode: 'auto' })).toBe('{"mode":"auto","serverIPAddr":"","cidr":"","gateway":""}');
  });

  it('names a gateway inside any CIDR’s hosts as right, and every other as wrong', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(octets, octets, fc.integer({ min: 1, max: 30 }), (net, gateway, length) => {
        const number = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
        const size = 2 ** (32 - length);
        const first = Math.floor(number(net) / size) * size;
        const is = number(gateway);
        const inside = is > first && is < first + size - 1;
        expect(kinds(manual(`${net.join('.')}/${length}`, gateway.join('.'))).length === 0).toBe(inside);
      }),
    );
  });
});
