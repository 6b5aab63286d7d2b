import { defineProblem } from '../judging/problem.ts';
import { durable } from '../remedies/persist/durable.ts';
import type { Step } from '../remedies/step.ts';
import { holdReversePath } from './rp-filter/hold.ts';
import { judgeReversePath, NEEDS, own } from './rp-filter/judge.ts';
import { explainReversePath } from './rp-filter/words.ts';

/** Strict reverse-path filtering where packets really come in by one interface and are answered by another. */
export const rpFilter = defineProblem({
  id: 'rp-filter',
  title: { en: 'Reverse-path filtering', 'zh-CN': '反向路径过滤' },
  needs: NEEDS,
  check: judgeReversePath,
  explain: explainReversePath,
  prove: () => 'sysctl -a 2>/dev/null | grep -w rp_filter; grep -A1 ^TcpExt /proc/net/netstat; ip route',
  remedies({ links }, parts, profile) {
    const settings = links.map((link) => ({ key: own(link), value: '2' }));
    return [
      {
        id: 'loosen',
        summary: {
          en: `Make reverse-path filtering loose on ${links.join(', ')}`,
          'zh-CN': `将 ${links.join('、')} 的反向路径过滤设为宽松模式`,
        },
        risk: 'low',
        scope: 'now',
        steps: settings.map((setting): Step => ({ kind: 'setting', ...setting })),
        probe: { kind: 'forwarding', asymmetric: true, ...(links[0] !== undefined && { like: links[0] }) },
      },
      ...durable({ settings }, 'rp-filter', profile, parts),
    ];
  },
  holds: holdReversePath,
});
