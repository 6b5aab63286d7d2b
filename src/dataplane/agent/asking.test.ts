import { expect, it } from 'vitest';
import { ask } from './asking.ts';

const ground = { mtu: 1500, name: 'kubernetes.default.svc.cluster.local', timeoutMs: 100 };

it('does not know of what this end could not send', async () => {
  // To a broadcast address without SO_BROADCAST: EACCES (udp(7), connect(2)).
  const question = { means: 'udp', size: 'small', address: '127.255.255.255', port: 9 } as const;
  expect(await ask(question, ground)).toMatchObject({
    kind: 'unknown',
    reason: 'failed',
    detail: expect.stringContaining('EACCES'),
  });
});

it('loses what the other end refuses', async () => {
  const question = { means: 'tcp', size: 'small', address: '127.0.0.1', port: 1 } as const;
  expect(await ask(question, ground)).toMatchObject({ kind: 'lost', error: expect.stringContaining('ECONNREFUSED') });
});
