import type { ReportTrouble } from '../../fleet/speaker.ts';
import type { Bilingual } from '../../lang.ts';

/** Why the cluster does not hear of this node, and what to do about it; what comes from elsewhere is not made harmless here. */
export function reportTroubleWords(node: string, { kind, detail }: ReportTrouble): Bilingual {
  const { en, 'zh-CN': zh } = WORDS[kind];
  return {
    en: `the cluster does not hear of the node ${node}: ${detail}${en && `; ${en}`}`,
    'zh-CN': `集群收不到节点 ${node} 的报告：${detail}${zh && `；${zh}`}`,
  };
}

const WORDS: Readonly<Record<ReportTrouble['kind'], Bilingual>> = {
  credentials: {
    en: 'name a kubeconfig with --kubeconfig',
    'zh-CN': '请用 --kubeconfig 指定 kubeconfig',
  },
  denied: {
    en: 'kubectl apply -f deploy/guard/rbac.yaml, and use its service account (docs/guard.md)',
    'zh-CN': '请执行 kubectl apply -f deploy/guard/rbac.yaml，并使用其中的服务账号（见 docs/guard.zh-CN.md）',
  },
  'no-node': {
    en: 'name its Node with --node',
    'zh-CN': '请用 --node 指定对应的 Node 名称',
  },
  'no-kind': {
    en: 'kubectl apply -f deploy/controller/crds.yaml',
    'zh-CN': '请执行 kubectl apply -f deploy/controller/crds.yaml',
  },
  'no-namespace': {
    en: 'kubectl apply -f deploy/guard/rbac.yaml',
    'zh-CN': '请执行 kubectl apply -f deploy/guard/rbac.yaml',
  },
  failed: { en: '', 'zh-CN': '' },
};
