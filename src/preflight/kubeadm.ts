import type { Tool, ToolNeed } from './required-tools.ts';

/** What kubeadm's InPathCheck calls mandatory (cmd/kubeadm/app/preflight/checks_linux.go). */
export const KUBEADM_HARD: readonly Tool[] = ['ip', 'iptables', 'mount', 'nsenter'];

/** What it warns of and goes on without. */
export const KUBEADM_SOFT: readonly Tool[] = ['ebtables', 'ethtool', 'socat', 'tc'];

/** The programs kubeadm looks for; conntrack is asked for by releases before 1.32 alone (kubernetes#126952). */
export const KUBEADM_TOOLS: readonly ToolNeed[] = [
  ...KUBEADM_HARD.map(
    (tool): ToolNeed => ({
      tool,
      severity: 'critical',
      cause: {
        en: `kubeadm requires ${tool} on the search path (FileExisting-${tool}); its own package does not bring it everywhere.`,
        'zh-CN': `kubeadm 要求搜索路径中有 ${tool}（FileExisting-${tool}），其软件包并不总会带上它。`,
      },
      impact: { en: 'The installation stops at its own check.', 'zh-CN': '安装会停在 kubeadm 自身的检查上。' },
    }),
  ),
  {
    tool: 'conntrack',
    severity: 'warning',
    cause: {
      en: 'kubeadm before 1.32 requires conntrack (FileExisting-conntrack); later releases do without it.',
      'zh-CN': '1.32 之前的 kubeadm 要求有 conntrack（FileExisting-conntrack），之后的版本不再需要。',
    },
    impact: {
      en: 'An older kubeadm stops; an older kube-proxy cannot clear the entries of a Pod that is gone, and UDP goes astray.',
      'zh-CN': '较旧的 kubeadm 会中止；较旧的 kube-proxy 无法清除已消失 Pod 的连接条目，UDP 会发往错误的地址。',
    },
  },
  ...KUBEADM_SOFT.map(
    (tool): ToolNeed => ({
      tool,
      severity: 'info',
      cause: {
        en: `kubeadm warns that ${tool} is not on the search path, and goes on.`,
        'zh-CN': `kubeadm 会提示搜索路径中没有 ${tool}，然后继续安装。`,
      },
      impact: {
        en: 'Nothing stops; looking into the network later is harder without it.',
        'zh-CN': '不会中止；只是以后排查网络时会不便。',
      },
    }),
  ),
];
