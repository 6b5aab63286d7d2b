import { known, type Reading } from '../hosts/reading.ts';
import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { Netfilter } from '../snapshot/netfilter/netfilter.ts';

/** What becomes of a forwarded packet that no rule speaks of: the chains are all asked, so one that drops decides. */
export function forwardPolicy(netfilter: Netfilter): Reading<'accept' | 'drop'> {
  const rules = netfilter.rules('ipv4');
  if (!rules.known) return rules;
  const chains = rules.value.tables.flatMap(({ chains }) => [...chains.values()]);
  const drops = chains.some(({ hook, policy }) => hook === 'forward' && policy === 'drop');
  return known(drops ? 'drop' : 'accept', rules.source);
}

/** While RKE2 starts, bridge filtering is 1; with FORWARD at DROP, bridged VM traffic stands still until it is ready. */
export const forwardWhileStarting = defineProblem({
  id: 'forward-policy',
  title: { en: 'FORWARD while RKE2 starts', 'zh-CN': 'RKE2 启动期间的 FORWARD 链' },
  needs: ['netfilter'],
  check({ netfilter }): readonly Judgement<null>[] {
    const policy = forwardPolicy(netfilter);
    if (!policy.known) {
      return [{ status: 'unknown', subject: 'FORWARD', severity: 'warning', unknown: policy, evidence: [] }];
    }
    const evidence = [{ source: policy.source, value: `policy ${policy.value}` }];
    if (policy.value === 'accept') return [{ status: 'ok', subject: 'FORWARD', evidence }];
    return [{ status: 'problem', subject: 'FORWARD', severity: 'info', evidence, facts: null }];
  },
  explain: () => ({
    title: {
      en: 'VM traffic stops whenever RKE2 starts, until it is ready',
      'zh-CN': 'RKE2 每次启动到就绪之前，虚拟机流量会中断',
    },
    cause: {
      en: 'The FORWARD policy is DROP. From its start to READY rke2 holds bridge-nf-call-iptables at 1; the ExecStartPost line runs only then, and never while the start hangs.',
      'zh-CN':
        'FORWARD 策略为 DROP。rke2 从启动到 READY 期间 bridge-nf-call-iptables 为 1，ExecStartPost 在 READY 之后才执行；启动卡住时永远不会执行。',
    },
    impact: {
      en: 'A pause of minutes on every VLAN of this node (harvester#841), for ever when RKE2 does not come up.',
      'zh-CN': '该节点所有 VLAN 中断数分钟（harvester#841）；若 RKE2 起不来则一直中断。',
    },
  }),
  prove: () => 'iptables -S FORWARD | head -1; sysctl net.bridge.bridge-nf-call-iptables',
  remedies: () => [],
});
