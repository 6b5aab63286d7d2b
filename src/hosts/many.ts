import type { Ask } from './ask.ts';
import type { Capture } from './capture.ts';
import type { CollectOptions, Host } from './host.ts';
import { pooled } from './pool.ts';

export interface ManyOptions extends CollectOptions {
  /** Hosts asked at once. */
  readonly bound: number;
  readonly onProgress?: (done: number, total: number, name: string, outcome: 'answered' | 'unreachable') => void;
}

/**
 * Below the 10 connections that are still logging in beyond which an sshd with Debian's and OpenSSH's own
 * `MaxStartups 10:30:100` drops some: all hosts may be behind one jump host.
 */
export const DEFAULT_BOUND = 8;

/** Asks many hosts, a bounded number at once, each with its own time limit from when its turn comes; in the hosts' order. */
export async function collectMany(
  hosts: readonly Host[],
  asks: readonly Ask[],
  options: ManyOptions,
): Promise<Capture[]> {
  const { bound, onProgress, ...limits } = options;
  let done = 0;
  return pooled(hosts, Math.max(1, bound), async (host) => {
    const capture = await host.collect(asks, limits);
    done += 1;
    onProgress?.(done, hosts.length, host.name, capture.unreachable ? 'unreachable' : 'answered');
    return capture;
  });
}
