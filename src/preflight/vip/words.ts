import type { Words } from '../../judging/problem.ts';
import type { VipFacts } from './address-free.ts';

const TAKEN_IMPACT = {
  en: 'The installer does not ask before it sets it: two machines would answer for it, and joining nodes and the dashboard would reach the one or the other.',
  'zh-CN': '安装程序设置前不会检测：两台机器会同时应答，节点加入和界面时而连到这台、时而连到那台。',
};

const NOWHERE_IMPACT = {
  en: 'The installation would end with a management URL that nobody can open, and no other node could join.',
  'zh-CN': '安装结束后管理 URL 无法打开，其他节点也无法加入。',
};

/** The words for each thing that can stand against a management address, by what it is about. */
export const WORDS: Readonly<Record<VipFacts['kind'], (address: string, what: string) => Words>> = {
  own: (address, what) => ({
    title: { en: `${address} is this host's own address`, 'zh-CN': `${address} 是本机自己的地址` },
    cause: {
      en: `It is set on ${what}. The management address moves between nodes: it has to be another one.`,
      'zh-CN': `它已设在 ${what} 上。管理地址会在节点间移动，必须另选一个。`,
    },
    impact: TAKEN_IMPACT,
  }),
  gateway: (address, what) => ({
    title: { en: `${address} is the gateway`, 'zh-CN': `${address} 是网关` },
    cause: {
      en: `The default route of ${what} leads to it.`,
      'zh-CN': `${what} 的默认路由指向它。`,
    },
    impact: {
      en: 'The nodes would answer for their own gateway: the whole network loses its way out.',
      'zh-CN': '节点会代替网关应答，整个网络失去出口。',
    },
  }),
  outside: (address, what) => ({
    title: {
      en: `${address} is not in the management network`,
      'zh-CN': `${address} 不在管理网络中`,
    },
    cause: {
      en: `The management network is ${what}. kube-vip announces the address by ARP, which does not leave it.`,
      'zh-CN': `管理网络是 ${what}。kube-vip 通过 ARP 通告地址，ARP 不会离开该网络。`,
    },
    impact: NOWHERE_IMPACT,
  }),
  'no-host': (address, what) => ({
    title: { en: `${address} is no host's address`, 'zh-CN': `${address} 不是主机地址` },
    cause: {
      en: `It is the first or the last of ${what}: the network itself, or its broadcast.`,
      'zh-CN': `它是 ${what} 的首个或末个地址：网络地址或广播地址。`,
    },
    impact: NOWHERE_IMPACT,
  }),
  taken: (address, what) => ({
    title: { en: `${address} is taken already`, 'zh-CN': `${address} 已被占用` },
    cause: { en: `ARP is answered by ${what}.`, 'zh-CN': `应答 ARP 的是 ${what}。` },
    impact: TAKEN_IMPACT,
  }),
  offered: (address, what) => ({
    title: { en: `A DHCP server hands out ${address}`, 'zh-CN': `有 DHCP 服务器在分配 ${address}` },
    cause: {
      en: `${what} offers it to whoever asks. Take it out of the pool first.`,
      'zh-CN': `${what} 会把它分配给任何请求者。请先将其移出地址池。`,
    },
    impact: {
      en: 'Some day another machine is given the address, and both answer.',
      'zh-CN': '迟早会有另一台机器获得该地址，届时两者都会应答。',
    },
  }),
};
