import { openClient } from '../cluster/client/client.ts';
import type { FoundKubeconfig } from '../cluster/client/find-kubeconfig.ts';
import { collectCluster } from '../cluster/collect/collect.ts';
import { type ClusterAnswer, judgeCluster } from '../cluster/judge.ts';
import { NO_MEMORY } from '../cluster/memory.ts';
import type { ClusterSnapshot } from '../cluster/model.ts';
import type { Lang } from '../lang.ts';
import { kubeconfigFor, unusable } from './found-kubeconfig.ts';

export interface LookOptions {
  readonly lang: Lang;
  readonly kubeconfig?: string;
  readonly only?: readonly string[];
  readonly deadlineSeconds?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A look at the cluster, judged in the light of those before. */
export interface Look extends ClusterAnswer {
  readonly snapshot: ClusterSnapshot;
  readonly durationMs: number;
}

export interface Looker {
  readonly found: FoundKubeconfig;
  /** Where the kubeconfig was found. */
  readonly path: string;
  look(signal: AbortSignal): Promise<Look>;
}

/**
 * Finds the kubeconfig. Every look opens it anew, for the kubelet's certificate is replaced while one watches. Throws UsageError, one
 * line, where no kubeconfig can be used.
 */
export async function lookerFor(options: LookOptions): Promise<Looker> {
  const first = await kubeconfigFor(options);
  let memory = NO_MEMORY;
  return {
    found: first.value,
    path: first.source,
    async look(signal) {
      const started = performance.now();
      const { value: found, source: path } = await kubeconfigFor(options);
      const client = await openClient(found.access);
      if (!client.known) throw unusable(client);
      try {
        const snapshot = await collectCluster(client.value, { found, path, signal });
        const answer = judgeCluster(snapshot, options, memory);
        // What was given up in the middle is nothing to remember.
        if (!signal.aborted) memory = answer.memory;
        return { ...answer, snapshot, durationMs: Math.round(performance.now() - started) };
      } finally {
        client.value.close();
      }
    },
  };
}
