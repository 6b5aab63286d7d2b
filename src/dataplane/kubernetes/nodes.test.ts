import { expect, it } from 'vitest';
import type { KubeClient } from '../../cluster/client/client.ts';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { plannedFor } from '../plan.ts';
import { clusterDns } from './nodes.ts';

const service = { metadata: { name: 'kube-dns' }, spec: { clusterIP: '10.53.0.10' } };
const pod = (name: string, podIP: string, ready: boolean, more: object = {}) => ({
  metadata: { name, ...more },
  spec: { nodeName: 'node-1' },
  status: { podIP, phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

function dnsOf(pods: Reading<readonly object[]>) {
  const client = {
    server: 'https://api.test',
    async json(path: string) {
      if (path.includes('/services')) return known({ kind: 'List', items: [service] }, path);
      return pods.known ? known({ kind: 'List', items: pods.value }, path) : pods;
    },
  };
  return clusterDns(client as unknown as KubeClient);
}

it('is no Pod that goes away, and asks none that is not Ready', async () => {
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const pods = [pod('a', '10.52.0.2', true), pod('b', '10.52.0.3', false), pod('c', '10.52.0.4', true, going)];
  const dns = await dnsOf(known(pods, 'kubectl get pods'));
  if (!dns.known) throw new Error(dns.detail);
  const asked = plannedFor('node-1', { nodes: [], servers: dns.value.servers, echoPort: 7 });
  expect(asked.filter(({ protocol }) => protocol === 'udp').map(({ to, question }) => [to, question])).toMatchObject([
    ['10.53.0.10', { means: 'dns-udp' }],
    ['10.52.0.2', { means: 'dns-udp' }],
    ['10.52.0.3', { kind: 'unknown', detail: 'the DNS Pod b is not Ready' }],
  ]);
});

it('says so where its Pods may not be listed', async () => {
  const dns = await dnsOf(unknown('denied', 'kubectl get pods', 'forbidden'));
  expect(dns).toMatchObject({
    known: true,
    value: { servers: [{ address: '10.53.0.10' }], hidden: { reason: 'denied' } },
  });
});
