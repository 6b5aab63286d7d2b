import type { Evidence, Finding } from '../judging/finding.ts';
import type { Bilingual, Lang } from '../lang.ts';
import type { Judged } from './judged.ts';
import { type Causes, type Verdict, verdictOfOne } from './verdict.ts';

const TITLES: Readonly<Record<Verdict, Bilingual>> = {
  ready: { en: 'The cluster is ready', 'zh-CN': '集群已就绪' },
  settling: { en: 'The cluster is settling', 'zh-CN': '集群正在恢复' },
  'not-ready': { en: 'The cluster is not ready', 'zh-CN': '集群未就绪' },
  unknown: { en: 'Whether the cluster is ready is not known', 'zh-CN': '无法判断集群是否就绪' },
};

const IMPACTS: Readonly<Record<Exclude<Verdict, 'ready'>, Bilingual>> = {
  settling: {
    en: 'Each of these may pass by itself and is still inside its deadline.',
    'zh-CN': '这些情况可能自行恢复，且仍在期限之内。',
  },
  'not-ready': {
    en: 'Each of these is a definite fault, or past the time within which it would have passed by itself.',
    'zh-CN': '这些是确定的故障，或已超过自行恢复的期限。',
  },
  unknown: {
    en: 'What decides could not be seen. That is no sign that something is wrong.',
    'zh-CN': '起决定作用的内容未能看到，这并不表示有故障。',
  },
};

interface Answered {
  readonly judged: readonly Judged[];
  readonly causes: Causes;
  readonly target: string;
  readonly lang: Lang;
}

/** The verdict as a finding, with what decided it as its evidence. */
export function clusterReady(verdict: Verdict, { judged, causes, target, lang }: Answered): Finding {
  const deciding = judged.filter(
    (one) => one.decides && verdictOfOne(one, causes.get(one.finding.problem)) === verdict,
  );
  const base = {
    problem: 'cluster-ready',
    target,
    subject: '',
    title: TITLES[verdict][lang],
    evidence: deciding.map(({ finding }) => evidenceOf(finding)),
    remedies: [],
    docs: 'docs/problems/cluster-ready.md',
  } as const;
  if (verdict === 'ready') return { ...base, status: 'ok', severity: 'info', cause: '', impact: '', prove: '' };
  const told = {
    severity: 'critical',
    cause: deciding.map(({ finding }) => finding.title).join(lang === 'en' ? '; ' : '；'),
    impact: IMPACTS[verdict][lang],
    prove: "kubectl get --raw '/readyz?verbose'",
  } as const;
  const first = deciding[0]?.finding.unknown;
  if (verdict === 'unknown') {
    const why = first ?? { reason: 'not-collected', detail: '' };
    return { ...base, ...told, cause: why.detail, status: 'unknown', unknown: why };
  }
  const sinces = deciding.flatMap(({ finding }) => finding.since ?? []).sort();
  return {
    ...base,
    ...told,
    status: 'problem',
    phase: verdict === 'settling' ? 'settling' : 'definite',
    ...(sinces[0] !== undefined && { since: sinces[0] }),
  };
}

function evidenceOf({ problem, subject, title, phase, unknown }: Finding): Evidence {
  const state = unknown?.reason ?? phase ?? '';
  return {
    source: subject === '' ? problem : `${problem} ${subject}`,
    value: state === '' ? title : `${title} (${state})`,
  };
}
