import { harmless, harmlessJson } from '../../hosts/sanitise.ts';
import type { Bilingual, Lang } from '../../lang.ts';
import type { NetworkReason, NetworkState } from '../../probes/vm-network/outcome.ts';
import { STATE_WORDS } from '../state-words.ts';

/** What an agent tells, one line each. */
export type AgentEvent =
  | { readonly type: 'started'; readonly node: string; readonly server: string }
  | { readonly type: 'asked'; readonly networks: number }
  /** Told when it is another than before. */
  | {
      readonly type: 'found';
      readonly network: string;
      readonly state: NetworkState;
      readonly reason: NetworkReason;
      readonly message: string;
    }
  /** What is asked is not seen for now, or again: `detail` is empty. */
  | { readonly type: 'sight'; readonly detail: string }
  | { readonly type: 'refused'; readonly detail: string }
  | { readonly type: 'stopped' };

export type TellAgent = (event: AgentEvent) => void;

/** An event as one line, with the time it happened. */
export function agentLine(
  event: AgentEvent,
  at: Date,
  { lang, json }: { readonly lang: Lang; readonly json: boolean },
) {
  const time = at.toISOString();
  if (json) return `${harmlessJson(JSON.stringify({ at: time, ...event }))}\n`;
  return `${time} ${harmless(wordsOf(event)[lang])}\n`;
}

function wordsOf(event: AgentEvent): Bilingual {
  switch (event.type) {
    case 'started':
      return {
        en: `agent of node ${event.node} at ${event.server}`,
        'zh-CN': `节点 ${event.node} 的 agent，API 服务器 ${event.server}`,
      };
    case 'asked':
      return { en: `${event.networks} VM networks to probe`, 'zh-CN': `需要探测 ${event.networks} 个虚拟机网络` };
    case 'found':
      return found(event);
    case 'sight':
      return event.detail === ''
        ? { en: 'what is asked is seen again', 'zh-CN': '又能看到探测请求了' }
        : { en: `what is asked is not seen: ${event.detail}`, 'zh-CN': `看不到探测请求：${event.detail}` };
    case 'refused':
      return { en: `answers could not be written: ${event.detail}`, 'zh-CN': `无法写入结果：${event.detail}` };
    case 'stopped':
      return { en: 'stopped', 'zh-CN': '已停止' };
  }
}

function found({ network, state, reason, message }: Extract<AgentEvent, { type: 'found' }>): Bilingual {
  const more = message === '' ? '' : `: ${message}`;
  return {
    en: `${network} ${STATE_WORDS.en[state]} (${reason})${more}`,
    'zh-CN': `${network} ${STATE_WORDS['zh-CN'][state]}（${reason}）${more}`,
  };
}
