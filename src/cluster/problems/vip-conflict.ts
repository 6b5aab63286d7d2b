import type { Evidence } from '../../judging/finding.ts';
import type { ManagementAddress } from '../model/management-address.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { vipState } from '../vip-state.ts';

interface Facts {
  readonly kind: 'two-answer' | 'foreign' | 'two-carry' | 'offered' | 'down';
  readonly address: string;
  /** Hardware addresses, nodes or servers: whoever it is about. */
  readonly who: readonly string[];
}

/** Both nodes carry it for a moment when kube-vip's leader changes. */
const DEADLINE_SECONDS = 60;

interface Sign {
  readonly kind: Facts['kind'];
  readonly who: readonly string[];
  readonly source: string;
  readonly passes: boolean;
}

function check(parts: ClusterParts<'managementAddress' | 'vantage'>): readonly ClusterJudgement<Facts>[] {
  const vip = parts.managementAddress;
  const { address, arp, carriers, offeredBy } = vip;
  if (!address.known) {
    return [{ status: 'not-applicable', subject: '', why: address.detail, evidence: [] }];
  }
  const subject = address.value;
  // Where it does not answer this is why, and decides with it.
  const severity = vipState(parts) === 'bad' ? 'critical' : 'warning';
  const signs = [...arpSigns(vip), ...carrierSigns(vip), ...offerSigns(vip)];
  const found = signs.map(({ kind, who, source, passes }): ClusterJudgement<Facts> => {
    const evidence: Evidence[] = [{ source, value: who.join(', ') }];
    const settles = passes ? { settles: { deadlineSeconds: DEADLINE_SECONDS } } : {};
    const facts = { kind, address: subject, who };
    return {
      status: 'problem',
      subject: `${subject} ${kind}`,
      severity: kind === 'offered' ? 'warning' : severity,
      ...settles,
      facts,
      evidence,
    };
  });
  if (found.length > 0) return found;
  const looks = [arp, carriers, offeredBy];
  const seen = looks.filter(({ known }) => known);
  if (seen.length > 0) {
    return [
      { status: 'ok', subject, evidence: arp.known ? [{ source: arp.source, value: arp.value.join(', ') }] : [] },
    ];
  }
  return arp.known ? [] : [{ status: 'unknown', subject, severity: 'info', unknown: arp, evidence: [] }];
}

/** Two answers, or one from hardware that is none of the cluster's. */
function arpSigns({ arp, carriers, configured }: ManagementAddress): Sign[] {
  if (!arp.known) return [];
  // What this node carries answers too, though not to itself.
  const carried = carriers.known ? carriers.value.filter(({ up }) => up).map(({ mac }) => mac) : [];
  const answered = [
    ...new Set([...arp.value, ...(arp.value.length > 0 ? carried : [])].map((mac) => mac.toLowerCase())),
  ];
  if (answered.length > 1) return [{ kind: 'two-answer', who: answered, source: arp.source, passes: true }];
  const own = [
    ...(carriers.known ? carriers.value.map(({ mac }) => mac.toLowerCase()) : []),
    ...(configured.known && configured.value.hwAddress !== '' ? [configured.value.hwAddress.toLowerCase()] : []),
  ];
  const [mac] = answered;
  if (mac === undefined || own.length === 0 || own.includes(mac)) return [];
  // Of carriers only nodes that could be looked at are known: by itself that proves nothing foreign, with a fixed address it does.
  const fixed = configured.known && configured.value.hwAddress !== '';
  return fixed ? [{ kind: 'foreign', who: [mac], source: arp.source, passes: true }] : [];
}

function carrierSigns({ carriers }: ManagementAddress): Sign[] {
  if (!carriers.known) return [];
  const { source, value } = carriers;
  const nodes = [...new Set(value.filter(({ up }) => up).map(({ node }) => node))];
  if (nodes.length > 1) return [{ kind: 'two-carry', who: nodes, source, passes: true }];
  const down = value.filter(({ up }) => !up).map((one) => `${one.node} ${one.interface}`);
  return nodes.length === 0 && down.length > 0 ? [{ kind: 'down', who: down, source, passes: true }] : [];
}

function offerSigns({ offeredBy }: ManagementAddress): Sign[] {
  if (!offeredBy.known || offeredBy.value.length === 0) return [];
  const who = offeredBy.value.map(({ server }) => server);
  return [{ kind: 'offered', who, source: offeredBy.source, passes: false }];
}

/** Somebody else has the management address, or two have, or may get it. */
export const vipConflict = defineClusterProblem({
  id: 'vip-conflict',
  title: { en: 'Who has the management address', 'zh-CN': '管理地址的归属' },
  needs: ['managementAddress', 'vantage'],
  check,
  explain({ kind, address, who }) {
    const { title, cause } = WORDS[kind](address, who.join(', '));
    return { title, cause, impact: kind === 'offered' ? LATER : NOW };
  },
  prove: ({ kind, address }) =>
    kind === 'down' || kind === 'two-carry'
      ? `ip -br address | grep -F '${address}'; ip -br link | grep '^vip-'`
      : `arping -c 3 -I "$(ip -o route get ${address} | sed 's/.* dev \\([^ ]*\\).*/\\1/')" ${address}`,
});

const NOW = {
  en: 'Connections go to the one or the other: the dashboard and joining nodes fail now and then, or always.',
  'zh-CN': '连接时而到这台、时而到那台：界面和节点加入时好时坏，或一直失败。',
};

const LATER = {
  en: 'Some day another machine is given the address, and both answer.',
  'zh-CN': '迟早会有另一台机器获得该地址，届时两者都会应答。',
};

type Told = (address: string, who: string) => Readonly<Record<'title' | 'cause', { en: string; 'zh-CN': string }>>;

const WORDS: Readonly<Record<Facts['kind'], Told>> = {
  'two-answer': (address, who) => ({
    title: { en: `Two hardware addresses answer for ${address}`, 'zh-CN': `有两个硬件地址应答 ${address}` },
    cause: {
      en: `ARP is answered by ${who}. They are two machines, or two interfaces of one that lie in the same segment (arp_ignore 0).`,
      'zh-CN': `应答 ARP 的有 ${who}。是两台机器，或同一台机器上位于同一网段的两个接口（arp_ignore 为 0）。`,
    },
  }),
  foreign: (address, who) => ({
    title: { en: `Another machine answers for ${address}`, 'zh-CN': `另一台机器在应答 ${address}` },
    cause: {
      en: `ARP is answered by ${who}, which is not the hardware address kube-vip has for it.`,
      'zh-CN': `应答 ARP 的是 ${who}，并非 kube-vip 为其设定的硬件地址。`,
    },
  }),
  'two-carry': (address, who) => ({
    title: { en: `Two nodes carry ${address}`, 'zh-CN': `有两个节点承载 ${address}` },
    cause: {
      en: `${who}: a kube-vip that was killed, or lost its lease while cut off, left the address behind.`,
      'zh-CN': `${who}：被强制终止或断网时失去租约的 kube-vip 会留下该地址。`,
    },
  }),
  offered: (address, who) => ({
    title: { en: `A DHCP server hands out ${address}`, 'zh-CN': `有 DHCP 服务器在分配 ${address}` },
    cause: {
      en: `${who} offers it to a machine that is not the VIP. Take it out of the pool, or reserve it for the VIP's hardware address.`,
      'zh-CN': `${who} 会把它分配给其他机器。请将其移出地址池，或为 VIP 的硬件地址保留。`,
    },
  }),
  down: (address, who) => ({
    title: { en: `The interface with ${address} is down`, 'zh-CN': `承载 ${address} 的接口未启用` },
    cause: {
      en: `${who}: it is there and not up, or kube-vip's macvlan has lost the address (harvester#1645, #3448). Restart kube-vip on that node.`,
      'zh-CN': `${who}：接口存在但未启用，或 kube-vip 的 macvlan 已失去该地址（harvester#1645、#3448）。请在该节点重启 kube-vip。`,
    },
  }),
};
