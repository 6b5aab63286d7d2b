import type { Bilingual } from '../lang.ts';
import type { Outcome } from '../probes/vm-network/outcome.ts';
import { networkName, type ProbedNetwork, percent } from './probed-network.ts';

/** What an outcome means, in words: the title, the cause as far as it is known, what it breaks, and where to look next. */
export interface ReasonWords {
  readonly title: Bilingual;
  readonly cause: Bilingual;
  readonly impact: Bilingual;
  /** A command that shows more. */
  readonly next: string;
}

const NO_ADDRESS: Bilingual = {
  en: 'VMs of this network get no address, and no gateway.',
  'zh-CN': '该网络中的虚拟机得不到地址和网关。',
};
const CUT_OFF: Bilingual = {
  en: 'VMs of this network reach nothing outside the node.',
  'zh-CN': '该网络中的虚拟机无法访问节点之外的任何地方。',
};
const NO_GATEWAY: Bilingual = {
  en: 'VMs of this network reach nothing beyond their own subnet.',
  'zh-CN': '该网络中的虚拟机无法访问本子网之外的任何地方。',
};

/** What the fault is when it lies on this node's bridge, although its VLAN table is right. */
const FILTERED: Bilingual = {
  en: 'Something on this node drops IP frames on the bridge: iptables through br_netfilter, or ebtables and nft bridge rules.',
  'zh-CN': '本节点上有东西丢弃了网桥上的 IP 帧：经 br_netfilter 的 iptables，或 ebtables、nft 的网桥规则。',
};
const LOOK_AT_NODE = 'hayward doctor --only bridge-netfilter,forward-policy';

const both = (text: string): Bilingual => ({ en: text, 'zh-CN': text });

interface Told {
  readonly name: string;
  readonly bridge: string;
  readonly uplinks: string;
  readonly vlan: number;
  readonly network: ProbedNetwork;
  readonly outcome: Outcome;
  /** The probe again, with its frames kept. */
  readonly again: string;
  /** Watches the uplink for what was asked. */
  readonly watch: (what: string) => string;
}

function toldOf(network: ProbedNetwork): Told {
  const { request, probe } = network;
  const names = probe.bridge?.uplinks.map(({ name }) => name) ?? [];
  const [first] = names;
  const tag = request.vlan === 0 ? '' : `vlan ${request.vlan} and `;
  const given = [
    ...(request.cidr ? [`--cidr ${request.cidr}`] : []),
    ...(request.gateway ? [`--gateway ${request.gateway}`] : []),
    ...request.servers.map((server) => `--dhcp-server ${server}`),
  ];
  const again = [
    'hayward networks probe',
    `--bridge ${request.bridge}`,
    `--vlan ${request.vlan}`,
    ...given,
    '--pcap probe.pcap',
  ];
  return {
    name: networkName(request),
    bridge: request.bridge,
    uplinks: names.join(', '),
    vlan: request.vlan,
    network,
    outcome: probe.outcome,
    again: again.join(' '),
    watch: (what) => (first === undefined ? again.join(' ') : `tcpdump -eni ${first} '${tag}${what}'`),
  };
}

/** What an outcome that is not simply fine means. */
export function reasonWords(network: ProbedNetwork): ReasonWords {
  const told = toldOf(network);
  switch (told.outcome.reason) {
    case 'no-carrier':
      return noCarrier(told);
    case 'vlan-missing':
      return vlanMissing(told);
    case 'dhcp-silent':
      return dhcpSilent(told);
    case 'dhcp-nak':
      return dhcpNak(told);
    case 'arp-silent':
      return arpSilent(told);
    case 'icmp-lost':
    case 'loss':
      return echoLost(told);
    case 'no-route':
      return noRoute(told);
    default:
      return notProbed(told);
  }
}

function noCarrier({ name, bridge, uplinks, network }: Told): ReasonWords {
  const facts = network.probe.bridge;
  const cause: Bilingual = !facts?.up
    ? { en: `The bridge ${bridge} is down.`, 'zh-CN': `网桥 ${bridge} 处于 down 状态。` }
    : facts.ports === 0
      ? { en: `The bridge ${bridge} has no ports.`, 'zh-CN': `网桥 ${bridge} 没有任何端口。` }
      : {
          en: `No link: ${uplinks === '' ? `no port of ${bridge} has` : `the uplink ${uplinks} has no`} carrier. A cable, a switch port, or the bond below it.`,
          'zh-CN': `没有链路：${uplinks === '' ? `${bridge} 的所有端口` : `上联 ${uplinks}`}无载波。请检查网线、交换机端口或其下的 bond。`,
        };
  const title = { en: `${name} has no link`, 'zh-CN': `${name} 没有链路` };
  return { title, cause, impact: CUT_OFF, next: `ip -br link show master ${bridge}` };
}

function vlanMissing({ name, bridge, uplinks, vlan, network, outcome, watch }: Told): ReasonWords {
  const what = vlan === 0 ? { en: 'untagged frames', 'zh-CN': '无标签帧' } : both(`VLAN ${vlan}`);
  const title = { en: `The way out does not carry ${what.en}`, 'zh-CN': `出口不承载 ${what['zh-CN']}` };
  if (network.probe.bridge?.filtering === false) {
    const cause = {
      en: `The bridge ${bridge} does not filter VLANs, so a port of it cannot be put into VLAN ${vlan}. Harvester makes its bridges with vlan_filtering 1.`,
      'zh-CN': `网桥 ${bridge} 未开启 VLAN 过滤，无法将端口划入 VLAN ${vlan}。Harvester 创建的网桥均为 vlan_filtering 1。`,
    };
    return { title, cause, impact: CUT_OFF, next: `ip -d link show dev ${bridge}` };
  }
  if (outcome.side === 'network') {
    const strays = network.probe.facts?.uplink.strays ?? [];
    const seen = strays.map((one) => (one === 0 ? 'untagged' : String(one))).join(', ');
    const zh = strays.map((one) => (one === 0 ? '无标签' : String(one))).join('、');
    const cause = {
      en: `On ${uplinks} answers come in with another VLAN (${seen}) than they were asked in (${what.en}): the switch port's VLANs are not this node's.`,
      'zh-CN': `在 ${uplinks} 上，回应所带的 VLAN（${zh}）与提问时（${what['zh-CN']}）不同：交换机端口的 VLAN 配置与本节点不一致。`,
    };
    return { title, cause, impact: CUT_OFF, next: watch('(arp or udp port 67)') };
  }
  const cause = {
    en: `In the VLAN table of ${bridge} the uplink ${uplinks} carries no ${what.en}: nothing of ${name} leaves the node.`,
    'zh-CN': `在 ${bridge} 的 VLAN 表中，上联 ${uplinks} 不承载 ${what['zh-CN']}：${name} 的帧无法离开节点。`,
  };
  return { title, cause, impact: CUT_OFF, next: `bridge vlan show dev ${uplinks.split(',')[0]}` };
}

function dhcpSilent({ name, uplinks, network, outcome, watch, again }: Told): ReasonWords {
  const { probe, request } = network;
  if (probe.facts?.unacknowledged) {
    const server = probe.facts.offers[0]?.server ?? '';
    return {
      title: { en: `${server} offers addresses, and acknowledges none`, 'zh-CN': `${server} 提供地址却不确认` },
      cause: {
        en: `After its offer, the server answered no REQUEST. Its pool may be exhausted, or its way back be cut.`,
        'zh-CN': '服务器给出 OFFER 之后，没有回应任何 REQUEST。可能是地址池耗尽，或返回路径中断。',
      },
      impact: NO_ADDRESS,
      next: watch('udp port 67'),
    };
  }
  const waited = Math.round(request.offerWaitMs / 100) / 10;
  const strangers = [...new Set(probe.facts?.offers.map(({ server }) => server))].join(', ');
  if (strangers !== '') return anotherServer(request.servers.join(', '), strangers, waited, again);
  const title = { en: `No DHCP server answers in ${name}`, 'zh-CN': `${name} 中没有 DHCP 服务器应答` };
  if (outcome.side === 'node') {
    const cause = {
      en: `A DHCP server answers at ${uplinks}, and a VM on this bridge does not get it. ${FILTERED.en}`,
      'zh-CN': `在 ${uplinks} 处有 DHCP 服务器应答，但该网桥上的虚拟机收不到。${FILTERED['zh-CN']}`,
    };
    return { title, cause, impact: NO_ADDRESS, next: LOOK_AT_NODE };
  }
  if (outcome.side === 'network') {
    const cause = {
      en: `The questions left the node by ${uplinks} and nobody answered in ${waited} s: there is no server (or relay) in this VLAN, or the switch port does not carry it.`,
      'zh-CN': `请求已从 ${uplinks} 离开节点，${waited} 秒内无人应答：该 VLAN 中没有 DHCP 服务器（或中继），或交换机端口未放行该 VLAN。`,
    };
    return { title, cause, impact: NO_ADDRESS, next: watch('udp port 67') };
  }
  const cause = {
    en: `Nobody offered an address in ${waited} s. Where there is no DHCP by design, give --cidr and --gateway.`,
    'zh-CN': `${waited} 秒内没有服务器提供地址。若该网络本就不用 DHCP，请给出 --cidr 和 --gateway。`,
  };
  return { title, cause, impact: NO_ADDRESS, next: again };
}

/** Whom the VMs listen to is another question: those offers are a finding of their own. */
function anotherServer(expected: string, strangers: string, waited: number, again: string): ReasonWords {
  return {
    title: {
      en: `The DHCP server ${expected} does not answer, another does`,
      'zh-CN': `DHCP 服务器 ${expected} 未应答，应答的是另一台`,
    },
    cause: {
      en: `${expected} is meant to be there and offered nothing in ${waited} s; ${strangers} did. It is down or in another VLAN, or its address has changed.`,
      'zh-CN': `应当存在的 ${expected} 在 ${waited} 秒内没有提供地址，而 ${strangers} 提供了。它已停机、位于其他 VLAN，或地址已改变。`,
    },
    impact: {
      en: 'VMs of this network get their addresses from a server nobody meant, or none.',
      'zh-CN': '该网络中的虚拟机从非预期的服务器取得地址，或得不到地址。',
    },
    next: again,
  };
}

function dhcpNak({ name, network, watch }: Told): ReasonWords {
  const refusal = network.probe.facts?.refusal;
  const said = refusal?.text ? `: "${refusal.text}"` : '';
  const zh = refusal?.text ? `：“${refusal.text}”` : '';
  return {
    title: { en: `DHCP refuses in ${name} what it offered`, 'zh-CN': `${name} 的 DHCP 拒绝了自己提供的地址` },
    cause: {
      en: `${refusal?.server} offered an address and refused it when it was requested (NAK)${said}. Its pool, classes or reservations contradict each other.`,
      'zh-CN': `${refusal?.server} 提供了地址，请求时却拒绝（NAK）${zh}。其地址池、分类或保留地址相互矛盾。`,
    },
    impact: NO_ADDRESS,
    next: watch('udp port 67'),
  };
}

function arpSilent({ name, uplinks, network, outcome, watch, again }: Told): ReasonWords {
  const gateway = network.probe.facts?.gateway ?? network.request.gateway ?? '';
  const title = { en: `The gateway ${gateway} is silent`, 'zh-CN': `网关 ${gateway} 没有回应` };
  if (outcome.side === 'node') {
    const cause = {
      en: `The gateway answers ARP at ${uplinks}, and a VM on this bridge does not get the answer: it is lost on this node's bridge.`,
      'zh-CN': `网关在 ${uplinks} 处回应 ARP，但该网桥上的虚拟机收不到：丢失在本节点的网桥上。`,
    };
    return { title, cause, impact: NO_GATEWAY, next: LOOK_AT_NODE };
  }
  const beyond = outcome.side === 'network';
  const cause = {
    en: `Nobody in ${name} answers ARP for ${gateway}${beyond ? `, though the questions left the node by ${uplinks}` : ''}: the gateway is down, is in another VLAN, or has another address.`,
    'zh-CN': `${name} 中无人回应对 ${gateway} 的 ARP 查询${beyond ? `（查询已从 ${uplinks} 离开节点）` : ''}：网关停机、位于其他 VLAN，或地址不同。`,
  };
  return { title, cause, impact: NO_GATEWAY, next: beyond ? watch('arp') : again };
}

function echoLost({ uplinks, network, outcome, watch, again }: Told): ReasonWords {
  const { facts } = network.probe;
  const gateway = facts?.gateway ?? '';
  const loss = percent(outcome.lossPercent ?? 0);
  const all = outcome.reason === 'icmp-lost';
  const title = all
    ? { en: `The gateway ${gateway} answers ARP, and no ping`, 'zh-CN': `网关 ${gateway} 回应 ARP，但不回应 ping` }
    : { en: `${loss} of the pings to ${gateway} are lost`, 'zh-CN': `到 ${gateway} 的 ping 丢失 ${loss}` };
  if (outcome.side === 'node') {
    const cause = {
      en: `ARP passes this node's bridge and IP does not. ${FILTERED.en}`,
      'zh-CN': `ARP 能通过本节点的网桥，而 IP 不能。${FILTERED['zh-CN']}`,
    };
    return { title, cause, impact: NO_GATEWAY, next: LOOK_AT_NODE };
  }
  const left = outcome.side === 'network' ? ` The requests left the node by ${uplinks}.` : '';
  const leftZh = outcome.side === 'network' ? `请求已从 ${uplinks} 离开节点。` : '';
  const cause = all
    ? {
        en: `Layer 2 works, and ICMP is dropped on the way or by the gateway itself: a firewall, or a gateway that does not answer ping.${left}`,
        'zh-CN': `二层正常，但 ICMP 在途中或被网关自身丢弃：有防火墙，或网关不回应 ping。${leftZh}`,
      }
    : {
        en: `${facts?.echo?.answered} of ${facts?.echo?.sent} pings were answered; Harvester calls a network with more than 20 % loss Inactive.${left}`,
        'zh-CN': `${facts?.echo?.sent} 次 ping 中有 ${facts?.echo?.answered} 次得到回应；丢包超过 20% 时 Harvester 显示 Inactive。${leftZh}`,
      };
  const impact = all
    ? {
        en: 'Harvester shows the network as Inactive. Whether VMs are cut off depends on what else is dropped.',
        'zh-CN': 'Harvester 会将该网络显示为 Inactive。虚拟机是否断网取决于还有什么被丢弃。',
      }
    : { en: 'Connections of the VMs stall and break.', 'zh-CN': '虚拟机的连接会卡顿、中断。' };
  return { title, cause, impact, next: outcome.side === 'network' ? watch('icmp') : again };
}

function noRoute({ name, network }: Told): ReasonWords {
  const gateway = network.probe.facts?.gateway ?? '';
  return {
    title: {
      en: `${name} is fine; this node itself does not reach it`,
      'zh-CN': `${name} 正常；只是本节点自身到不了它`,
    },
    cause: {
      en: `VMs reach the gateway ${gateway}. The node's own network ${network.probe.reach === 'no-route' ? 'has no route to it' : 'gets no answer from it'}: the VLAN is isolated from the management network.`,
      'zh-CN': `虚拟机能到达网关 ${gateway}，而节点自身的网络${network.probe.reach === 'no-route' ? '没有到它的路由' : '得不到它的回应'}：该 VLAN 与管理网络隔离。`,
    },
    impact: {
      en: 'Nothing for the VMs. Harvester pings from a node, not from the VLAN, and will show the network as Inactive (harvester#6671).',
      'zh-CN': '对虚拟机没有影响。Harvester 从节点而不是从 VLAN 内 ping，因此会显示 Inactive（harvester#6671）。',
    },
    next: `ip route get ${gateway}`,
  };
}

/** The probe itself could not be carried out, or found no address to ask from. */
function notProbed({ name, network, again }: Told): ReasonWords {
  const { failure, facts } = network.probe;
  const taken = [...(facts?.taken.keys() ?? [])].join(', ');
  const detail = failure?.detail ?? '';
  return {
    title: { en: `${name} could not be probed`, 'zh-CN': `无法探测 ${name}` },
    cause: failure
      ? { en: detail, 'zh-CN': detail }
      : {
          en: `The gateway answers ARP; no free address was found to ping it from${taken === '' ? '' : ` (in use: ${taken})`}.`,
          'zh-CN': `网关回应 ARP；但没有找到可用来 ping 的空闲地址${taken === '' ? '' : `（已被占用：${taken}）`}。`,
        },
    impact: { en: 'Nothing is known of this network.', 'zh-CN': '该网络的状况未知。' },
    next: again,
  };
}
