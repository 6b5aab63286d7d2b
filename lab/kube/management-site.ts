import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:https';
import { connect, createServer, type Server } from 'node:net';
import type { LabApiServer } from './api-server.ts';

/** What answers at a management address: Harvester behind its ingress, and the API server. */
export interface ManagementSite {
  /** Of 127.0.0.0/8, which needs no interface of its own. */
  readonly address: string;
  stop(): Promise<void>;
}

/** An address of the loopback network that no other test is likely to use. */
export function loopbackAddress(): string {
  return `127.${randomInt(1, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}`;
}

/** Serves ports 443 and 6443 of the address; needs root, or CAP_NET_BIND_SERVICE. Its certificate has the address' name, or another. */
export async function managementSite(server: LabApiServer, address: string, name = address): Promise<ManagementSite> {
  const issued = await server.authority.issue({ commonName: 'harvester', names: [name] });
  const tls = { cert: await readFile(issued.certificate), key: await readFile(issued.key) };
  const web = createWebServer(tls, (asked, answer) => {
    const isCluster = asked.url === '/v1/harvester/cluster/local';
    answer.writeHead(isCluster ? 200 : 302, isCluster ? {} : { location: '/dashboard/' }).end(isCluster ? '{}' : '');
  });
  const port = Number(new URL(server.url).port);
  // What the kernel does for a VIP: the API server listens on every address of its node.
  const forward = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await listen(web, 443, address);
  await listen(forward, 6443, address);
  return {
    address,
    async stop() {
      web.closeAllConnections();
      await Promise.all([web, forward].map((one) => new Promise((closed) => one.close(closed))));
    },
  };
}

async function listen(server: Server, port: number, address: string): Promise<void> {
  server.listen(port, address);
  await once(server, 'listening');
}
