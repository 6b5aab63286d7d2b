import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { Swap } from '../snapshot/swap.ts';

interface Facts {
  /** `boot`: off now, and back with the next boot. */
  readonly when: 'now' | 'boot';
  readonly areas: readonly string[];
}

/**
 * Swap, with which a kubelet does not start unless it is configured for it (its failSwapOn; kubeadm's SwapCheck warns
 * since 1.28 and stopped before).
 */
export function swapOff({ inUse, atBoot }: Swap) {
  return defineProblem({
    id: 'swap-on',
    title: { en: 'Swap', 'zh-CN': '交换空间' },
    needs: [],
    check(): readonly Judgement<Facts>[] {
      const subject = '';
      if (!inUse.known) return [{ status: 'unknown', subject, severity: 'warning', unknown: inUse, evidence: [] }];
      if (inUse.value.length > 0) {
        const evidence = [{ source: inUse.source, value: inUse.value.join(', '), wanted: '' }];
        const facts: Facts = { when: 'now', areas: inUse.value };
        return [{ status: 'problem', subject, severity: 'critical', evidence, facts }];
      }
      if (!atBoot.known) return [{ status: 'unknown', subject, severity: 'info', unknown: atBoot, evidence: [] }];
      const evidence = [{ source: atBoot.source, value: atBoot.value.join(', '), wanted: '' }];
      if (atBoot.value.length === 0) return [{ status: 'ok', subject, evidence }];
      const facts: Facts = { when: 'boot', areas: atBoot.value };
      return [{ status: 'problem', subject, severity: 'warning', evidence, facts }];
    },
    explain: ({ when, areas }) => ({
      title:
        when === 'now'
          ? { en: 'Swap is in use', 'zh-CN': '正在使用交换空间' }
          : { en: 'Swap comes back with the next boot', 'zh-CN': '下次启动后交换空间会重新启用' },
      cause:
        when === 'now'
          ? {
              en: `${areas.join(', ')}: the kubelet does not start while swap is on, unless failSwapOn is false in its configuration.`,
              'zh-CN': `${areas.join('、')}：启用交换空间时 kubelet 不会启动，除非其配置中 failSwapOn 为 false。`,
            }
          : {
              en: `swapoff holds until the next boot; /etc/fstab turns ${areas.join(', ')} on again.`,
              'zh-CN': `swapoff 只在重启前有效；/etc/fstab 会再次启用 ${areas.join('、')}。`,
            },
      impact: {
        en: 'kubeadm waits for a kubelet that does not come up; after a reboot the node stays NotReady, and its Pods have no network.',
        'zh-CN': 'kubeadm 会一直等待起不来的 kubelet；若在重启后发生，节点保持 NotReady，其上的 Pod 没有网络。',
      },
    }),
    prove: () => 'swapon --show; grep -w swap /etc/fstab',
    remedies: () => [],
  });
}
