import { bundleCluster } from '../bundle/read-bundle.ts';
import { recordedCluster } from '../cluster/collect/recorded/collect-recorded.ts';
import { judgeCluster } from '../cluster/judge.ts';
import type { Look, LookOptions } from './status-look.ts';

/**
 * The cluster in a bundle, judged as of the bundle's time. Nothing is remembered, and no earlier look counts. Throws a HostError, one
 * line, for what is no bundle.
 */
export async function lookIntoBundle(
  path: string,
  options: Pick<LookOptions, 'lang' | 'only' | 'deadlineSeconds'>,
): Promise<Look> {
  const started = performance.now();
  const snapshot = await recordedCluster(await bundleCluster(path), path);
  const answer = judgeCluster(snapshot, { ...options, atOnce: true });
  return { ...answer, snapshot, durationMs: Math.round(performance.now() - started) };
}
