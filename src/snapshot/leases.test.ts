import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY } from '../../test/parts.ts';
import { criSource } from '../hosts/ask.ts';
import { type Capture, type Entry, viewOf } from '../hosts/capture.ts';
import { CLOCK_SOURCE } from '../hosts/draft.ts';
import { judgeLeases } from '../leases/judge.ts';
import { leaseAsks, leasesOf } from './leases.ts';
import { NAMESPACES_SOURCE, namespacesOf } from './namespaces.ts';
import { sandboxesOf } from './sandboxes.ts';

const ID = 'ab'.repeat(32);
const DATA = '/var/lib/cni/networks';

function ok(texts: Readonly<Record<string, string>>): Record<string, Entry> {
  return Object.fromEntries(Object.entries(texts).map(([source, text]) => [source, { state: 'ok', text }]));
}

function viewWith(texts: Readonly<Record<string, string>>, more: Partial<Capture> = {}) {
  return viewOf({ ...EMPTY, ...more, entries: ok(texts) });
}

describe('sandboxes', () => {
  const listed = (text: string) => sandboxesOf(viewWith({ [criSource()]: text }));

  it("reads crictl's listing", () => {
    const metadata = { name: 'web', uid: 'u', namespace: 'default', attempt: 0 };
    const items = [
      { id: ID, metadata, state: 'SANDBOX_READY', createdAt: '1780315200123456789' },
      { id: 'b', metadata, state: 'SANDBOX_NOTREADY', createdAt: '1' },
      { id: 'c', metadata: null, state: 'SANDBOX_OF_THE_FUTURE' },
    ];
    expect(listed(JSON.stringify({ items }))).toMatchObject({
      known: true,
      value: [
        { id: ID, state: 'ready', createdAt: 1780315200123, namespace: 'default', name: 'web', ips: [] },
        { id: 'b', state: 'notready' },
        { id: 'c', state: 'ready', name: '', createdAt: 0 },
      ],
    });
  });

  it('reads what our own client adds', () => {
    const network = { ips: ['10.52.0.2', 'FD00::0:2'], hostNetwork: false };
    const items = [{ id: ID, metadata: null, state: 'SANDBOX_READY', network }];
    expect(listed(JSON.stringify({ items }))).toMatchObject({
      value: [{ ips: ['10.52.0.2', 'fd00::2'], hostNetwork: false }],
    });
  });

  it.each(['', '{}', '[]', '{"items":{}}', '{"items":[{}]}', '{"items":[null]}'])(
    'never takes %j for "nothing runs"',
    (text) => {
      expect(listed(text)).toMatchObject({ known: false, reason: 'failed' });
    },
  );

  it('survives any text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void listed(text)));
  });
});

describe('namespaces', () => {
  const seen = (...lines: string[]) => namespacesOf(viewWith({ [NAMESPACES_SOURCE]: lines.join('\n') }));

  it('finds who lives elsewhere, and on which addresses', () => {
    const { foreign } = seen(
      'self 4 100',
      'pid 1 100',
      'pid 7 200',
      'pid 8 200',
      'pid 9 -9',
      'netns 4 200 /run/netns/cni-a',
      'netns 4 300 /run/netns/cni-b',
      'netns 25 301 /run/netns/cni-left-over',
      'looked 7',
      'v4 7 127.0.0.1',
      'v4 7 10.52.0.2',
      'v6 7 fd000000000000000000000000000002',
      'v6 7 fe800000000000000000000000000002',
      'entered 300',
      'inner 300 10.52.0.3/24',
    );
    expect(foreign).toMatchObject({
      value: [
        { inode: 200, pids: [7, 8], path: '/run/netns/cni-a', addresses: ['10.52.0.2', 'fd00::2'] },
        { inode: -9, pids: [9] },
        { inode: 300, pids: [], path: '/run/netns/cni-b', addresses: ['10.52.0.3'] },
      ],
    });
    expect(foreign.known && foreign.value[1]).not.toHaveProperty('addresses');
  });

  it("reads a shim's sandbox", () => {
    const { shims } = seen(
      'self 4 100',
      'pid 1 100',
      `shim 5 /usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id ${ID} -address /run/c.sock `,
      'shim 6 /usr/bin/conmon -b /run/x -c other ',
    );
    expect(shims).toMatchObject({ value: [{ pid: 5, containerId: ID }, { pid: 6 }] });
  });

  it('is unknown where no process could be seen', () => {
    expect(seen('')).toMatchObject({ foreign: { known: false }, shims: { known: false } });
  });

  it('survives any text', () => {
    const word = fc.constantFrom('self', 'pid', 'netns', 'looked', 'v4', 'v6', 'inner', 'shim', '1', '-id', ' ', '\n');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(' ')),
        ),
        (text) => {
          seen('self 4 1', 'pid 1 1', text);
        },
      ),
    );
  });
});

describe('a look', () => {
  const CANAL = JSON.stringify({
    name: 'k8s-pod-network',
    plugins: [{ type: 'calico', ipam: { type: 'host-local', subnet: 'usePodCidr' } }],
  });
  const conflist = '/etc/cni/net.d/10-canal.conflist';
  const NODE = {
    [conflist]: CANAL,
    [DATA]: `network k8s-pod-network\nlease 1780300000 70 k8s-pod-network/10.52.3.2\nheld k8s-pod-network/10.52.3.2:${ID}\nheld k8s-pod-network/10.52.3.2:eth0`,
    '/run/flannel/subnet.env': 'FLANNEL_SUBNET=10.52.3.1/24\n',
    [criSource()]: '{"items":[]}',
    [NAMESPACES_SOURCE]: 'self 4 100\npid 1 100\nstarted 1780311605',
    '/proc/stat': 'btime 1780311600\n',
    '/proc/uptime': '3600.75 7100.20\n',
    [CLOCK_SOURCE]: '1780315200.5',
    'ip -j addr show': '[]',
    'ip -j -4 route show table all': '[{"dst":"10.52.3.9","dev":"cali1","scope":"link"}]',
    'ip -j -6 route show table all': '',
  };
  const globs = Object.fromEntries(
    leaseAsks().flatMap((ask) =>
      ask.kind === 'files' ? [[ask.glob, ask.glob.endsWith('net.d/*.conflist') ? [conflist] : []]] : [],
    ),
  );
  const view = (texts: Readonly<Record<string, string>>) => viewWith(texts, { globs });

  it('brings a node together: network, range, lease, times', () => {
    const { look, times } = leasesOf(view(NODE));
    expect(look.networks).toMatchObject([
      { name: 'k8s-pod-network', ranges: { known: true }, readable: { known: true } },
    ]);
    expect(look.leases).toMatchObject([{ ip: '10.52.3.2', rangeId: '0', containerId: ID }]);
    expect(look.runtime.hostAddresses).toMatchObject({ value: new Map([['10.52.3.9', 'route dev cali1']]) });
    expect(look).toMatchObject({ takenAtMs: 1780315200500, uptimeMs: 3600750 });
    expect(times).toEqual({ nowMs: 1780315200500, bootTimeMs: 1780311600000, clockStepped: false });
    expect(judgeLeases(look, undefined, { ...times, graceMs: 60_000 })).toMatchObject([{ state: 'leaked' }]);
  });

  it('gives a running sandbox that tells no network the addresses of its leases, of its first interface', () => {
    const other = 'cd'.repeat(32);
    const leases = [`2 ${ID} eth0`, `3 ${ID} net1`, `4 ${other} eth0`].map(
      (end) => `lease 1780300000 70 k8s-pod-network/10.52.3.${end}`,
    );
    const items = [
      { id: ID, state: 'SANDBOX_READY' },
      { id: other, state: 'SANDBOX_READY', network: { ips: [], hostNetwork: false } },
    ];
    const texts = { [DATA]: `network k8s-pod-network\n${leases.join('\n')}`, [criSource()]: JSON.stringify({ items }) };
    const { sandboxes } = leasesOf(view({ ...NODE, ...texts })).look.runtime;
    expect(sandboxes).toMatchObject({ known: true, value: [{ ips: ['10.52.3.2'] }, { ips: [], hostNetwork: false }] });
  });

  it.each([
    ['was set forward since: systemd started before the boot that it counts back to', '1000000000', true],
    ['was set back since: systemd started in what is now the future', '1790000000', true],
    ['cannot be told where systemd started over', '1780314000', undefined],
  ])('knows that the clock %s', (_, started, stepped) => {
    const { times } = leasesOf(view({ ...NODE, [NAMESPACES_SOURCE]: `self 4 100\npid 1 100\nstarted ${started}` }));
    expect(times.clockStepped).toBe(stepped);
  });

  it('is unknown, lease by lease, for each part that was not collected', () => {
    expect(leasesOf(view({ ...NODE, '/proc/uptime': '' })).look.uptimeMs).toBeUndefined();
    for (const missing of [criSource(), NAMESPACES_SOURCE, 'ip -j addr show']) {
      const { [missing]: _, ...rest } = NODE as Readonly<Record<string, string>>;
      const { look, times } = leasesOf(view(rest));
      expect(judgeLeases(look, undefined, { ...times, graceMs: 60_000 })).toMatchObject([{ state: 'unknown' }]);
    }
    const { [DATA]: _, ...rest } = NODE;
    expect(leasesOf(view(rest))).toMatchObject({ unread: [{ reason: 'not-collected' }] });
  });

  it('looks at the networks asked for', () => {
    expect(leasesOf(view(NODE), { networks: ['others'] }).look).toMatchObject({ networks: [], leases: [] });
  });
});
