import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { Service } from '../model/parts.ts';
import { addressOf, managementService, urlOf } from './management-address.ts';
import { pieceOf } from './objects.ts';
import { paced } from './paced.ts';
import { selectorOf } from './parts.ts';
import { blotted } from './registration.ts';
import { type Place, vantageOf } from './vantage.ts';

describe('from where it is looked', () => {
  const eth0 = { address: '10.0.0.5', netmask: '255.255.255.0', cidr: '10.0.0.5/24', family: 'IPv4' as const };
  const interfaces = { eth0: [{ ...eth0, mac: '02:00:00:00:00:01', internal: false }] };
  it.each([
    ['a kubeconfig that lies on nodes alone', { owner: 'kubelet', targets: ['10.9.9.9'] }, 'node'],
    [
      'a node’s kubeconfig that the user names',
      { owner: 'environment', path: '/etc/rancher/rke2/rke2.yaml', targets: ['10.9.9.9'] },
      'node',
    ],
    ['the same segment', { owner: 'home', targets: ['10.0.0.250', '127.0.0.1'] }, 'on-link'],
    ['a router between', { owner: 'home', targets: ['10.0.0.250', '10.0.1.1'] }, 'routed'],
    ['a name', { owner: 'option', targets: ['cluster.example.org'] }, 'routed'],
    ['IPv6 loopback', { owner: 'option', targets: ['::1'] }, 'on-link'],
  ] as const)('%s', (_, place, vantage) => {
    expect(vantageOf({ interfaces, path: '/root/.kube/config', ...place } as Place)).toBe(vantage);
  });
});

describe('the management address', () => {
  const service = (name: string, annotations: Record<string, string>, ingress: string[] = []): Service => ({
    namespace: 'kube-system',
    name,
    annotations,
    type: 'LoadBalancer',
    ingress,
  });
  const found = (...services: Service[]) => addressOf(managementService(known(services, 'services')));
  it('is what the Service was given, else what it is to have; by DHCP what was offered', () => {
    expect(found(service('ingress-expose', { 'kube-vip.io/loadbalancerIPs': '10.0.0.9' }, ['10.0.0.8']))).toMatchObject(
      {
        value: '10.0.0.8',
      },
    );
    const dhcp = { 'kube-vip.io/loadbalancerIPs': '0.0.0.0', 'kube-vip.io/requestedIP': '10.0.0.7' };
    expect(found(service('ingress-expose', {}), service('rke2-traefik', dhcp))).toMatchObject({ value: '10.0.0.7' });
    expect(found(service('ingress-expose', { 'kube-vip.io/vipHost': 'a' }))).toMatchObject({ reason: 'absent' });
    expect(found(service('ingress-expose', {}))).toMatchObject({ reason: 'absent' });
    expect(addressOf(managementService(unknown('denied', 's', 'no')))).toMatchObject({ reason: 'denied' });
    expect([urlOf('::1', 6443), urlOf('10.0.0.1')]).toEqual(['https://[::1]:6443', 'https://10.0.0.1']);
  });
});

describe('what a server sends is not trusted', () => {
  it('takes what is of another type for empty, and no inherited names', () => {
    const piece = pieceOf({ list: 'text', text: ['list'], map: { a: 1, b: 'x' }, number: '3' });
    expect(piece.list('list')).toEqual([]);
    expect(piece.text('text')).toBe('');
    expect(piece.map('map')).toEqual({ b: 'x' });
    expect(piece.number(['number'], 7)).toBe(7);
    expect(piece.at('constructor', 'name').value).toBeUndefined();
    expect(pieceOf(undefined).text('a', 'b')).toBe('');
  });

  it('writes a selector as the API takes it', () => {
    const matchExpressions = [
      { key: 'b', operator: 'In', values: ['1', '2'] },
      { key: 'c', operator: 'NotIn', values: ['3'] },
      { key: 'd', operator: 'Exists' },
      { key: 'e', operator: 'DoesNotExist' },
    ];
    const object = pieceOf({ spec: { selector: { matchLabels: { a: 'x' }, matchExpressions } } });
    expect(selectorOf(object)).toBe('a=x,b in (1,2),c notin (3),d,!e');
  });
});

it.each([
  ['level=info token="abc123" x', 'level=info token="…" x'],
  ['Authorization: Bearer abcdef', 'Authorization: Bearer …'],
  [
    'GET https://rancher/v3/import/x_c-m-1.yaml?token=abc&y=1',
    'GET https://rancher/v3/import/x_c-m-1.yaml?token=…&y=1',
  ],
  ['jwt eyJhbGciOi.eyJpc3Mi.c2ln end', 'jwt … end'],
  ['kubeconfig-user-x2x:deadbeef01', '…'],
  ['Get "https://10.0.0.1/ping": dial tcp 10.0.0.1:443: i/o timeout', undefined],
])('blots out secrets of a log: %s', (line, shown = line) => {
  expect(blotted(line)).toBe(shown);
});

describe('the pace', () => {
  /** A client that answers when it is told to. */
  function slow(detail?: string) {
    const waiting: (() => void)[] = [];
    let atOnce = 0;
    let most = 0;
    const text = async () => {
      most = Math.max(most, ++atOnce);
      await new Promise<void>((go) => waiting.push(go));
      atOnce--;
      return detail === undefined ? known('ok', '') : unknown('failed', '', detail);
    };
    const client = { server: 'https://s', text } as unknown as KubeClient;
    return { client, waiting, most: () => most };
  }
  const pace = { bound: 2, timeoutMs: 1, signal: new AbortController().signal };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('asks no more at once than it may, and everything in the end', async () => {
    const { client, waiting, most } = slow();
    const asking = paced(client, pace);
    const all = Promise.all(Array.from({ length: 7 }, (_, index) => asking.text(`/${index}`)));
    for (let done = 0; done < 7; ) {
      await turn();
      const now = waiting.splice(0);
      done += now.length;
      for (const go of now) go();
    }
    expect((await all).every(({ known: isKnown }) => isKnown)).toBe(true);
    expect(most()).toBe(2);
  });

  it('stops asking a server that answers nothing any more', async () => {
    const { client, waiting } = slow('https://s: no answer in 5 s');
    const asking = paced(client, { ...pace, bound: 1 });
    let asked = 0;
    const all = Promise.all(Array.from({ length: 9 }, (_, index) => asking.text(`/${index}`)));
    for (let turns = 0; turns < 20; turns++) {
      await turn();
      for (const go of waiting.splice(0)) {
        asked++;
        go();
      }
    }
    const answers = await all;
    expect(asked).toBe(3);
    expect(answers.at(-1)).toMatchObject({ detail: 'https://s: it had stopped answering, so this was not asked' });
  });
});
