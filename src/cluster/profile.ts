import type { ProfileName } from '../profiles/profile.ts';
import type { ClusterSnapshot } from './model.ts';

export interface ClusterProfile {
  readonly profile: ProfileName;
  /** What it was found from. */
  readonly evidence: readonly string[];
}

/** Which distribution a cluster is: by Harvester's own objects, else by Canal as RKE2 runs it. */
export function clusterProfileOf(snapshot: ClusterSnapshot): ClusterProfile {
  const { services, parts, harvesterVersion } = snapshot;
  if (harvesterVersion.known) return { profile: 'harvester', evidence: [`Harvester ${harvesterVersion.value}`] };
  const harvester = services.known && services.value.find(({ namespace }) => namespace === 'harvester-system');
  if (harvester) return { profile: 'harvester', evidence: [`Service harvester-system/${harvester.name}`] };
  const canal = parts.known && parts.value.find(({ name }) => name === 'rke2-canal');
  if (canal) return { profile: 'rke2-canal', evidence: [`DaemonSet kube-system/${canal.name}`] };
  return { profile: 'generic', evidence: [] };
}
