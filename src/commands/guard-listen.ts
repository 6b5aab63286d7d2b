import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import type { GuardDirectories } from '../guard/directories.ts';
import { listening, type Route, serverOf } from '../http-server.ts';
import type { RawGuardOptions } from './guard-options.ts';
import type { ListenAddress } from './listen-address.ts';
import { UsageError } from './usage.ts';

const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 9470 };

/** Where the guard is asked. */
export interface Listening {
  /** From now on there is something to answer. */
  answer(open: readonly Route[], control: readonly Route[]): void;
  close(): void;
}

/**
 * Listens before anything is guarded, so that an address that cannot be had is wrong usage and nothing else. What was not
 * asked for by name is done without: guarding matters more than being asked, and the default port may belong to another
 * guard in another network namespace. Throws UsageError.
 */
export async function listen(
  { listen: asked, tokenFile }: Pick<RawGuardOptions, 'listen' | 'tokenFile'>,
  { socket }: GuardDirectories,
  complain: (why: string) => void,
): Promise<Listening> {
  const openRoutes: Route[] = [];
  const controlRoutes: Route[] = [];
  const servers: Server[] = [];

  async function onAddress(): Promise<void> {
    const where = asked === undefined ? DEFAULT_LISTEN : asked;
    if (where === 'off') return;
    const server = serverOf(openRoutes, tokenFile === undefined ? undefined : tokenIn(tokenFile));
    try {
      await listening(server, where);
      servers.push(server);
    } catch (error) {
      if (asked !== undefined) throw new UsageError(`--listen: ${(error as Error).message}`);
      complain(`${where.host}:${where.port} cannot be listened on: ${(error as Error).message}`);
    }
  }

  async function onSocket(): Promise<void> {
    const server = serverOf(controlRoutes);
    const umask = process.umask(0o077);
    try {
      // The lock is ours: a socket that is there is what a guard that was killed left.
      removeSocket(socket);
      await listening(server, { path: socket });
      servers.push(server);
    } catch (error) {
      complain(`guard status, pause and release will not find this guard: ${(error as Error).message}`);
    } finally {
      process.umask(umask);
    }
  }

  await onAddress();
  await onSocket();
  return {
    answer(open, control) {
      openRoutes.push(...open);
      controlRoutes.push(...open, ...control);
    },
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      removeSocket(socket);
    },
  };
}

export function tokenIn(path: string): string {
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (token !== '') return token;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`--token-file ${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`);
  }
  throw new UsageError(`--token-file ${path}: it is empty`);
}

function removeSocket(path: string): void {
  if (existsSync(path)) unlinkSync(path);
}
