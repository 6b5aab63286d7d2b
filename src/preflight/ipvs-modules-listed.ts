import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import { KUBEKEY_IPVS_FILE } from './kubekey.ts';

/**
 * An earlier KubeKey 3.x left its list of IPVS modules with nf_conntrack alone (kubekey#2809), so that they are not
 * loaded at boot. Found by the file, not by a version.
 */
export const ipvsModulesListed = defineProblem({
  id: 'modules-load-shadowed',
  title: { en: 'IPVS modules at boot', 'zh-CN': '启动时加载的 IPVS 模块' },
  needs: ['moduleFiles'],
  check({ moduleFiles: { load } }): readonly Judgement<string>[] {
    const subject = KUBEKEY_IPVS_FILE;
    if (!load.known) return [{ status: 'unknown', subject, severity: 'info', unknown: load, evidence: [] }];
    const file = load.value.find(({ path }) => path === KUBEKEY_IPVS_FILE);
    if (!file) return [{ status: 'not-applicable', subject, evidence: [], why: 'KubeKey was never run here' }];
    if (!file.text.known) return [{ status: 'unknown', subject, severity: 'info', unknown: file.text, evidence: [] }];
    const evidence = [{ source: file.path, value: file.text.value.trim(), wanted: 'ip_vs', file: file.path, line: 1 }];
    if (/^\s*ip_vs\s*$/m.test(file.text.value)) return [{ status: 'ok', subject, evidence }];
    return [{ status: 'problem', subject, severity: 'warning', evidence, facts: file.text.value.trim() }];
  },
  explain: () => ({
    title: {
      en: 'The list of IPVS modules was overwritten',
      'zh-CN': 'IPVS 模块列表被覆盖',
    },
    cause: {
      en: 'KubeKey 3.x writes nf_conntrack over the IPVS modules it has just listed (kubekey#2809; 4.x appends). An installation with 3.x will do it again.',
      'zh-CN':
        'KubeKey 3.x 刚写入 IPVS 模块列表，就用 nf_conntrack 将其覆盖（kubekey#2809；4.x 改为追加）。再次用 3.x 安装仍会如此。',
    },
    impact: {
      en: 'After a reboot IPVS is there only if kube-proxy can load it from its container: NodePort and Services may stay dead.',
      'zh-CN': '重启后只有在 kube-proxy 能从容器内加载模块时才有 IPVS：NodePort 和 Service 可能一直不通。',
    },
  }),
  prove: () => `cat ${KUBEKEY_IPVS_FILE}`,
  remedies: () => [],
});
