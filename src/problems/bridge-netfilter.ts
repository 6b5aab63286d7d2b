import { sourceOf } from '../hosts/ask.ts';
import { defineProblem } from '../judging/problem.ts';
import { holdBridges } from './bridge-netfilter/hold.ts';
import { GLOBAL, judgeBridges, NEEDS } from './bridge-netfilter/judge.ts';
import { planBridgeNetfilter } from './bridge-netfilter/plan.ts';
import { explainBridgeNetfilter } from './bridge-netfilter/words.ts';

/** Bridged frames are run through iptables where they must not be, or are not where they must. */
export const bridgeNetfilter = defineProblem({
  id: 'bridge-netfilter',
  title: { en: 'Bridged frames and iptables', 'zh-CN': '桥接帧与 iptables' },
  needs: NEEDS,
  check: judgeBridges,
  explain: explainBridgeNetfilter,
  prove(facts) {
    if (facts.kind === 'against-profile') return `sysctl ${GLOBAL}`;
    const show = sourceOf(['ip', '-d', 'link', 'show', 'dev', facts.bridge]);
    return `sysctl ${GLOBAL}; ${show} | grep -o 'nf_call_iptables [01]'; iptables -vnL FORWARD`;
  },
  remedies: planBridgeNetfilter,
  holds: holdBridges,
});
