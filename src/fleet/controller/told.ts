import { harmless, harmlessJson } from '../../hosts/sanitise.ts';
import type { Bilingual, Lang } from '../../lang.ts';
import { type LeadTold, leadWords, type SightTold } from '../../vm-networks/controller/leading.ts';

/** What the controller tells of itself and of the cluster, one line each. */
export type FleetTold =
  | LeadTold
  | SightTold
  /** It leads; `nodes` and `reports` as first seen. */
  | { readonly type: 'judging'; readonly nodes: number; readonly reports: number }
  | {
      readonly type: 'condition';
      readonly condition: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }
  | { readonly type: 'node'; readonly node: string; readonly state: string; readonly reason: string }
  | { readonly type: 'refused'; readonly object: string; readonly detail: string }
  | { readonly type: 'swept'; readonly namespace: string; readonly expired: string };

export type TellFleet = (told: FleetTold) => void;

/** What is told as one line, with the time it happened; as JSON where nobody reads it at a terminal. */
export function fleetLine(
  told: FleetTold,
  at: Date,
  { lang, json }: { readonly lang: Lang; readonly json: boolean },
): string {
  const time = at.toISOString();
  if (json) return `${harmlessJson(JSON.stringify({ at: time, ...told }))}\n`;
  return `${time} ${harmless(wordsOf(told)[lang])}\n`;
}

/** What is not seen is told when it is told otherwise: an attempt every half minute says the same for hours. */
export function tellingOnce<E extends { readonly type: string }>(tell: (event: E) => void): (event: E) => void {
  const last = new Map<unknown, unknown>();
  return (event) => {
    if (event.type === 'sight' && 'what' in event && 'detail' in event) {
      if ((last.get(event.what) ?? '') === event.detail) return;
      last.set(event.what, event.detail);
    }
    tell(event);
  };
}

function wordsOf(told: FleetTold): Bilingual {
  switch (told.type) {
    case 'started':
      return {
        en: `controller ${told.name} at ${told.server}`,
        'zh-CN': `控制器 ${told.name}，API 服务器 ${told.server}`,
      };
    case 'judging':
      return {
        en: `leading: ${told.nodes} nodes, ${told.reports} reports`,
        'zh-CN': `成为主控：${told.nodes} 个节点，${told.reports} 份报告`,
      };
    case 'condition':
      return {
        en: `${told.condition} is ${told.status} (${told.reason}): ${told.message}`,
        'zh-CN': `${told.condition} 为 ${told.status}（${told.reason}）：${told.message}`,
      };
    case 'node':
      return {
        en: `node ${told.node}: ${told.state}${told.reason === '' ? '' : ` (${told.reason})`}`,
        'zh-CN': `节点 ${told.node}：${told.state}${told.reason === '' ? '' : `（${told.reason}）`}`,
      };
    case 'refused':
      return {
        en: `${told.object} could not be written: ${told.detail}`,
        'zh-CN': `无法写入 ${told.object}：${told.detail}`,
      };
    case 'swept':
      return {
        en: `removed namespace ${told.namespace}, left behind by a run that expired ${told.expired}`,
        'zh-CN': `已删除命名空间 ${told.namespace}：遗留自 ${told.expired} 过期的运行`,
      };
    default:
      return leadWords(told);
  }
}
