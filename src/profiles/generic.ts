import type { Profile } from './profile.ts';

const CANDIDATE = {
  en: 'No Kubernetes distribution can be installed on this kernel as it is: all of them load this module.',
  'zh-CN': '目前的内核无法安装任何 Kubernetes 发行版：它们都要加载该模块。',
};

/**
 * A machine on which none of the distributions hayward knows by name was found. No setting is wanted of it by a table:
 * it is judged by what its own topology shows, so that a plain machine raises no false alarm, and as a candidate for a
 * node: the modules are those that every distribution loads for itself when it is installed.
 */
export const generic: Profile = {
  name: 'generic',
  title: { en: 'No known distribution: judged by its topology', 'zh-CN': '未识别的发行版：按实际拓扑判断' },
  kubernetes: false,
  wants: [],
  modules: ['br_netfilter', 'overlay', 'nf_conntrack', 'vxlan'].map((name) => ({ name, reason: CANDIDATE })),
  bridgeNetfilter: 'by-topology',
  persistence: 'etc',
  resetters: [],
  proxyMode: 'any',
};
