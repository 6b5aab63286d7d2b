import type { Words } from '../../judging/problem.ts';
import type { Family } from '../../snapshot/netfilter/ruleset.ts';

export interface ForwardFacts {
  readonly family: Family;
  /** The switch that is off, as a path below /proc/sys. */
  readonly key: string;
  /** What shows that this host has to forward. */
  readonly why: string;
  readonly scope: 'host' | 'interface';
  readonly link?: string;
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

export function explainForwarding({ family, key, why, scope, link }: ForwardFacts): Words {
  const name = NAMES[family];
  const host = scope === 'host';
  return {
    title: {
      en: host
        ? `This host does not forward ${name} packets`
        : `${name} packets that arrive on ${link} are not forwarded`,
      'zh-CN': host ? `本机不转发 ${name} 报文` : `从 ${link} 进入的 ${name} 报文不会被转发`,
    },
    cause: {
      en: host
        ? `/proc/sys/${key} is 0, but this host has to route for others: ${why}. conf/all/forwarding is the same switch by another name; writing it resets every interface.`
        : `/proc/sys/${key} is 0. The kernel asks the interface a packet came in by, not the host's switch, which is 1.`,
      'zh-CN': host
        ? `/proc/sys/${key} 为 0，而本机需要为其他主机或 Pod 转发：${why}。conf/all/forwarding 是同一个开关的另一个名字，写入它会重置所有接口。`
        : `/proc/sys/${key} 为 0。内核看的是报文进入的接口，而不是全局开关（全局为 1）。`,
    },
    impact: {
      en: 'Packets for Pods and Services are dropped on their way through: a NodePort answers on one node only, DNS times out ("CoreDNS i/o timeout"), IPVS counts packets in and none out. Often "works after a reboot".',
      'zh-CN':
        '经过本机去往 Pod 和 Service 的报文被丢弃：NodePort 只有一个节点能访问，DNS 超时（“CoreDNS i/o timeout”），IPVS 只有入包没有出包。常见表现是“重启后就好了”。',
    },
  };
}
