import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import { bootAfterInstall } from './boot-after-install.ts';
import { FORWARDING_KEYS } from './forwarding-kept.ts';

const SUBJECT = 'net.ipv4.ip_forward';

/**
 * RKE2 and k3s write 1 at every start, after systemd-sysctl (k3s pkg/agent/syssetup). A file that says 0 takes it back
 * whenever the files are applied again.
 */
export const forwardingReapplied = defineProblem({
  id: 'ip-forward',
  title: { en: 'Forwarding when sysctl.d is applied again', 'zh-CN': 'sysctl.d 被重新应用时的转发' },
  needs: ['sysctlFiles'],
  check({ sysctlFiles }): readonly Judgement<string>[] {
    const boot = bootAfterInstall(sysctlFiles, '', FORWARDING_KEYS);
    if (!boot.known) {
      return [{ status: 'unknown', subject: SUBJECT, severity: 'warning', unknown: boot, evidence: [] }];
    }
    const last = boot.value.at(-1);
    const evidence = last ? [{ source: last.file, value: last.text, file: last.file, line: last.line }] : [];
    if (last?.value !== '0') return [{ status: 'ok', subject: SUBJECT, evidence }];
    return [{ status: 'problem', subject: SUBJECT, severity: 'warning', evidence, facts: `${last.file}:${last.line}` }];
  },
  explain: (place) => ({
    title: {
      en: 'A file turns forwarding off whenever sysctl.d is applied',
      'zh-CN': '每次应用 sysctl.d 时都会有文件关闭转发',
    },
    cause: {
      en: `${place} writes 0. RKE2 and k3s write 1 when they start and never look again: sysctl --system, a package or tuned (tuned#816) puts the 0 back under a running cluster.`,
      'zh-CN': `${place} 写入 0。RKE2 和 k3s 只在启动时写入 1，之后不再检查：sysctl --system、软件包或 tuned（tuned#816）会在集群运行时写回 0。`,
    },
    impact: {
      en: 'From that moment Pods reach nothing beyond their node, until RKE2 or k3s is restarted.',
      'zh-CN': '从那一刻起 Pod 无法访问本节点之外，直到 RKE2 或 k3s 重启。',
    },
  }),
  prove: () => "grep -rn 'ip_forward\\|forwarding' /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d",
  remedies: () => [],
});
