import { type GateList, gateLists } from '../../feature-gates/gate-lists.ts';
import { type GateFault, judgeGates } from '../../feature-gates/gates.ts';
import { whyFault } from '../../feature-gates/words.ts';
import type { Evidence } from '../../judging/finding.ts';
import { placeInside } from '../../manifests/manifest.ts';
import { defineRule, evidenceAt, type LintOptions, type Verdict } from '../rule.ts';

const SOURCE = 'kube-apiserver --feature-gates';

function* judge(
  list: GateList,
  beside: readonly string[],
  told: LintOptions['kubernetes'],
): Generator<Verdict<GateFault>> {
  const { value } = list;
  const file = list.manifest.file.name;
  const { faults, unlisted } = judgeGates(value, told?.join('.') ?? list.version, beside);
  const open = unlisted.filter(({ decides }) => decides);
  for (const fault of faults) {
    const evidence = [seenAt(list, fault.at)];
    yield { file, judgement: { status: 'problem', severity: 'critical', subject: fault.gate, facts: fault, evidence } };
  }
  for (const { gate, at } of open) {
    const detail = `${gate}=false: from Kubernetes 1.34 on, and before 1.31, kube-apiserver does not start with it; in 1.31 to 1.33 it does. Tell the release by --kubernetes-version`;
    const unknown = { known: false, reason: 'not-collected', detail, source: file } as const;
    const evidence = [seenAt(list, at)];
    yield { file, judgement: { status: 'unknown', severity: 'warning', subject: gate, unknown, evidence } };
  }
  if (faults.length + open.length > 0) return;
  yield { file, judgement: { status: 'ok', subject: '', evidence: [{ source: SOURCE, value }] } };
}

/** One setting of the list, where it stands. */
function seenAt({ manifest, node, value, at }: GateList, within: number): Evidence {
  const text = value.slice(within).split(',')[0]?.trim() ?? '';
  return evidenceAt(manifest.file.name, placeInside(manifest, node, at + within), { source: SOURCE, value: text });
}

/** Feature gates with which kube-apiserver ends before it has begun. */
export const apiserverArgumentInvalid = defineRule<GateFault>({
  id: 'apiserver-argument-invalid',
  title: { en: "kube-apiserver's feature gates", 'zh-CN': 'kube-apiserver 的 feature gate' },
  *check({ manifests }, { kubernetes }) {
    for (const manifest of manifests) {
      const lists = [...gateLists([manifest])];
      for (const list of lists) {
        const beside = lists.filter((other) => other !== list).map(({ value }) => value);
        yield* judge(list, beside, kubernetes);
      }
    }
  },
  explain: (fault) => ({
    title: {
      en: 'kube-apiserver will not start with this feature gate',
      'zh-CN': '设置此 feature gate 后 kube-apiserver 无法启动',
    },
    cause: whyFault(fault),
    impact: {
      en: 'Without kube-apiserver nothing in the cluster can be changed any more, this argument included, but on the node itself.',
      'zh-CN': '没有 kube-apiserver，整个集群都无法变更；只能到节点上改回这个参数。',
    },
  }),
});
