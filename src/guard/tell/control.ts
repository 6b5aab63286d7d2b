import { request } from 'node:http';
import { reasonFor } from '../../hosts/system-errors.ts';

/** What became of asking the guard that runs here. */
export type Asked =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  /** No guard listens there. */
  | { readonly kind: 'nobody' }
  /** Whether one does may not be seen. */
  | { readonly kind: 'denied'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/** The longest pause: a guard that was forgotten must come back by itself. */
export const LONGEST_PAUSE_MS = 24 * 3_600_000;

const PATIENCE_MS = 3_000;

/**
 * Asks the guard of this user's own; where there is none, and root's may be running, whether that can be seen. Never
 * rejects.
 */
export async function askGuardHere(
  { socket, system }: { readonly socket: string; readonly system: string | undefined },
  method: 'GET' | 'POST',
  path: string,
): Promise<Asked> {
  const own = await askGuard(socket, method, path);
  return own.kind === 'nobody' && system !== undefined ? askGuard(system, method, path) : own;
}

/** Asks the running guard through its socket, for which one needs the right to open it. Never rejects. */
export function askGuard(socket: string, method: 'GET' | 'POST', path: string): Promise<Asked> {
  return new Promise((resolve) => {
    // One kept for the next question may have been closed by the guard meanwhile.
    const ownConnection = { agent: false } as const;
    const asking = request({ socketPath: socket, method, path, timeout: PATIENCE_MS, ...ownConnection }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ kind: 'answered', status: response.statusCode ?? 0, body }));
      response.on('error', (error) => resolve({ kind: 'failed', why: error.message }));
    });
    asking.on('timeout', () => asking.destroy(new Error(`${socket}: no answer within ${PATIENCE_MS / 1000} s`)));
    asking.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve({ kind: 'nobody' });
      else {
        const denied = reasonFor(error.code ?? '') === 'denied';
        resolve({ kind: denied ? 'denied' : 'failed', why: error.message });
      }
    });
    asking.end();
  });
}
