import type { Words } from '../../judging/problem.ts';
import type { Family } from '../../snapshot/netfilter/ruleset.ts';

export interface ForwardFacts {
  readonly family: Family;
  /** The switch that is off, as a path below /proc/sys. */
  readonly key: string;
  /** What shows that this host has to forward. */
  readonly why: string;
  /** The whole host, one interface, or those that are made from now on. */
  readonly scope: 'host' | 'interface' | 'newcomers';
  readonly link?: string;
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

const IMPACT: Words['impact'] = {
  en: 'Packets for Pods and Services are dropped on their way through: a NodePort answers on one node only, DNS times out ("CoreDNS i/o timeout"), IPVS counts packets in and none out. Often "works after a reboot".',
  'zh-CN':
    '经过本机去往 Pod 和 Service 的报文被丢弃：NodePort 只有一个节点能访问，DNS 超时（“CoreDNS i/o timeout”），IPVS 只有入包没有出包。常见表现是“重启后就好了”。',
};

export function explainForwarding(facts: ForwardFacts): Words {
  switch (facts.scope) {
    case 'host':
      return hostClosed(facts);
    case 'interface':
      return interfaceClosed(facts);
    case 'newcomers':
      return newcomersClosed(facts);
  }
}

function hostClosed({ family, key, why }: ForwardFacts): Words {
  const name = NAMES[family];
  return {
    title: { en: `This host does not forward ${name} packets`, 'zh-CN': `本机不转发 ${name} 报文` },
    cause: {
      en: `/proc/sys/${key} is 0, but this host has to route for others: ${why}. conf/all/forwarding is the same switch by another name; writing it resets every interface.`,
      'zh-CN': `/proc/sys/${key} 为 0，而本机需要为其他主机或 Pod 转发：${why}。conf/all/forwarding 是同一个开关的另一个名字，写入它会重置所有接口。`,
    },
    impact: IMPACT,
  };
}

function interfaceClosed({ family, key, link }: ForwardFacts): Words {
  const name = NAMES[family];
  return {
    title: {
      en: `${name} packets that arrive on ${link} are not forwarded`,
      'zh-CN': `从 ${link} 进入的 ${name} 报文不会被转发`,
    },
    cause: {
      en: `/proc/sys/${key} is 0. The kernel asks the interface a packet came in by, not the host's switch, which is 1.`,
      'zh-CN': `/proc/sys/${key} 为 0。内核看的是报文进入的接口，而不是全局开关（全局为 1）。`,
    },
    impact: IMPACT,
  };
}

function newcomersClosed({ family, key }: ForwardFacts): Words {
  const name = NAMES[family];
  return {
    title: {
      en: `Interfaces made from now on will not forward ${name} packets`,
      'zh-CN': `之后新建的接口不会转发 ${name} 报文`,
    },
    cause: {
      en: `/proc/sys/${key} is 0, and every new interface copies it. The host's switch is 1, and so are the interfaces that are there: the fault shows with the next Pod, VLAN or bridge.`,
      'zh-CN': `/proc/sys/${key} 为 0，新接口都会继承该值。全局开关和现有接口都是 1，因此要到下一个 Pod、VLAN 或网桥出现时才会发作。`,
    },
    impact: IMPACT,
  };
}
