import { harmless, harmlessJson } from '../../hosts/sanitise.ts';
import type { Bilingual, Lang } from '../../lang.ts';
import { type LeadTold, leadWords, type SightTold } from './leading.ts';

/** What a controller tells of itself and of the networks, one line each. */
export type ControllerEvent =
  | LeadTold
  | SightTold
  | { readonly type: 'leading'; readonly networks: number; readonly nodes: number }
  | {
      readonly type: 'connected';
      readonly network: string;
      readonly status: 'True' | 'False' | 'Unknown';
      readonly reason: string;
      readonly message: string;
    }
  | { readonly type: 'route-written'; readonly network: string; readonly route: string }
  | { readonly type: 'route-stale'; readonly network: string; readonly reason: string; readonly message: string }
  | { readonly type: 'refused'; readonly object: string; readonly detail: string };

export type Tell = (event: ControllerEvent) => void;

export interface EventLineOptions {
  readonly lang: Lang;
  /** JSON lines: nobody reads them at a terminal. */
  readonly json: boolean;
}

/** An event as one line, with the time it happened. */
export function eventLine(event: ControllerEvent, at: Date, { lang, json }: EventLineOptions): string {
  const time = at.toISOString();
  if (json) return `${harmlessJson(JSON.stringify({ at: time, ...event }))}\n`;
  return `${time} ${harmless(wordsOf(event)[lang])}\n`;
}

const CONNECTED: Readonly<Record<'True' | 'False' | 'Unknown', Bilingual>> = {
  True: { en: 'connected', 'zh-CN': '已连通' },
  False: { en: 'not connected', 'zh-CN': '未连通' },
  Unknown: { en: 'not known', 'zh-CN': '未知' },
};

function wordsOf(event: ControllerEvent): Bilingual {
  switch (event.type) {
    case 'started':
      return {
        en: `controller of VM networks ${event.name} at ${event.server}`,
        'zh-CN': `虚拟机网络控制器 ${event.name}，API 服务器 ${event.server}`,
      };
    case 'leading':
      return {
        en: `leading: ${event.networks} VM networks on ${event.nodes} nodes`,
        'zh-CN': `成为主控：${event.networks} 个虚拟机网络，${event.nodes} 个节点`,
      };
    case 'connected': {
      const more = event.message === '' ? '' : `: ${event.message}`;
      const words = CONNECTED[event.status];
      return {
        en: `${event.network} ${words.en} (${event.reason})${more}`,
        'zh-CN': `${event.network} ${words['zh-CN']}（${event.reason}）${more}`,
      };
    }
    case 'route-written':
      return { en: `${event.network}: route ${event.route}`, 'zh-CN': `${event.network}：已写入 route ${event.route}` };
    case 'route-stale':
      return {
        en: `${event.network}: the route is not true and left alone (${event.reason}): ${event.message}`,
        'zh-CN': `${event.network}：route 与事实不符，但不改动（${event.reason}）：${event.message}`,
      };
    case 'refused':
      return {
        en: `${event.object} could not be written: ${event.detail}`,
        'zh-CN': `无法写入 ${event.object}：${event.detail}`,
      };
    default:
      return leadWords(event);
  }
}
