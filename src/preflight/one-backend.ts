import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import { activeTables, dropsForwarded, tableEvidence } from '../problems/iptables-backends/active.ts';

interface Facts {
  readonly kind: 'both' | 'stale-nft';
  /** A FORWARD policy DROP is among the rules that will stay behind. */
  readonly drops: boolean;
}

/**
 * Rules in both iptables backends, now or once KubeKey 3.x has switched the alternatives to legacy (kubekey#2834
 * dropped that in 4.x). The kernel runs both; the programs show one. A reboot clears the stale half.
 */
export const oneBackend = defineProblem({
  id: 'iptables-backends',
  title: { en: 'One iptables backend', 'zh-CN': '单一的 iptables 后端' },
  needs: ['netfilter'],
  check({ netfilter }): readonly Judgement<Facts>[] {
    const backends = [netfilter.backend('ipv4', 'legacy'), netfilter.backend('ipv4', 'nft')] as const;
    const [legacy, nft] = [activeTables(backends[0]), activeTables(backends[1])];
    const evidence = tableEvidence([...legacy, ...nft]);
    const drops = nft.some(dropsForwarded);
    if (nft.length > 0) {
      const facts: Facts = { kind: legacy.length > 0 ? 'both' : 'stale-nft', drops };
      return [{ status: 'problem', subject: '', severity: drops ? 'critical' : 'warning', evidence, facts }];
    }
    const unseen = backends.find((backend) => !backend.known);
    if (unseen && !unseen.known) {
      const severity = unseen.reason === 'absent' ? 'info' : 'warning';
      return [{ status: 'unknown', subject: '', severity, unknown: unseen, evidence }];
    }
    return [{ status: 'ok', subject: '', evidence }];
  },
  explain: ({ kind, drops }) => ({
    title:
      kind === 'both'
        ? { en: 'Both iptables backends hold rules', 'zh-CN': '两个 iptables 后端都有规则' }
        : {
            en: 'nft rules will stay behind when the installer switches to legacy iptables',
            'zh-CN': '安装程序切换到 legacy iptables 后，nft 规则会残留',
          },
    cause: {
      en: `ufw, firewalld or Docker wrote rules to nf_tables. KubeKey 3.x points the iptables alternatives at legacy: the nft rules go on working in the kernel and no iptables command shows them any more.${drops ? ' Their FORWARD policy is DROP.' : ''}`,
      'zh-CN': `ufw、firewalld 或 Docker 已在 nf_tables 中写入规则。KubeKey 3.x 会把 iptables 的 alternatives 指向 legacy：nft 规则仍在内核中生效，但 iptables 命令再也看不到。${drops ? '其中 FORWARD 策略为 DROP。' : ''}`,
    },
    impact: {
      en: 'Pods and NodePorts are filtered by rules nobody sees until the first reboot clears them: "works after all nodes were rebooted once" (kubekey#2152).',
      'zh-CN': 'Pod 和 NodePort 被看不见的规则过滤，直到首次重启清空：即“所有节点重启一次才恢复”（kubekey#2152）。',
    },
  }),
  prove: () => 'iptables-legacy-save; iptables-nft-save; nft list ruleset',
  remedies: () => [],
});
