import type { Judgement, Severity } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Ruleset } from '../snapshot/netfilter/ruleset.ts';
import { type RoutedFlow, routedFlows } from '../topology/routed-flows.ts';
import { readSides, routesForOthers } from '../topology/sides.ts';
import { traceContext } from '../topology/trace-context.ts';
import type { DecidedBy } from '../trace/packet.ts';

interface Facts {
  readonly from: string;
  readonly to: string;
  readonly decidedBy: DecidedBy;
  readonly flows: number;
}

const NEEDS = ['netfilter', 'ipsets', 'links', 'addresses', 'routes'] as const;
type Verdict = Judgement<Facts>;

/** Who decides by chains of their own what may pass: network policies, and the isolation of their own networks. */
const OWNERS = /^(KUBE|cali|CILIUM|FLANNEL|WEAVE|CNI|DOCKER|LIBVIRT|NETAVARK)[-_]/i;

/**
 * Is it the FORWARD chain itself that drops, by its policy, a rule of its own (iptables calls it FORWARD; in nft any
 * chain on that hook is one), or a chain it hands everything that is left to? A drop in a chain of kube-proxy's or the
 * CNI's is somebody's network policy.
 */
function isForwardItself({ decidedBy }: RoutedFlow, { tables }: Ruleset): boolean {
  if (decidedBy === undefined) return false;
  if (decidedBy.rule === 'policy') return true;
  const { rule: number, table: name, chain: chainName, source } = decidedBy;
  const table = tables.find((one) => one.name === name && one.source === source && one.chains.has(chainName));
  const chain = table?.chains.get(chainName);
  if (!chain || chain.hook !== undefined) return chain?.hook === 'forward';
  const rule = chain.rules.find((one) => one.number === number);
  return !OWNERS.test(chainName) && rule?.matches.every(({ kind }) => kind === 'always') === true;
}

function check(parts: Parts<(typeof NEEDS)[number]>, profile: Profile): readonly Verdict[] {
  const severity: Severity = profile.kubernetes ? 'critical' : 'warning';
  const sides = readSides('ipv4', parts);
  if (!sides.known) return [{ status: 'unknown', subject: '', severity: 'info', unknown: sides, evidence: [] }];
  if (!routesForOthers(sides.value)) {
    return [{ status: 'not-applicable', subject: '', why: 'nothing here is routed for others', evidence: [] }];
  }
  const rules = parts.netfilter.rules('ipv4');
  if (!rules.known) {
    return [
      {
        status: 'unknown',
        subject: '',
        severity: profile.kubernetes ? 'warning' : 'info',
        unknown: rules,
        evidence: [],
      },
    ];
  }
  const flows = routedFlows(rules.value, sides.value, traceContext(parts));
  const dropped = flows.filter((flow) => flow.verdict === 'drop' && isForwardItself(flow, rules.value));
  const evidence = [...new Set(dropped.flatMap(({ decidedBy }) => (decidedBy ? [decidedBy] : [])))]
    .slice(0, 1)
    .map((rule) => ({
      source: rule.source,
      value: `${rule.text} (${rule.table} ${rule.chain} ${rule.rule})`,
      wanted: 'ACCEPT',
    }));
  const [first] = dropped;
  if (first?.decidedBy) {
    const facts: Facts = { from: first.from, to: first.to, decidedBy: first.decidedBy, flows: dropped.length };
    return [{ status: 'problem', subject: `${first.from} → ${first.to}`, severity, facts, evidence }];
  }
  const open = flows.find((flow) => flow.verdict === 'unknown')?.hangsOn;
  if (!open)
    return [{ status: 'ok', subject: '', evidence: [{ source: rules.source, value: `${flows.length} flows pass` }] }];
  const detail = `${open.why}: ${open.rule.table} ${open.rule.chain} rule ${open.rule.rule}: ${open.rule.text}`;
  // Nothing went wrong in looking: what the rule matches was not looked at, and is not at the next look either.
  const unknown = { known: false, reason: 'not-collected', source: rules.source, detail } as const;
  return [{ status: 'unknown', subject: '', severity: 'info', unknown, evidence: [] }];
}

/** Routed packets of Pods or namespaces end in the FORWARD chain. */
export const forwardPolicy = defineProblem({
  id: 'forward-policy',
  title: { en: 'The FORWARD chain', 'zh-CN': 'FORWARD 链' },
  needs: NEEDS,
  check,
  explain({ from, to, decidedBy }) {
    const rule = `${decidedBy.table} ${decidedBy.chain} ${decidedBy.rule}: ${decidedBy.text}`;
    return {
      title: {
        en: `iptables drops what is routed from ${from} to ${to}`,
        'zh-CN': `iptables 丢弃了从 ${from} 路由到 ${to} 的报文`,
      },
      cause: {
        en: `New connections end at ${rule}, and no rule before it accepts them. Docker, ufw and firewalld set the FORWARD policy to DROP when they start; what opens it for Pods is the CNI's or kube-proxy's own rule, which is missing. Rules belong to whoever wrote them, so hayward shows this and leaves them.`,
        'zh-CN': `新连接停在 ${rule}，之前没有规则放行。Docker、ufw、firewalld 启动时会把 FORWARD 策略设为 DROP；本应由 CNI 或 kube-proxy 为 Pod 放行的规则缺失。规则归写入者所有，hayward 只指出、不改动。`,
      },
      impact: {
        en: "Pods reach their own node but nothing beyond it, and nothing beyond reaches them: DNS time-outs, NodePort answers on the Pod's node only.",
        'zh-CN': 'Pod 只能与本节点通信，无法访问外部，外部也无法访问 Pod：DNS 超时，NodePort 只有 Pod 所在节点可用。',
      },
    };
  },
  prove: () => 'iptables -vnL FORWARD --line-numbers',
  remedies: () => [],
});
