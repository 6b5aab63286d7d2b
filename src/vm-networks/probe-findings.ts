import type { Evidence, Finding, Severity } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { Offer } from '../probes/vm-network/dhcp-client.ts';
import { leadsNowhere, rogues } from '../probes/vm-network/outcome.ts';
import { type NetworkProblem, networkFinding, type SaidOfNetwork } from './network-finding.ts';
import { networkName, type ProbedNetwork, percent, times } from './probed-network.ts';
import { type ReasonWords, reasonWords } from './reason-words.ts';

type Told = Pick<ReasonWords, 'title' | 'cause' | 'impact'> & { readonly prove: string };

/**
 * What a probe found, as findings: one each for DHCP, for servers that should not be there, and for the gateway. `target` is the
 * node.
 */
export function probeFindings(network: ProbedNetwork, target: string, lang: Lang): readonly Finding[] {
  const subject = networkName(network.request);
  const finding = (
    problem: NetworkProblem,
    status: Finding['status'],
    severity: Severity,
    told?: Partial<SaidOfNetwork>,
  ) =>
    networkFinding(
      { problem, status, severity, evidence: evidenceOf(network, problem), ...told },
      { target, subject },
      lang,
    );
  const { probe } = network;
  const { state, reason } = probe.outcome;
  const words = reason === 'ok' ? undefined : toldOf(network);
  if (state === 'unknown') {
    const why = { reason: probe.failure?.reason ?? 'failed', detail: words?.cause[lang] ?? '' } as const;
    return [finding('vm-network-gateway-unreachable', 'unknown', 'warning', { ...words, unknown: why })];
  }
  const blamed = blame(network);
  const fault = finding(blamed, 'problem', severityOf(network), words);
  const others = (['vm-network-dhcp', 'vm-network-gateway-unreachable'] as const)
    .filter((id) => !(words && id === blamed) && isSeen(network, id))
    .map((id) => finding(id, 'ok', 'info'));
  const rogue = rogueWords(network);
  const double = doubleGateway(network);
  const nowhere = nowhereWords(network);
  return [
    ...(words ? [fault] : []),
    ...(rogue ? [finding('vm-network-rogue-dhcp', 'problem', 'warning', rogue)] : []),
    ...(double ? [finding('vm-network-gateway-unreachable', 'problem', 'warning', double)] : []),
    ...(nowhere ? [finding('vm-network-gateway-unreachable', 'problem', 'warning', nowhere)] : []),
    ...others.filter(({ problem }) => !((double || nowhere) && problem === 'vm-network-gateway-unreachable')),
  ];
}

function toldOf(network: ProbedNetwork): Told {
  const { next, ...words } = reasonWords(network);
  return { ...words, prove: next };
}

/** What is at fault before DHCP or the gateway was heard is laid to whichever had to be asked first. */
function blame({ request, probe }: ProbedNetwork): NetworkProblem {
  const { reason } = probe.outcome;
  const isGateway = reason === 'arp-silent' || reason === 'icmp-lost' || reason === 'loss' || reason === 'no-route';
  if (isGateway || (request.gateway !== undefined && reason !== 'dhcp-silent' && reason !== 'dhcp-nak'))
    return 'vm-network-gateway-unreachable';
  return 'vm-network-dhcp';
}

/** A gateway that the node's own network alone does not reach harms no VM. */
function severityOf({ probe }: ProbedNetwork): Severity {
  if (probe.outcome.reason === 'no-route') return 'info';
  return probe.outcome.reason === 'loss' ? 'warning' : 'critical';
}

/** Only what was really heard is called fine. */
function isSeen({ probe }: ProbedNetwork, id: NetworkProblem): boolean {
  if (id === 'vm-network-dhcp') return (probe.facts?.offers.length ?? 0) > 0;
  return probe.outcome.state === 'active' && probe.outcome.lossPercent !== undefined;
}

const offerText = ({ server, mac, cidr = '?', gateway = '?' }: Offer) => `${server} (${mac}): ${cidr}, ${gateway}`;

function rogueWords(network: ProbedNetwork): Told | undefined {
  const { request, probe } = network;
  if (!probe.facts) return undefined;
  const { strangers, wrong, meddlers } = rogues(probe.facts, request.servers, request);
  const named = [...strangers, ...wrong].map(offerText);
  const all = [...named, ...meddlers.map(({ server, mac, text }) => `${server} (${mac}): NAK ${text}`.trim())];
  if (all.length === 0) return undefined;
  const isKnown = strangers.length > 0 || request.cidr !== undefined || request.gateway !== undefined;
  const name = networkName(request);
  const list = all.join('; ');
  const uplink = probe.bridge?.uplinks[0]?.name ?? request.bridge;
  return {
    title: isKnown
      ? { en: `A DHCP server in ${name} is not meant to be there`, 'zh-CN': `${name} 中有不应存在的 DHCP 服务器` }
      : { en: `DHCP servers in ${name} contradict each other`, 'zh-CN': `${name} 中的 DHCP 服务器相互矛盾` },
    cause: isKnown
      ? {
          en: `It offers what is not this network's, or was not expected: ${list}. The MAC address leads to the machine: a VM on this bridge, or a port of the switch.`,
          'zh-CN': `它提供的内容不属于该网络，或不在预期之中：${list}。可凭 MAC 地址找到该机器：同一网桥上的虚拟机，或交换机的某个端口。`,
        }
      : {
          en: `They offer different networks or gateways, or refuse each other's addresses: ${list}. Tell which is right by --dhcp-server.`,
          'zh-CN': `它们提供不同的网段或网关，或拒绝对方的地址：${list}。可用 --dhcp-server 指明哪个是对的。`,
        },
    impact: {
      en: 'VMs take whichever offer comes first: some get a wrong gateway and are cut off.',
      'zh-CN': '虚拟机采用最先到达的 OFFER：其中一些会得到错误的网关而断网。',
    },
    prove: `tcpdump -eni ${uplink} udp port 68`,
  };
}

function doubleGateway({ request, probe }: ProbedNetwork): Told | undefined {
  const { facts } = probe;
  const macs = facts?.arp?.macs ?? [];
  if (macs.length < 2) return undefined;
  const gateway = facts?.gateway ?? '';
  return {
    title: { en: `Two stations claim the gateway's address ${gateway}`, 'zh-CN': `有两台设备声称网关地址 ${gateway}` },
    cause: {
      en: `${macs.join(' and ')} both answer ARP for ${gateway} in ${networkName(request)}.`,
      'zh-CN': `在 ${networkName(request)} 中，${macs.join(' 和 ')} 都回应对 ${gateway} 的 ARP 查询。`,
    },
    impact: {
      en: 'VMs send to whichever answered last; their connections break now and then.',
      'zh-CN': '虚拟机会发往最后应答者；连接时断时续。',
    },
    prove: `tcpdump -eni ${probe.bridge?.uplinks[0]?.name ?? request.bridge} arp host ${gateway}`,
  };
}

function nowhereWords({ request, probe }: ProbedNetwork): Told | undefined {
  const { facts } = probe;
  if (!facts?.beyond || !leadsNowhere(facts)) return undefined;
  const { address, sent, answered } = facts.beyond;
  const gateway = facts.gateway ?? '';
  return {
    title: { en: `The gateway ${gateway} does not lead to ${address}`, 'zh-CN': `网关 ${gateway} 不通往 ${address}` },
    cause: {
      en: `In ${networkName(request)} the gateway answers; of ${sent} pings through it to ${address} ${answered} came back. It has no route there, or the host has none back, or something filters between.`,
      'zh-CN': `在 ${networkName(request)} 中网关有回应；经网关 ping ${address} ${sent} 次，返回 ${answered} 次。网关没有到那里的路由，或对端没有返回路由，或中间有过滤。`,
    },
    impact: {
      en: 'VMs of this network reach their gateway and not what is behind it.',
      'zh-CN': '该网络中的虚拟机能到达网关，但到不了网关之外。',
    },
    prove: `ip route get ${address} (on the gateway)`,
  };
}

function evidenceOf({ probe }: ProbedNetwork, problem: NetworkProblem): readonly Evidence[] {
  const { facts, bridge, outcome } = probe;
  const uplinks = (bridge?.uplinks ?? []).map(({ name, carrier, carries }) => ({
    source: `uplink ${name}`,
    value: [carrier ? 'carrier' : 'no carrier', ...(carries ? [`VLAN ${carries}`] : [])].join(', '),
  }));
  if (!facts) return uplinks;
  const offers = facts.offers.map((offer) => ({ source: 'DHCP offer', value: offerText(offer) }));
  const silent =
    facts.offers.length === 0 ? [{ source: 'DHCP', value: `asked ${times(facts.discovers)}, no offer` }] : [];
  if (problem !== 'vm-network-gateway-unreachable') return [...offers, ...silent, ...uplinks];
  const { arp, echo, beyond } = facts;
  return [
    ...(arp
      ? [{ source: `ARP for ${facts.gateway}`, value: arp.macs.join(', ') || `asked ${times(arp.asked)}, no answer` }]
      : []),
    ...(echo
      ? [{ source: 'ping', value: `${echo.answered} of ${echo.sent}, loss ${percent(outcome.lossPercent ?? 0)}` }]
      : []),
    ...(beyond ? [{ source: `ping ${beyond.address}`, value: `${beyond.answered} of ${beyond.sent}` }] : []),
    ...uplinks,
  ];
}
