import { writesAtStart } from './k3s-start.ts';
import type { Profile } from './profile.ts';

/**
 * A machine on which none of the distributions hayward knows by name was found. Nothing is wanted of it by a table: it
 * is judged by what its own topology shows, so that a plain machine raises no false alarm.
 */
export const generic: Profile = {
  name: 'generic',
  title: { en: 'No known distribution: judged by its topology', 'zh-CN': '未识别的发行版：按实际拓扑判断' },
  kubernetes: false,
  wants: [],
  modules: [],
  bridgeNetfilter: 'by-topology',
  persistence: 'etc',
  resetters: ['k3s.service', 'k3s-agent.service'].flatMap(writesAtStart),
  proxyMode: 'any',
};
