import { describe, expect, it } from 'vitest';
import { ago, denied, findingsOf, healthy, node, wrongWith } from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';

const ID = 'clock-skew';

describe('clock-skew of a cluster', () => {
  it.each([
    [ago(90), "This machine's clock is 90 s ahead of the API server"],
    [ago(-90), "This machine's clock is 90 s behind the API server"],
  ])('is found of this machine: %s', (server, title) => {
    const nodes = known([node('node-1', { leaseRenewedAt: known(server, 'lease') })], 'nodes');
    const snapshot = healthy({ serverClock: known(server, 'Date'), nodes });
    expect(findingsOf(ID, snapshot)).toMatchObject([
      { status: 'problem', severity: 'warning', title },
      { subject: 'node-1', status: 'ok' },
    ]);
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('is found of a node that renews its Lease in the future', () => {
    const nodes = known([node('node-1'), node('node-2', { leaseRenewedAt: known(ago(-45), 'lease') })], 'nodes');
    expect(findingsOf(ID, healthy({ nodes }))).toMatchObject([
      { subject: '', status: 'ok' },
      // The next look finds the other one in order as well, once it is: what is not said to be over would be taken to last.
      { subject: 'node-1', status: 'ok' },
      { subject: 'node-2', title: 'node-2 is 45 s ahead of the API server' },
    ]);
    expect(wrongWith(healthy({ nodes }))).toEqual([ID]);
  });

  it('is none where the Lease was renewed while a long look was under way', () => {
    const during = { leaseRenewedAt: known(ago(-45), 'lease'), leaseReadAt: ago(-44) };
    const nodes = known([node('node-1', during)], 'nodes');
    expect(findingsOf(ID, healthy({ nodes }))).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
    expect(
      findingsOf(ID, healthy({ nodes: known([node('node-1', { ...during, leaseReadAt: ago(-30) })], 'nodes') })),
    ).toMatchObject([{ status: 'ok' }, { subject: 'node-1', title: 'node-1 is 15 s ahead of the API server' }]);
  });

  it('is clear within the whole second of an HTTP date', () => {
    const found = findingsOf(ID, healthy({ serverClock: known(ago(0.9), 'Date') }));
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['ok']));
  });

  it('is unknown without one', () => {
    expect(findingsOf(ID, healthy({ serverClock: denied }))).toMatchObject([{ status: 'unknown', severity: 'info' }]);
  });
});
