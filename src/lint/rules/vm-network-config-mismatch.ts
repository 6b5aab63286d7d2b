import { defineRule, type Verdict } from '../rule.ts';
import { type Sight, subjectOf } from '../sight.ts';
import {
  clusterNetworkMismatches,
  hostNetworkMismatches,
  vlanConfigMismatches,
} from './vm-network-config-mismatch/cluster-objects.ts';
import type { Mismatch } from './vm-network-config-mismatch/facts.ts';
import { networkMismatches } from './vm-network-config-mismatch/network.ts';
import { mismatchesTogether } from './vm-network-config-mismatch/together.ts';
import { explainMismatch } from './vm-network-config-mismatch/words.ts';

const OF_KIND = {
  ClusterNetwork: clusterNetworkMismatches,
  VlanConfig: vlanConfigMismatches,
  HostNetworkConfig: hostNetworkMismatches,
} as const;

/** Each object by itself: what is wrong with it, or that nothing is. */
function* each(sight: Sight): Generator<Verdict<Mismatch>> {
  for (const one of sight.networks) yield* orFine(one.manifest, networkMismatches(one));
  for (const [kind, judge] of Object.entries(OF_KIND)) {
    for (const manifest of sight.ofKind(kind)) yield* orFine(manifest, judge(manifest));
  }
}

function orFine(
  manifest: Parameters<typeof subjectOf>[0],
  verdicts: readonly Verdict<Mismatch>[],
): readonly Verdict<Mismatch>[] {
  if (verdicts.length > 0) return verdicts;
  return [{ file: manifest.file.name, judgement: { status: 'ok', subject: subjectOf(manifest), evidence: [] } }];
}

/** Labels, names, VLANs and addresses of Harvester's networks that do not fit together. */
export const vmNetworkConfigMismatch = defineRule<Mismatch>({
  id: 'vm-network-config-mismatch',
  title: { en: 'Networks: whether their parts fit', 'zh-CN': '网络：各部分配置是否一致' },
  *check(sight) {
    yield* each(sight);
    yield* mismatchesTogether(sight);
  },
  explain: explainMismatch,
});
