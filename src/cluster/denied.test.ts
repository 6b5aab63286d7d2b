import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  absent,
  ago,
  answered,
  apiServerLook,
  asNode,
  certificate,
  denied,
  endpointsWith,
  healthy,
  NOW,
  node,
  part,
  unanswered,
  unreadyNode,
  webhook,
  withVip,
} from '../../test/cluster.ts';
import { known } from '../hosts/reading.ts';
import type { Finding } from '../judging/finding.ts';
import { judgeCluster } from './judge.ts';
import { type Memory, NO_MEMORY } from './memory.ts';
import type { ClusterSnapshot } from './model.ts';
import type { Verdict } from './verdict.ts';

/** Parts of a snapshot in good order and in bad, to be put together in any way, also such as contradict each other. */
const none = known({ ready: [], notReady: ['10.52.0.7'] }, 'endpoints');
const vip = (differing: Parameters<typeof withVip>[0]) => withVip(differing).managementAddress;
const readyz = (outcome: Parameters<typeof known>[0]) => apiServerLook({ readyz: known(outcome, 'readyz') as never });
const awaiting = {
  namespace: 'kube-system',
  name: 'ingress-expose',
  type: 'LoadBalancer',
  annotations: { 'kube-vip.io/loadbalancerIPs': '0.0.0.0' },
  ingress: [],
};
const expired = known(certificate('https://10.0.0.11:6443', { notAfter: ago(60) }), 'tls');
const gate = {
  file: '/etc/rancher/rke2/config.yaml',
  line: 1,
  start: 'rke2',
  name: 'feature-gates',
  value: 'NodeAuthorizerEnablePodSelectors=true',
};

const sick: { readonly [K in keyof ClusterSnapshot]?: readonly ClusterSnapshot[K][] } = {
  vantage: ['node', 'routed'],
  apiServers: [
    [readyz(unanswered('refused'))],
    [readyz(unanswered('unreachable'))],
    [readyz(answered(500, '[-]etcd failed: reason withheld\nreadyz check failed\n'))],
    [readyz(answered(429, 'busy'))],
    [apiServerLook(), readyz(unanswered('silent'))],
    [readyz(unanswered('silent')), readyz(unanswered('refused'))],
    [apiServerLook({ readyz: known(unanswered('silent'), 'readyz'), certificate: expired })],
    [apiServerLook({ certificate: expired })],
  ],
  nodes: [
    known([], 'nodes'),
    known([unreadyNode('node-1', 9000), node('node-2')], 'nodes'),
    known([unreadyNode('node-1', 9000), unreadyNode('node-2', 9000)], 'nodes'),
    known([node('node-1', { leaseRenewedAt: known(ago(9000), 'lease') })], 'nodes'),
  ],
  ownNode: [known(node('node-1'), 'node'), known(unreadyNode('node-1', 9000), 'node')],
  endpoints: [
    endpointsWith('harvester', none),
    endpointsWith('harvester-webhook', none),
    endpointsWith('rancher', none),
    [],
  ],
  webhooks: [
    known(
      [webhook({ handshake: known({ outcome: unanswered('tls'), ms: 3, certificate: expired }, 'tls') })],
      'webhooks',
    ),
  ],
  parts: [known([part('harvester', { ready: 1 })], 'parts')],
  managedCharts: [known([{ name: 'harvester', ready: false, message: 'NotReady(1)', since: ago(9000) }], 'charts')],
  harvester: [
    known(answered(503), 'https'),
    known(unanswered('unreachable'), 'https'),
    known(unanswered('refused'), 'https'),
  ],
  services: [known([awaiting], 'services')],
  managementAddress: [
    vip({ https: known(unanswered('silent'), 'https') }),
    vip({
      https: known(unanswered('unreachable'), 'https'),
      arp: known(['02:00:00:00:00:01', '02:00:00:00:00:02'], 'arp'),
    }),
    vip({ carriers: known([{ node: 'a', interface: 'vip-1', mac: '02:00:00:00:00:01', up: false }], 'ip') }),
    vip({ arp: known(['02:00:00:00:00:01', '02:00:00:00:00:02'], 'arp') }),
    vip({ address: absent }),
    vip({ certificate: expired, offeredBy: known([{ server: '10.0.0.1', mac: '02:00:00:00:00:09' }], 'dhcp') }),
  ],
  listeners: [known([{ protocol: 'tcp', address: '::', port: 2112, program: 'node_exporter' }], 'ss')],
  apiServerArguments: [known([gate], gate.file)],
  certificates: [
    known([certificate('/var/lib/rancher/rke2/server/tls/serving-kube-apiserver.crt', { notAfter: ago(60) })], 'tls'),
  ],
};

const snapshots: fc.Arbitrary<ClusterSnapshot> = fc
  .record(
    Object.fromEntries(
      Object.entries(sick).map(([name, values]) => {
        const well = healthy()[name as keyof ClusterSnapshot];
        return [name, fc.constantFrom<unknown>(well, well, ...(values as readonly unknown[]))];
      }),
    ),
  )
  .map((differing) => healthy(differing as Partial<ClusterSnapshot>));

/** Every place in a snapshot that holds a reading. */
function readingsIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'known' in value ? [path] : [];
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => readingsIn(inner, [...path, key]))];
}

function refuse(snapshot: ClusterSnapshot, path: readonly (string | number)[]): ClusterSnapshot {
  const copy = JSON.parse(JSON.stringify(snapshot)) as ClusterSnapshot;
  let place = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[String(path.at(-1))] = denied;
  return copy;
}

const DEADLINES = [undefined, 0] as const;

function verdictAfter(history: readonly ClusterSnapshot[], deadlineSeconds: number | undefined): Verdict {
  let memory: Memory = NO_MEMORY;
  let verdict: Verdict = 'unknown';
  for (const [index, snapshot] of history.entries()) {
    const takenAt = new Date(Date.parse(NOW) + index * 100_000).toISOString();
    const options = { lang: 'en', ...(deadlineSeconds !== undefined && { deadlineSeconds }) } as const;
    ({ verdict, memory } = judgeCluster({ ...snapshot, takenAt }, options, memory));
  }
  return verdict;
}

const OPPOSITE: Partial<Record<Verdict, Verdict>> = { ready: 'not-ready', 'not-ready': 'ready' };

describe('that a reading is refused', () => {
  it('never makes what is ready not ready, nor what is not ready ready', () => {
    const met = new Set<Verdict>();
    fc.assert(
      fc.property(snapshots, fc.constantFrom(...DEADLINES), fc.nat(), (snapshot, deadline, pick) => {
        const paths = readingsIn(snapshot);
        const path = paths[pick % paths.length] ?? [];
        const before = verdictAfter([snapshot], deadline);
        met.add(before);
        expect(verdictAfter([refuse(snapshot, path)], deadline), `${path.join('.')} refused`).not.toBe(
          OPPOSITE[before],
        );
      }),
      { numRuns: 800 },
    );
    // Else it would say little.
    expect([...met].sort()).toEqual(['not-ready', 'ready', 'settling', 'unknown']);
  });

  it('nor at any look before', () => {
    fc.assert(
      fc.property(
        fc.array(snapshots, { minLength: 2, maxLength: 8 }),
        fc.constantFrom(...DEADLINES),
        fc.nat(),
        fc.nat(),
        (history, deadline, which, pick) => {
          const index = which % history.length;
          const paths = readingsIn(history[index]);
          const path = paths[pick % paths.length] ?? [];
          const other = history.map((one, place) => (place === index ? refuse(one, path) : one));
          expect(verdictAfter(other, deadline)).not.toBe(OPPOSITE[verdictAfter(history, deadline)]);
        },
      ),
      { numRuns: 250 },
    );
  });

  it('is no fault: every reading of a good cluster, one by one, with either credentials', () => {
    for (const snapshot of [healthy(), asNode(healthy())]) {
      for (const path of readingsIn(snapshot)) {
        expect(['ready', 'unknown'], path.join('.')).toContain(verdictAfter([refuse(snapshot, path)], 0));
      }
    }
  });
});

describe("with a node's credentials and with an administrator's", () => {
  it('the answers never contradict each other', () => {
    const pairs = new Set<string>();
    fc.assert(
      fc.property(snapshots, fc.constantFrom(...DEADLINES), (snapshot, deadline) => {
        // A node is beside itself: what an administrator sees through a router it sees directly.
        const admin = verdictAfter([snapshot], deadline);
        const own = verdictAfter([asNode(snapshot)], deadline);
        pairs.add(`${admin} ${own}`);
        expect(own).not.toBe(OPPOSITE[admin]);
      }),
      { numRuns: 800 },
    );
    expect(pairs).toContain('ready ready');
    expect(pairs).toContain('not-ready not-ready');
  });
});

describe('whatever is seen', () => {
  const found = (snapshot: ClusterSnapshot, lang: 'en' | 'zh-CN') =>
    judgeCluster(snapshot, { lang, deadlineSeconds: 0 }).findings.filter(({ status }) => status === 'problem');
  const wordsOf = ({ title, cause, impact }: Finding) => [title, cause, impact];

  it('is worded in English', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        for (const words of found(snapshot, 'en').flatMap(wordsOf)) {
          expect(words).not.toMatch(/^$|undefined|NaN|\[object| {2}|\p{Script=Han}/u);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is worded in Chinese', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        for (const words of found(snapshot, 'zh-CN').flatMap(wordsOf)) expect(words).toMatch(/\p{Script=Han}/u);
      }),
      { numRuns: 200 },
    );
  });
});
