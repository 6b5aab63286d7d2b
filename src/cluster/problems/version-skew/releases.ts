import { minorOf } from '../../versions.ts';

/** Harvester minor → Kubernetes minor it brings (harvester-installer scripts/version-rke2, by release branch). */
const RELEASES: Readonly<Record<number, number>> = { 4: 31, 5: 32, 6: 33, 7: 34, 8: 35 };

/** The Kubernetes minor that comes with a Harvester release such as `v1.5.0`; undefined where it is not known. */
export function releaseOf(harvester: string): number | undefined {
  const minor = minorOf(harvester);
  return minor === undefined ? undefined : RELEASES[minor];
}
