import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaseListing } from './listing.ts';

const ID = 'a1'.repeat(32);

function one(...lines: string[]) {
  const { leases } = leaseListing(['network pods', ...lines].join('\n'), '/d');
  return leases[0];
}

describe('leaseListing', () => {
  it('reads a lease as host-local writes it', () => {
    expect(one('lease 1000.5 70 pods/10.52.0.7', `held pods/10.52.0.7:${ID}\r`, 'held pods/10.52.0.7:eth0')).toEqual({
      network: 'pods',
      dataDir: '/d',
      ip: '10.52.0.7',
      containerId: ID,
      ifName: 'eth0',
      legacy: false,
      path: '/d/pods/10.52.0.7',
      mtime: 1_000_500,
      size: 70,
    });
  });

  it('reads IPv6 leases, whose names hold colons', () => {
    const lease = one('lease 1 70 pods/FD00::0:7', `held pods/FD00::0:7:${ID}`, 'held pods/FD00::0:7:eth0');
    expect(lease).toMatchObject({ ip: 'fd00::7', path: '/d/pods/FD00::0:7', containerId: ID, ifName: 'eth0' });
  });

  it('reads the legacy form, an id alone', () => {
    expect(one('lease 1 64 pods/10.52.0.7', `held pods/10.52.0.7:${ID}`)).toMatchObject({
      containerId: ID,
      ifName: '',
      legacy: true,
    });
  });

  it.each([
    ['a word of an operator', ['reserved']],
    ['a sentence', ['reserved for the printer', 'eth0']],
    ['zeros, as a torn write leaves them', ['\0'.repeat(70)]],
    ['a third line', [ID, 'eth0', 'more']],
    ['an interface no kernel would take', [ID, 'a/b']],
    ['nothing', []],
  ])('takes %s for no lease of anybody', (_, lines) => {
    const held = lines.map((line) => `held pods/10.52.0.7:${line}`);
    expect(one('lease 1 70 pods/10.52.0.7', ...held)).toMatchObject({ containerId: '', ifName: '' });
  });

  it('passes over names that are no addresses, and text of files that were not listed', () => {
    const { leases } = leaseListing('network pods\nlease 1 1 pods/10.52.0.777\nheld pods/10.0.0.1:x', '/d');
    expect(leases).toEqual([]);
  });

  it("gives each lease its own network's range set", () => {
    const lines = [
      'network a',
      'lease 1 1 a/10.0.0.1',
      'lease 1 1 b/10.0.0.1',
      'lease 1 1 b/10.0.0.2',
      'lease 1 1 a/10.0.0.2',
    ];
    const { leases } = leaseListing(lines.join('\n'), '/d', (network) => (ip) => {
      return network === 'a' ? `a${ip.at(-1)}` : undefined;
    });
    expect(leases.map(({ network, rangeId }) => [network, rangeId])).toEqual([
      ['a', 'a1'],
      ['b', undefined],
      ['b', undefined],
      ['a', 'a2'],
    ]);
  });

  it('counts foreign files and keeps why a directory was not read', () => {
    const { networks } = leaseListing('network a\nforeign 3 a\nforeign 2 a\nnetwork b\nunreadable link b', '/d');
    expect(networks).toEqual([
      { name: 'a', foreignFiles: 5 },
      { name: 'b', foreignFiles: 0, unreadable: 'link' },
    ]);
  });

  it('survives any text', () => {
    const word = fc.constantFrom(
      'network',
      'lease',
      'held',
      'foreign',
      'unreadable',
      ' ',
      '\n',
      'a/1.2.3.4',
      ':',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(word).map((words) => words.join('')),
        ),
        (text) => {
          expect(() => leaseListing(text, '/d')).not.toThrow();
        },
      ),
    );
  });
});
