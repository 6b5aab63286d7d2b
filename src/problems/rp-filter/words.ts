import type { Words } from '../../judging/problem.ts';
import type { Asymmetry } from '../../topology/reverse-path.ts';

export type ReversePathFacts =
  | { readonly kind: 'asymmetric'; readonly links: readonly string[]; readonly asymmetry: Asymmetry }
  | { readonly kind: 'counted'; readonly links: readonly string[]; readonly packets: number };

const IMPACT: Words['impact'] = {
  en: 'Packets vanish without a trace on one path only: a NodePort answers on one node only, DNS times out, ping works one way round.',
  'zh-CN': '报文只在某一条路径上无声消失：NodePort 只有一个节点能访问，DNS 超时，ping 只有单方向可用。',
};

/** Said every time, because a well-known article has it the wrong way round. */
const MODES = {
  en: '0 is off, 1 strict, 2 loose; the larger of "all" and the interface\'s own is in force, so all=1 is strict, not loose.',
  'zh-CN': '0 关闭，1 严格，2 宽松；生效值取 all 与接口自身两者中较大的一个，因此 all=1 是严格模式，不是宽松模式。',
} as const;

export function explainReversePath(facts: ReversePathFacts): Words {
  return facts.kind === 'asymmetric' ? asymmetric(facts.asymmetry) : counted(facts.links, facts.packets);
}

const SHOWN: Readonly<Record<Asymmetry['kind'], (one: Asymmetry) => Words['cause']>> = {
  'shared-subnet': ({ link, returnsBy, shownBy }) => ({
    en: `${link} and ${returnsBy} both have an address in ${shownBy}; answers to that network leave by ${returnsBy}`,
    'zh-CN': `${link} 与 ${returnsBy} 在同一网段 ${shownBy} 都有地址，发往该网段的应答从 ${returnsBy} 出去`,
  }),
  'neighbour-elsewhere': ({ link, returnsBy, shownBy }) => ({
    en: `${shownBy} is a neighbour on ${link}, but the route to it leaves by ${returnsBy}`,
    'zh-CN': `${shownBy} 是 ${link} 上的邻居，但去往它的路由从 ${returnsBy} 出去`,
  }),
  'two-links-to-one-peer': ({ link, returnsBy }) => ({
    en: `${link} and ${returnsBy} lead to the same machine, which may send by one what is routed back by the other`,
    'zh-CN': `${link} 与 ${returnsBy} 通向同一台机器，它可能从其中一条发来、而回程路由走另一条`,
  }),
};

function asymmetric(one: Asymmetry): Words {
  const shown = SHOWN[one.kind](one);
  return {
    title: {
      en: `Strict reverse-path filtering on ${one.link} drops packets that are routed back by ${one.returnsBy}`,
      'zh-CN': `${one.link} 的严格反向路径过滤会丢弃回程走 ${one.returnsBy} 的报文`,
    },
    cause: {
      en: `${shown.en}: in strict mode the kernel drops what comes in by ${one.link} from there. ${MODES.en}`,
      'zh-CN': `${shown['zh-CN']}：严格模式下，内核会丢弃由此从 ${one.link} 进入的报文。${MODES['zh-CN']}`,
    },
    impact: IMPACT,
  };
}

function counted(links: readonly string[], packets: number): Words {
  return {
    title: {
      en: `The kernel has dropped ${packets} ${packets === 1 ? 'packet' : 'packets'} by strict reverse-path filtering`,
      'zh-CN': `内核因严格反向路径过滤已丢弃 ${packets} 个报文`,
    },
    cause: {
      en: `Packets arrived on an interface their sender's route does not lead back to; ${links.join(', ')} ${links.length === 1 ? 'is' : 'are'} strict. ${MODES.en}`,
      'zh-CN': `有报文从“回程路由不经过”的接口进入；${links.join('、')} 处于严格模式。${MODES['zh-CN']}`,
    },
    impact: IMPACT,
  };
}
