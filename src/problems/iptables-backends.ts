import type { Judgement, Severity } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Table } from '../snapshot/netfilter/ruleset.ts';
import { activeTables, dropsForwarded, tableEvidence } from './iptables-backends/active.ts';

interface Facts {
  /** The half in which kube-proxy and the CNI have their rules; `both`: they changed over and left the old ones. */
  readonly used: 'legacy' | 'nft' | 'both' | 'none';
  /** Tables of the other half; of both halves where Kubernetes is in neither alone. */
  readonly tables: readonly string[];
  /** A FORWARD policy DROP is in the half that Kubernetes does not write to. */
  readonly drops: boolean;
}

const NEEDS = ['netfilter'] as const;

/** Tables that iptables-nft made: what nft itself wrote is shown by nft, and is nobody's forgotten half. */
function ofIptables(tables: readonly Table[]): readonly Table[] {
  return tables.filter(({ native }) => !native);
}

function check({ netfilter }: Parts<(typeof NEEDS)[number]>, profile: Profile): readonly Judgement<Facts>[] {
  const [ofLegacy, ofNft] = [netfilter.backend('ipv4', 'legacy'), netfilter.backend('ipv4', 'nft')];
  const [legacy, nft] = [activeTables(ofLegacy), ofIptables(activeTables(ofNft))];
  const evidence = tableEvidence([...legacy, ...nft]);
  if (legacy.length > 0 && nft.length > 0) {
    const facts = factsOf(netfilter.kubernetesBackend, legacy, nft);
    return [{ status: 'problem', subject: '', severity: severityOf(facts, profile), evidence, facts }];
  }
  // Where one half is seen to be empty, the other may hold what it will.
  const empty = (ofLegacy.known && legacy.length === 0) || (ofNft.known && nft.length === 0);
  const unseen = [ofLegacy, ofNft].find((reading) => !reading.known);
  if (empty || !unseen || unseen.known) return [{ status: 'ok', subject: '', evidence }];
  const severity = profile.kubernetes && unseen.reason !== 'absent' ? 'warning' : 'info';
  return [{ status: 'unknown', subject: '', severity, unknown: unseen, evidence }];
}

function factsOf(
  holder: Parts<'netfilter'>['netfilter']['kubernetesBackend'],
  legacy: readonly Table[],
  nft: readonly Table[],
): Facts {
  const used = holder.known ? holder.value : 'none';
  const other = used === 'legacy' ? nft : used === 'nft' ? legacy : [...legacy, ...nft];
  return {
    used,
    tables: other.map(({ backend, name }) => `${backend} ${name}`),
    drops: other.some(dropsForwarded),
  };
}

/** Without Kubernetes both halves are somebody's choice. */
function severityOf({ drops }: Facts, { kubernetes }: Profile): Severity {
  if (!kubernetes) return 'info';
  return drops ? 'critical' : 'warning';
}

const SIDES: Readonly<Record<Facts['used'], { readonly en: string; readonly 'zh-CN': string }>> = {
  legacy: { en: 'Kubernetes writes to legacy', 'zh-CN': 'Kubernetes 写入 legacy' },
  nft: { en: 'Kubernetes writes to nft', 'zh-CN': 'Kubernetes 写入 nft' },
  both: {
    en: 'Chains of kube-proxy or the CNI stand in both: whichever was written before the change-over is stale',
    'zh-CN': '两边都有 kube-proxy 或 CNI 的链：切换之前写入的一半已经过期',
  },
  none: { en: 'Nothing of Kubernetes is in either', 'zh-CN': '两边都没有 Kubernetes 的规则' },
};

/** Both iptables backends hold rules: the kernel runs both, each program shows one. */
export const iptablesBackends = defineProblem({
  id: 'iptables-backends',
  title: { en: 'One iptables backend', 'zh-CN': '单一的 iptables 后端' },
  needs: NEEDS,
  check,
  explain: ({ used, tables, drops }) => ({
    title: { en: 'Both iptables backends hold rules', 'zh-CN': '两个 iptables 后端都有规则' },
    cause: {
      en: `${SIDES[used].en}; ${tables.join(', ')} act on the same packets${drops ? ', with a FORWARD policy of DROP' : ''}. A packet has to pass both, and iptables shows one.`,
      'zh-CN': `${SIDES[used]['zh-CN']}；${tables.join('、')} 作用于同样的报文${drops ? '，其中 FORWARD 策略为 DROP' : ''}。报文必须同时通过两者，而 iptables 命令只显示其一。`,
    },
    impact: {
      en: 'Pods and Services are filtered, or sent to addresses long gone, by rules nobody looks at; a reboot clears them and hides the cause (kubekey#2152).',
      'zh-CN':
        'Pod 和 Service 的流量会被无人查看的规则过滤，或转发到早已不存在的地址；重启会清空这些规则，也掩盖了原因（kubekey#2152）。',
    },
  }),
  prove: () => 'iptables-legacy-save; iptables-nft-save',
  remedies: () => [],
});
