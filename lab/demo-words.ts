import type { Bilingual } from '../src/lang.ts';

/** What the demonstration says, step by step. */
export const DEMO_WORDS = {
  network: {
    en: 'The network, in namespaces of its own; nothing of this machine is touched.',
    'zh-CN': '实验网络位于独立的网络命名空间中，不触碰本机的任何设置。',
  },
  healthy: { en: 'Nothing is broken yet', 'zh-CN': '一切正常' },
  broken: { en: 'Now it is broken', 'zh-CN': '现在制造故障' },
  lost: { en: 'The same packet is lost', 'zh-CN': '同样的报文丢失了' },
  doctor: { en: 'The doctor looks for the cause', 'zh-CN': '诊断原因' },
  fix: { en: 'The fix, with a way back', 'zh-CN': '修复（可撤销）' },
  byHand: {
    en: 'hayward leaves the rules to whoever wrote them: this is done by hand',
    'zh-CN': 'hayward 不改动他人写入的规则：此处手工处理',
  },
  passes: { en: 'The packet passes again', 'zh-CN': '报文恢复正常' },
  undo: { en: 'And the way back', 'zh-CN': '撤销修复' },
  lostAgain: { en: 'The fault is back, as it was', 'zh-CN': '故障恢复原状' },
  gone: { en: 'All of it is removed again.', 'zh-CN': '实验环境已全部清除。' },
  answers: { en: 'answered', 'zh-CN': '有应答' },
  silent: { en: 'no answer', 'zh-CN': '无应答' },
} as const satisfies Readonly<Record<string, Bilingual>>;

export function unexpected(what: string): Bilingual {
  return {
    en: `The demonstration did not go as it should: ${what}`,
    'zh-CN': `演示未按预期进行：${what}`,
  };
}
