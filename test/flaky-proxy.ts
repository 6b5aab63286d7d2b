import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ProxyOptions {
  /** Connections from the first on that are closed at once. */
  readonly refuse?: number;
  /** Connections from the first on that are cut after so many bytes have come back. */
  readonly cut?: { readonly connections: number; readonly afterBytes: number };
  /** Take connections and never say a word. */
  readonly mute?: boolean;
}

export interface FlakyProxy {
  readonly port: number;
  /** Connections seen so far. */
  seen(): number;
  /** Resolves when every connection has been closed by the other side or by the proxy. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** A TCP proxy on the loopback that loses connections as it is told to. */
export async function startFlakyProxy(target: number, options: ProxyOptions = {}): Promise<FlakyProxy> {
  const open = new Set<Socket>();
  let seen = 0;
  const server = createServer((client) => {
    const nth = seen;
    seen += 1;
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => undefined);
    if (nth < (options.refuse ?? 0)) client.destroy();
    else if (!options.mute)
      forward(client, target, nth < (options.cut?.connections ?? 0) ? options.cut?.afterBytes : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => seen,
    async idle() {
      await Promise.all([...open].map((socket) => once(socket.resume(), 'close')));
    },
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function forward(client: Socket, target: number, afterBytes = Infinity): void {
  const upstream = connect(target, '127.0.0.1');
  let carried = 0;
  upstream.on('error', () => client.destroy());
  upstream.on('close', () => client.destroy());
  client.on('close', () => upstream.destroy());
  client.pipe(upstream);
  upstream.on('data', (chunk: Buffer) => {
    carried += chunk.length;
    if (carried > afterBytes) client.destroy();
    else client.write(chunk);
  });
}
