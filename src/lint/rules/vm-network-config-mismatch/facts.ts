import type { CniFault } from '../../../harvester/cni-config.ts';
import type { Evidence, Severity } from '../../../judging/finding.ts';
import { entryAt, type Manifest, type Path, placeOf } from '../../../manifests/manifest.ts';
import { evidenceAt, type Repair, type Verdict } from '../../rule.ts';
import { subjectOf } from '../../sight.ts';

/** What does not fit, as data. */
export type Mismatch =
  | {
      readonly kind: 'label';
      readonly label: 'vlan-id' | 'type' | 'clusternetwork';
      readonly says: string;
      readonly is: string;
    }
  | { readonly kind: 'bridge-name'; readonly bridge: string }
  | { readonly kind: 'plugin'; readonly type: string }
  | { readonly kind: 'provider'; readonly provider: string; readonly wanted: string }
  | { readonly kind: 'config'; readonly fault: CniFault }
  | { readonly kind: 'mtu'; readonly mtu: string }
  | { readonly kind: 'mtus-differ'; readonly mtu: number; readonly other: string; readonly otherMtu: number }
  | { readonly kind: 'same-vlan'; readonly vlan: number; readonly clusterNetwork: string; readonly other: string }
  | { readonly kind: 'cluster-network-name'; readonly name: string }
  | { readonly kind: 'interface-name'; readonly name: string }
  | { readonly kind: 'missing'; readonly field: string }
  | { readonly kind: 'wrong-value'; readonly field: string; readonly value: string; readonly wanted: string }
  | { readonly kind: 'management'; readonly what: 'VlanConfig' }
  | { readonly kind: 'controllers-own'; readonly key: string }
  | { readonly kind: 'same-nodes'; readonly clusterNetwork: string; readonly other: string }
  | { readonly kind: 'subnets-differ'; readonly cidr: string; readonly other: string }
  | { readonly kind: 'two-underlays'; readonly other: string };

interface Seen extends Pick<Evidence, 'value' | 'wanted'> {
  readonly path: Path;
  readonly severity?: Severity;
  readonly repair?: Repair | undefined;
}

/** A mismatch found where a path leads, or at the nearest key above it that there is. */
export function mismatch(manifest: Manifest, facts: Mismatch, seen: Seen): Verdict<Mismatch> {
  const { path, severity = 'warning', repair, value, wanted } = seen;
  const file = manifest.file.name;
  const evidence = [
    evidenceAt(file, nearest(manifest, path), { source: dotted(path), value, ...(wanted !== undefined && { wanted }) }),
  ];
  return {
    file,
    judgement: { status: 'problem', severity, subject: subjectOf(manifest), facts, evidence },
    ...(repair && { repair }),
  };
}

function nearest(manifest: Manifest, path: Path) {
  for (let length = path.length; length > 0; length -= 1) {
    const entry = entryAt(manifest, path.slice(0, length));
    if (entry) return placeOf(manifest, length === path.length ? (entry.node ?? entry.key) : entry.key);
  }
  return placeOf(manifest, manifest.map);
}

/** `metadata.labels["a/b"]`, `spec.uplink.nics[0]`. */
export function dotted(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[\w-]+$/.test(step)) return `["${step}"]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
