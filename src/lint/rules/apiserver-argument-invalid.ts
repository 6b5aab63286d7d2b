import type { Judgement } from '../../judging/finding.ts';
import type { Bilingual } from '../../lang.ts';
import { placeInside } from '../../manifests/manifest.ts';
import { defineRule, evidenceAt, type Verdict } from '../rule.ts';
import { type GateList, gateLists } from './apiserver-argument-invalid/arguments.ts';
import {
  type GateFault,
  judgeGate,
  type Release,
  type Setting,
  settingsIn,
} from './apiserver-argument-invalid/gates.ts';

const SOURCE = 'kube-apiserver --feature-gates';

function* judge(list: GateList, told: Release | undefined): Generator<Verdict<GateFault>> {
  const { manifest, value } = list;
  const file = manifest.file.name;
  const all = settingsIn(value);
  let fine = true;
  for (const setting of all) {
    const judgement = judgementOf(list, setting, judgeGate(setting, all, told ?? list.release));
    if (!judgement) continue;
    fine = false;
    yield { file, judgement };
  }
  if (fine) yield { file, judgement: { status: 'ok', subject: '', evidence: [{ source: SOURCE, value }] } };
}

function judgementOf(
  { manifest, node, at }: GateList,
  { text, at: within }: Setting,
  verdict: ReturnType<typeof judgeGate>,
): Judgement<GateFault> | undefined {
  if (verdict.kind === 'fine') return undefined;
  const file = manifest.file.name;
  const subject = text.split('=')[0]?.trim() ?? '';
  const evidence = [evidenceAt(file, placeInside(manifest, node, at + within), { source: SOURCE, value: text })];
  if (verdict.kind === 'fault') {
    return { status: 'problem', severity: 'critical', subject, facts: verdict.fault, evidence };
  }
  const detail = `${verdict.gate}=false: from Kubernetes 1.34 on, and before 1.31, kube-apiserver does not start with it; in 1.31 to 1.33 it does. Tell the release by --kubernetes-version`;
  const unknown = { known: false, reason: 'not-collected', detail, source: file } as const;
  return { status: 'unknown', severity: 'warning', subject, unknown, evidence };
}

const CAUSES: { readonly [K in GateFault['kind']]: (fault: Extract<GateFault, { kind: K }>) => Bilingual } = {
  'never-existed': ({ gate }) => ({
    en: `${gate}, which articles name, never existed; the real gates are AuthorizeWithSelectors and AuthorizeNodeWithSelectors. A gate that is not known stops the start.`,
    'zh-CN': `文章里常见的 ${gate} 从未存在；真正的是 AuthorizeWithSelectors 和 AuthorizeNodeWithSelectors。不认识的 gate 会导致无法启动。`,
  }),
  'not-yet': ({ gate, from }) => ({
    en: `${gate} came with Kubernetes ${from}; an earlier kube-apiserver does not know it.`,
    'zh-CN': `${gate} 自 Kubernetes ${from} 才有；更早的 kube-apiserver 不认识它。`,
  }),
  locked: ({ gate, from }) => ({
    en: `${gate} is locked on since Kubernetes ${from}: setting it to false stops the start.`,
    'zh-CN': `${gate} 自 Kubernetes ${from} 起锁定为开启：设为 false 会导致无法启动。`,
  }),
  needs: ({ gate, other }) => ({
    en: `${gate} is off while ${other}, which needs it, is on by default: kube-apiserver refuses the pair. Switch both off, or neither.`,
    'zh-CN': `${gate} 被关闭，而依赖它的 ${other} 默认开启：kube-apiserver 会拒绝。要么都关，要么都不关。`,
  }),
  'not-a-setting': ({ text }) => ({
    en: `${JSON.stringify(text)} is no Name=true or Name=false.`,
    'zh-CN': `${JSON.stringify(text)} 不是 Name=true 或 Name=false。`,
  }),
};

/** Feature gates with which kube-apiserver ends before it has begun. */
export const apiserverArgumentInvalid = defineRule<GateFault>({
  id: 'apiserver-argument-invalid',
  title: { en: "kube-apiserver's feature gates", 'zh-CN': 'kube-apiserver 的 feature gate' },
  *check(sight, { kubernetes }) {
    for (const list of gateLists(sight)) yield* judge(list, kubernetes);
  },
  explain: (fault) => ({
    title: {
      en: 'kube-apiserver will not start with this feature gate',
      'zh-CN': '设置此 feature gate 后 kube-apiserver 无法启动',
    },
    cause: (CAUSES[fault.kind] as (one: GateFault) => Bilingual)(fault),
    impact: {
      en: 'Without kube-apiserver nothing in the cluster can be changed any more, this argument included, but on the node itself.',
      'zh-CN': '没有 kube-apiserver，整个集群都无法变更；只能到节点上改回这个参数。',
    },
  }),
});
