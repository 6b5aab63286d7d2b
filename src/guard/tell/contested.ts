import type { Bilingual, Lang } from '../../lang.ts';
import { demandKey, demandValue } from '../demand.ts';
import type { KeptState } from '../keep/kept-key.ts';
import type { GuardPlan, PlanFinding } from '../model.ts';

const PROBLEM = 'setting-contested';

const IMPACT: Bilingual = {
  en: 'Where the kernel does not hold it, repairs come at doubling intervals up to a minute, and it is wrong in between. The guard does not fight: somebody has to stop the other side.',
  'zh-CN':
    '若未由内核拦截，修复间隔会逐次加倍，最长一分钟，其间该值是错误的。守护进程不会与之对抗：需要有人让对方停止改写。',
};

/**
 * The plan's findings, and one for each thing that somebody keeps rewriting at this moment, which a judgement by files
 * cannot see. One that the judgement made of the same thing says why, and gets the writers. Pure.
 */
export function withContested(
  { findings, demands, target }: GuardPlan,
  stateOf: (key: string) => KeptState | undefined,
  lang: Lang,
): readonly PlanFinding[] {
  const contested = new Map<string, PlanFinding>();
  for (const demand of demands) {
    const key = demandKey(demand);
    const state = stateOf(key);
    if (!state?.contested) continue;
    const judged = findings.find((one) => isContest(one) && one.subject === key);
    const seen = evidenceOf(key, state, demandValue(demand), lang);
    const finding = judged ?? findingOf(key, target, state, lang);
    contested.set(key, { ...finding, severity: 'warning', evidence: [...finding.evidence, ...seen] });
  }
  if (contested.size === 0) return findings;
  const others = findings.filter(
    (one) => one.problem !== PROBLEM || (one.status !== 'ok' && !(isContest(one) && contested.has(one.subject))),
  );
  return [...others, ...contested.values()];
}

function isContest({ problem, status }: PlanFinding): boolean {
  return problem === PROBLEM && status === 'problem';
}

function findingOf(key: string, target: string, { writers }: KeptState, lang: Lang): PlanFinding {
  const title: Bilingual = { en: `${key} is rewritten again and again`, 'zh-CN': `${key} 被反复改写` };
  const by = writers.length > 0 ? writers.join(', ') : UNSEEN[lang];
  const cause: Bilingual = {
    en: `Rewritten more than five times within a minute by ${by}.`,
    'zh-CN': `一分钟内被改写五次以上，改写者：${by}。`,
  };
  return {
    problem: PROBLEM,
    target,
    subject: key,
    status: 'problem',
    severity: 'warning',
    title: title[lang],
    cause: cause[lang],
    impact: IMPACT[lang],
    evidence: [],
    prove: 'hayward guard status',
    remedies: [],
    docs: `docs/problems/${PROBLEM}.md`,
  };
}

const UNSEEN: Bilingual = {
  en: 'somebody who is only seen with --enforce kernel or observe',
  'zh-CN': '某个程序（只有 --enforce kernel 或 observe 能看到是谁）',
};
const WRITER: Bilingual = { en: 'a writer, seen by the guard', 'zh-CN': '守护进程看到的改写者' };

function evidenceOf(key: string, { writers, value }: KeptState, wanted: string, lang: Lang): PlanFinding['evidence'] {
  return [
    ...writers.map((writer) => ({ source: WRITER[lang], value: writer })),
    ...(value === null ? [] : [{ source: key, value: value.trim(), wanted }]),
  ];
}
