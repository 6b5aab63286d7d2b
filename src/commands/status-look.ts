import { existsSync } from 'node:fs';
import { openClient } from '../cluster/client/client.ts';
import type { FoundKubeconfig } from '../cluster/client/find-kubeconfig.ts';
import { collectCluster } from '../cluster/collect/collect.ts';
import { argumentsNamed } from '../cluster/collect/own-machine/apiserver-arguments.ts';
import { openWire } from '../cluster/collect/wire.ts';
import { type ClusterAnswer, judgeCluster } from '../cluster/judge.ts';
import type { ClusterSnapshot } from '../cluster/model.ts';
import type { Lang } from '../lang.ts';
import { kubeconfigFor, unusable } from './found-kubeconfig.ts';
import { memoryKeeper } from './status-memory.ts';
import { UsageError } from './usage.ts';

export interface LookOptions {
  readonly lang: Lang;
  readonly kubeconfig?: string;
  readonly only?: readonly string[];
  readonly deadlineSeconds?: number;
  /** Nobody waits for it to stay as it is. */
  readonly atOnce?: boolean;
  /** Files with kube-apiserver's arguments, instead of this machine's own. */
  readonly argumentFiles?: readonly string[];
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
 * Finds the kubeconfig, and recalls what earlier runs saw. Every look opens it anew, for the kubelet's certificate is replaced
 * while one watches. Throws UsageError, one line, where no kubeconfig can be used.
 */
export async function lookerFor(options: LookOptions): Promise<Looker> {
  const first = await kubeconfigFor(options);
  await assertReadable(options.argumentFiles ?? []);
  const keeper = memoryKeeper(stateEnvironment(options.environment), first.value.access);
  let memory = keeper.recall();
  const wire = openWire();
  const { argumentFiles } = options;
  return {
    found: first.value,
    path: first.source,
    async look(signal) {
      const started = performance.now();
      const { value: found, source: path } = await kubeconfigFor(options);
      const client = await openClient(found.access);
      if (!client.known) throw unusable(client);
      try {
        const snapshot = await collectCluster(client.value, {
          found,
          path,
          signal,
          wire,
          ...(argumentFiles && { argumentFiles }),
        });
        const answer = judgeCluster(snapshot, options, memory);
        // What was given up in the middle is nothing to remember.
        if (!signal.aborted) {
          memory = answer.memory;
          keeper.keep(memory);
        }
        return { ...answer, snapshot, durationMs: Math.round(performance.now() - started) };
      } finally {
        client.value.close();
      }
    },
  };
}

/** A file that is named and cannot be read is wrong usage; what stands in it is a finding. */
async function assertReadable(files: readonly string[]): Promise<void> {
  const read = await argumentsNamed(files);
  if (!read.known) throw new UsageError(`--apiserver-arguments ${read.detail}`);
}

function stateEnvironment(environment: LookOptions['environment']) {
  const harvester = existsSync('/etc/harvester-release.yaml');
  return { environment, root: process.geteuid?.() === 0, harvester };
}
