import { localHost } from '../hosts/local.ts';
import { bootIdOf } from '../remedies/interrupted.ts';
import { watchTrial } from '../remedies/trial/trial-run.ts';
import { putUpSign, takeDownSign } from '../remedies/trial/watcher.ts';
import { actingHost } from './acting-host.ts';
import { keptBy } from './guard-keeps.ts';

/**
 * The watcher over one run on trial: a process of its own, started before the run's first change. All that it may need is loaded
 * before it says that it watches, so that replacing the program on the disk meanwhile takes nothing from it: what taking back
 * calls is imported statically (an import() is looked up on the disk again for each module that makes it).
 */
export async function runWatch(run: string): Promise<void> {
  const end = new AbortController();
  process.on('SIGTERM', () => end.abort());
  for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => undefined);
  const { directory } = await actingHost({});
  const host = localHost();
  await loadLibc();
  const bootId = await bootIdOf(host);
  putUpSign(directory, run);
  try {
    await watchTrial({ host, directory, bootId, keptBy, signal: end.signal }, run);
  } finally {
    takeDownSign(directory, run);
  }
}

/** Where it does not load, a lease that needs it says so itself. */
async function loadLibc(): Promise<void> {
  const { libc } = await import('../hosts/libc.ts');
  await libc().catch(() => undefined);
}
