import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';

test('a port that is taken is passed over', async () => {
  const [taken, free] = [await freePort(), await freePort()];
  const server = createServer().listen(taken, '127.0.0.1');
  await once(server, 'listening');
  const choices = [taken, taken, free];
  expect(await freePort(() => choices.shift() ?? 0)).toBe(free);
  server.close();
});
