/** `v1.34.2+rke2r1` gives 34; undefined where it is no version of Kubernetes', RKE2's or Harvester's first major. */
export function minorOf(version: string | undefined): number | undefined {
  const minor = /^v?1\.(\d+)\b/.exec(version ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** The oldest and newest minor of some versions; 0 where none can be read. */
export function minors(versions: readonly string[]): readonly [number, number] {
  const read = versions.flatMap((version) => minorOf(version) ?? []);
  return read.length > 0 ? [Math.min(...read), Math.max(...read)] : [0, 0];
}
