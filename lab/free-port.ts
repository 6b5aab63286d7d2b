import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A TCP port of 127.0.0.1 that nothing listens on now. Below those the kernel gives to outgoing connections (ip_local_port_range,
 * from 32768): a server that is down for a while would find its port taken by one of them.
 */
export async function freePort(choose = (): number => randomInt(12_000, 30_000)): Promise<number> {
  for (;;) {
    const port = choose();
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? false : Promise.reject(error)),
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
