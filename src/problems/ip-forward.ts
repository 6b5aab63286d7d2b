import { sourceOf } from '../hosts/ask.ts';
import { defineProblem } from '../judging/problem.ts';
import { holdForwarding } from './ip-forward/hold.ts';
import { judgeForwarding, NEEDS } from './ip-forward/judge.ts';
import { planForwarding } from './ip-forward/plan.ts';
import { explainForwarding } from './ip-forward/words.ts';

/** The host does not forward packets it has to forward. */
export const ipForward = defineProblem({
  id: 'ip-forward',
  title: { en: 'IP forwarding', 'zh-CN': 'IP 转发' },
  needs: NEEDS,
  check: judgeForwarding,
  explain: explainForwarding,
  prove: ({ key }) => sourceOf(['cat', `/proc/sys/${key}`]),
  remedies: planForwarding,
  holds: holdForwarding,
});
