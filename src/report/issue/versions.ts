import type { Reading } from '../../hosts/reading.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Version } from '../report.ts';

/** What runs on a node, as far as it was seen: what whoever reads an issue asks for first. */
export function versionsOf({ os, kubernetes, harvester, cni }: Snapshot): readonly Version[] {
  const first = cni.known ? cni.value.find((config) => config.known) : undefined;
  const plugins = first?.known ? [`${first.value.name}: ${first.value.plugins.join(', ')}`] : [];
  const of = <T>(what: string, reading: Reading<T>, text: (value: T) => string = String): Version[] =>
    reading.known ? [{ what, version: text(reading.value) }] : [];
  return [
    ...of('OS', os.release, ({ prettyName, id, versionId }) => prettyName || `${id} ${versionId}`.trim()),
    ...of('kernel', os.kernel),
    ...of('virtualization', os.virtualization),
    ...of('Harvester', harvester.version),
    ...of('Kubernetes', kubernetes.version),
    ...of('kube-proxy', kubernetes.proxyMode),
    ...plugins.map((version) => ({ what: 'CNI', version })),
  ];
}
