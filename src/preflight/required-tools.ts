import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { Tools } from '../snapshot/tools.ts';
import { KUBEKEY_HARD, KUBEKEY_SOFT } from './kubekey.ts';

type Tool = Parameters<Tools['path']>[0];

interface Facts {
  readonly tool: Tool;
  readonly hard: boolean;
}

function judgeTool(tools: Tools, tool: Tool, hard: boolean): Judgement<Facts> {
  const path = tools.path(tool);
  const severity = hard ? 'critical' : 'warning';
  if (!path.known) return { status: 'unknown', subject: tool, severity: 'warning', unknown: path, evidence: [] };
  const evidence = [{ source: path.source, value: path.value ?? '' }];
  if (path.value !== null) return { status: 'ok', subject: tool, evidence };
  return { status: 'problem', subject: tool, severity, evidence, facts: { tool, hard } };
}

/** Programs the installer needs and does not bring, unless its package repository is used. */
export const requiredTools = defineProblem({
  id: 'required-tools',
  title: { en: 'Programs the installer needs', 'zh-CN': '安装所需的程序' },
  needs: ['tools'],
  check: ({ tools }): readonly Judgement<Facts>[] => [
    ...KUBEKEY_HARD.map((tool) => judgeTool(tools, tool, true)),
    ...KUBEKEY_SOFT.map((tool) => judgeTool(tools, tool, false)),
  ],
  explain: ({ tool, hard }) => ({
    title: { en: `${tool} is not installed`, 'zh-CN': `未安装 ${tool}` },
    cause: {
      en: hard
        ? `KubeKey requires ${tool} on every node and installs it only from its own package repository (--with-packages).`
        : `KubeKey's table leaves the ${tool} cell empty and the installation goes on all the same.`,
      'zh-CN': hard
        ? `KubeKey 要求每个节点都有 ${tool}，且只会通过自带的软件源安装（--with-packages）。`
        : `KubeKey 的检查表只是把 ${tool} 一格留空，安装照常进行。`,
    },
    impact: hard
      ? { en: 'The installation stops at its own check.', 'zh-CN': '安装会停在 KubeKey 自身的检查上。' }
      : {
          en: 'A kube-proxy run on the host cannot use IPVS without ipset, and without ipvsadm nobody sees InPkts rise while OutPkts stays 0.',
          'zh-CN':
            '缺少 ipset 时，直接运行在主机上的 kube-proxy 无法使用 IPVS；缺少 ipvsadm 时，看不到 InPkts 增长而 OutPkts 一直为 0。',
        },
  }),
  prove: ({ tool }) => `command -v ${tool}`,
  remedies: () => [],
});
