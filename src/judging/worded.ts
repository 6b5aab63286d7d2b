import type { Bilingual, Lang } from '../lang.ts';
import type { Finding, Judgement } from './finding.ts';
import type { Words } from './problem.ts';

/** What was judged: a problem of a node, one of a cluster, or a rule for manifests. */
interface About<F> {
  readonly id: string;
  /** What it is about, when nothing is wrong. */
  readonly title: Bilingual;
  explain(facts: F): Words;
}

/**
 * A judgement in words. Nothing to prove it by and no remedies: whoever judged adds what it has. Where nothing is wrong, or it does not
 * apply, it is information.
 */
export function wordedFinding<F>(
  about: About<F>,
  judgement: Judgement<F>,
  { target, lang }: { readonly target: string; readonly lang: Lang },
): Finding {
  const base = {
    problem: about.id,
    target,
    subject: judgement.subject,
    status: judgement.status,
    title: about.title[lang],
    cause: '',
    impact: '',
    evidence: judgement.evidence,
    prove: '',
    remedies: [],
    docs: `docs/problems/${about.id}.md`,
  } as const;
  switch (judgement.status) {
    case 'ok':
      return { ...base, severity: 'info' };
    case 'not-applicable':
      return { ...base, severity: 'info', cause: judgement.why };
    case 'unknown': {
      const { reason, detail } = judgement.unknown;
      return { ...base, severity: judgement.severity, cause: detail, unknown: { reason, detail } };
    }
    case 'problem': {
      const words = about.explain(judgement.facts);
      const { severity } = judgement;
      return { ...base, severity, title: words.title[lang], cause: words.cause[lang], impact: words.impact[lang] };
    }
  }
}
