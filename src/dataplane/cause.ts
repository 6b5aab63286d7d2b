import type { Evidence, Finding } from '../judging/finding.ts';
import type { Bilingual, Lang } from '../lang.ts';
import type { Kind } from './matrix.ts';
import { nodesOf, type Place } from './places.ts';
import type { Claim } from './stands-out.ts';

/** How nodes were judged, by the cluster's name of each. Absent: nobody looked. */
export type Judged = ReadonlyMap<string, readonly Finding[]>;

export interface Cause {
  readonly text: string;
  readonly evidence: readonly Evidence[];
}

/** What of a node can make packets of others get lost on it, the likeliest first. */
export const CAUSES: readonly string[] = [
  'ip-forward',
  'forward-policy',
  'rp-filter',
  'ipvs-forwarding',
  'bridge-netfilter',
  'kernel-modules',
  'iptables-backends',
];

/** Why: what was found on the nodes themselves where they were looked at, otherwise what such a pattern comes from. */
export function causeOf(claim: Claim, judged: Judged, lang: Lang): Cause {
  const { place } = claim;
  // A setting that stops packets stops them all: of a MTU, or of UDP where TCP passes, it tells nothing.
  const isWhole = claim.only.size === undefined && claim.only.protocol === undefined;
  const found = isWhole ? foundOn(place, judged) : [];
  const usual = usualCause(claim)[lang];
  if (found.length > 0) return { text: found.map((one) => sentence(one, lang)).join(' '), evidence: evidenceOf(found) };
  const looked = nodesOf(place).filter((node) => judged.has(node));
  if (!isWhole || looked.length === 0) return { text: usual, evidence: [] };
  const hidden = looked.filter((node) => judged.get(node)?.some(({ status }) => status === 'unknown'));
  if (hidden.length > 0) {
    const names = hidden.join(', ');
    const unseen = {
      en: `Not all that may cause it could be seen on ${names}: see hayward doctor.`,
      'zh-CN': `在 ${names} 上有些可能的原因无法查看：请见 hayward doctor。`,
    };
    return { text: `${usual} ${unseen[lang]}`, evidence: [] };
  }
  const names = looked.join(', ');
  const nothing = {
    en: `Nothing that hayward knows to cause it was found on ${names}.`,
    'zh-CN': `在 ${names} 上没有发现 hayward 已知的原因。`,
  };
  return { text: `${usual} ${nothing[lang]}`, evidence: [] };
}

interface Found {
  readonly node: string;
  readonly finding: Finding;
}

/** Each problem of each node once, by the likeliest problem; of every node where the place names none. */
function foundOn(place: Place, judged: Judged): readonly Found[] {
  if (place.where === 'scattered' || place.where === 'server') return [];
  const named = nodesOf(place);
  const nodes = named.length > 0 ? named : [...judged.keys()];
  for (const problem of CAUSES) {
    const found = nodes.flatMap((node) => {
      const finding = (judged.get(node) ?? []).find((one) => one.problem === problem && one.status === 'problem');
      return finding ? [{ node, finding }] : [];
    });
    if (found.length > 0) return found;
  }
  return [];
}

function sentence({ node, finding }: Found, lang: Lang): string {
  const [seen] = finding.evidence;
  const setting = finding.problem === 'ip-forward' && seen ? settingText(seen, node, lang) : '';
  if (setting !== '') return setting;
  return lang === 'en' ? `On ${node}: ${finding.title}.` : `${node} 上：${finding.title}。`;
}

/** `ip_forward is 0 on node-2.` */
function settingText({ source, value }: Evidence, node: string, lang: Lang): string {
  const name = /^\/proc\/sys\/.*?([^/]+)$/.exec(source)?.[1];
  if (name === undefined) return '';
  return lang === 'en' ? `${name} is ${value} on ${node}.` : `${node} 的 ${name} 为 ${value}。`;
}

function evidenceOf(found: readonly Found[]): readonly Evidence[] {
  return found.flatMap(({ node, finding }) =>
    finding.evidence.slice(0, 2).map((one) => ({ ...one, source: `${node}: ${one.source}` })),
  );
}

const BY_LAYER: Readonly<Record<Kind, Bilingual>> = {
  pod: {
    en: 'The network between Pods: forwarding (net.ipv4.ip_forward, the FORWARD chain), routes, or the overlay (VXLAN 8472 or 4789, IPIP, Geneve 6081) is blocked there.',
    'zh-CN':
      'Pod 间网络：该处的转发（net.ipv4.ip_forward、FORWARD 链）、路由或 overlay（VXLAN 8472 或 4789、IPIP、Geneve 6081）被阻断。',
  },
  service: {
    en: 'Pods reach each other there, so it is kube-proxy, or what replaces it: it does not run, is behind, or its rules are overruled (see iptables-backends).',
    'zh-CN': '该处 Pod 之间可达，问题在 kube-proxy 或其替代者：未运行、规则滞后或被覆盖（参见 iptables-backends）。',
  },
  nodeport: {
    en: "Pods and Services answer, so it is the node's own address: a firewall on it, a packet filter's order, rp_filter, or masquerading that is missing.",
    'zh-CN': 'Pod 与 Service 均应答，问题在节点自身地址：节点防火墙、包过滤规则顺序、rp_filter，或缺少 masquerade。',
  },
  dns: {
    en: 'The network carries what was sent elsewhere, so it is DNS: its Pods do not answer, a NetworkPolicy, or port 53 is filtered.',
    'zh-CN': '发往别处的包可达，问题在 DNS：DNS 的 Pod 不应答、NetworkPolicy，或 53 端口被过滤。',
  },
};

const MTU: Bilingual = {
  en: "Small packets pass, full ones do not: on the way is an MTU smaller than the Pods', and nobody tells them (the overlay's headers not subtracted, or ICMP “fragmentation needed” filtered).",
  'zh-CN':
    '小包可达而满 MTU 的包丢失：路径上某处 MTU 小于 Pod 的 MTU，且无人告知（未扣除 overlay 头部，或 ICMP “需要分片”被过滤）。',
};

const FORWARDING: Bilingual = {
  en: 'Every lost way leads through this node, and ways that avoid it are fine: it does not forward for others (net.ipv4.ip_forward, FORWARD policy, rp_filter), or nothing of the Pod network reaches it.',
  'zh-CN':
    '所有丢失的路径都经过该节点，不经过它的路径正常：该节点不为他人转发（net.ipv4.ip_forward、FORWARD 策略、rp_filter），或 Pod 网络的包到不了它。',
};

const THROUGH: Bilingual = {
  en: "It answers for its own Pods and does not pass on what is for others': forwarding is off (net.ipv4.ip_forward), the FORWARD chain drops it, or the way back avoids the node (no masquerading, rp_filter).",
  'zh-CN':
    '它只应答自己的 Pod，不转发给其他节点的 Pod：转发关闭（net.ipv4.ip_forward）、被 FORWARD 链丢弃，或返回路径不经过该节点（缺少 masquerade、rp_filter）。',
};

const UDP: Bilingual = {
  en: 'TCP passes on the same ways: UDP is filtered, or its checksums are spoiled by an offload of the overlay (ethtool -K … tx off).',
  'zh-CN': '同一路径上 TCP 正常：UDP 被过滤，或校验和被 overlay 的硬件卸载破坏（ethtool -K … tx off）。',
};

const SCATTERED: Bilingual = {
  en: 'Losses here and there: a link that loses packets, a table that is full (conntrack), or nodes under load.',
  'zh-CN': '零星丢失：链路丢包、表满（conntrack）或节点过载。',
};

function usualCause({ layer, place, only }: Claim): Bilingual {
  if (place.where === 'scattered') return SCATTERED;
  if (only.size === 'full') return MTU;
  if (only.protocol === 'udp') return UDP;
  if (place.where === 'through' || place.where === 'relay' || place.where === 'local-only') return THROUGH;
  if (layer === 'pod' && (place.where === 'cut-off' || place.where === 'node')) return FORWARDING;
  return BY_LAYER[layer];
}
