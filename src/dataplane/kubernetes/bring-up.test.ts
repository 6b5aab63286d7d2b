import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { KubeBody, NotWritten } from '../../cluster/client/write.ts';
import { HAYWARD } from '../agent/dialects.ts';
import { apiServer } from '../testing/api-server.ts';
import { bringUp, standingNow } from './bring-up.ts';
import { lookEveryMs } from './pods.ts';

const NODES = ['node-1', 'node-2'];

async function broughtUp(refuses?: (body: KubeBody) => NotWritten | undefined) {
  const addresses = new Map<string, string>();
  const { client, ...seen } = apiServer({
    ...(refuses && { refuses }),
    says: () => '0\n',
    nodes: NODES,
    addressOf: (node) => addresses.get(node),
  });
  const up = {
    client,
    run: {
      namespace: 'hayward-dataplane-00',
      image: 'hayward:1',
      dialect: HAYWARD,
      nodes: NODES,
      lifetimeSeconds: 900,
      hostNetwork: true,
    },
    nodes: NODES.map((name) => ({ name, address: '10.0.0.1', ready: true, images: [] })),
    expires: new Date(0),
    patienceMs: 1000,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  };
  return { ...seen, up, addresses, standing: await bringUp(up) };
}

const denied = (detail: string): NotWritten => ({ kind: 'denied', detail });

it('looks at the nodes before it adds other Pods, by a shell’s own means: an image may have no other program', async () => {
  const { standing, made, executed } = await broughtUp();
  expect(standing.forwarding).toEqual(new Map(NODES.map((name) => [name, '0'])));
  expect(made.flatMap(({ kind, metadata }) => (kind === 'DaemonSet' ? [metadata['name']] : []))[0]).toBe('witness');
  expect(executed.map(([program]) => program)).toEqual(['sh', 'sh']);
  const [file = '', ...argv] = executed[0] ?? [];
  expect(execFileSync(file, argv, { encoding: 'utf8', env: { PATH: '/bin' } })).toMatch(/^[01]\n$/);
});

it('goes on without a look, where Pods on the nodes’ own network are refused', async () => {
  const { standing } = await broughtUp(({ metadata }) =>
    metadata['name'] === 'witness' ? denied('no hostNetwork here') : undefined,
  );
  expect(standing.forwarding).toEqual(new Map());
  expect([...standing.agents.keys()]).toEqual(NODES);
});

it('goes on without a look, where a namespace that would allow them is refused', async () => {
  const { standing, made } = await broughtUp(({ kind, metadata }) =>
    kind === 'Namespace' && JSON.stringify(metadata).includes('privileged') ? denied('no such namespace') : undefined,
  );
  expect(made.map(({ metadata }) => metadata['name'])).not.toContain('witness');
  expect(standing.forwarding).toEqual(new Map());
  expect([...standing.agents.keys()]).toEqual(NODES);
});

it('ends where what it cannot do without is refused', async () => {
  await expect(broughtUp(({ kind }) => (kind === 'Namespace' ? denied('forbidden') : undefined))).rejects.toThrow(
    'Namespace hayward-dataplane-00 cannot be made: forbidden',
  );
});

it('finds the Pods of a rebooted node at their new addresses, and puts them behind its Service', async () => {
  const { up, addresses, standing, merged } = await broughtUp();
  expect(await standingNow(up, standing)).toEqual(standing);
  expect(merged).toEqual([]);
  addresses.set('node-2', '10.52.2.9');
  const after = await standingNow(up, standing);
  expect(after.nodes.map(({ echo }) => echo)).toEqual(['10.52.1.2', '10.52.2.9']);
  expect(merged).toMatchObject([
    { path: expect.stringMatching(/\/endpointslices\/echo-1$/), patch: { endpoints: [{ addresses: ['10.52.2.9'] }] } },
  ]);
  // kube-proxy needs its time anew.
  expect(after.since).toBeGreaterThan(standing.since);
  await standingNow(up, after);
  expect(merged).toHaveLength(1);
});

it('looks for its Pods often where they are few, and seldom where a list of them is long', () => {
  expect(lookEveryMs(6)).toBe(250);
  expect(lookEveryMs(200)).toBe(2000);
});
