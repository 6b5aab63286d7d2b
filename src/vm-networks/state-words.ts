import type { Lang } from '../lang.ts';
import type { NetworkState } from '../probes/vm-network/outcome.ts';

/** Harvester's own words for the state, as its page shows them. */
export const STATE_WORDS: Readonly<Record<Lang, Readonly<Record<NetworkState, string>>>> = {
  en: { active: 'Active', inactive: 'Inactive', unknown: 'not known' },
  'zh-CN': { active: 'Active（已连通）', inactive: 'Inactive（未连通）', unknown: '未知' },
};
