import type { Server } from 'node:http';
import { listening, type Route, serverOf } from '../http-server.ts';
import type { ListenAddress } from './listen-address.ts';
import { UsageError } from './usage.ts';

/** A controller's HTTP server, which listens. Throws a UsageError where it cannot: the port is taken, or not allowed. */
export async function answering(where: ListenAddress, routes: readonly Route[]): Promise<Server> {
  const server = serverOf(routes);
  try {
    await listening(server, where);
  } catch (error) {
    throw new UsageError(`--listen: ${error instanceof Error ? error.message : String(error)}`);
  }
  return server;
}
