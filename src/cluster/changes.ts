import type { Finding } from '../judging/finding.ts';
import type { ClusterAnswer } from './judge.ts';
import type { Verdict } from './verdict.ts';

/** What became different from one look to the next. */
export type Change =
  | { readonly kind: 'verdict'; readonly at: string; readonly from: Verdict; readonly to: Verdict }
  | { readonly kind: 'appeared' | 'gone' | 'lost-sight'; readonly at: string; readonly finding: Finding }
  | { readonly kind: 'definite'; readonly at: string; readonly finding: Finding };

type Answer = Pick<ClusterAnswer, 'verdict' | 'findings'>;

/**
 * What changed between two answers; `at` is when the later one was taken (RFC 3339). A problem that can no longer be seen is not gone.
 * The verdict itself is told first, and not again as the finding it is.
 */
export function changesBetween(before: Answer, after: Answer, at: string): Change[] {
  const verdict: Change[] =
    before.verdict === after.verdict ? [] : [{ kind: 'verdict', at, from: before.verdict, to: after.verdict }];
  const earlier = problemsOf(before);
  const later = problemsOf(after);
  const unseen = new Set(after.findings.filter(({ status }) => status === 'unknown').map(keyOf));
  // A check that sees nothing at all has no subjects.
  const blind = new Set(after.findings.filter((one) => one.status === 'unknown' && one.subject === '').map(keyOf));
  const came = [...later].flatMap(([key, finding]): Change[] => {
    const old = earlier.get(key);
    if (!old) return [{ kind: 'appeared', at, finding }];
    const matured = old.phase === 'settling' && finding.phase === 'definite';
    return matured ? [{ kind: 'definite', at, finding }] : [];
  });
  const went = [...earlier]
    .filter(([key]) => !later.has(key))
    .map(([key, finding]): Change => {
      const isUnseen = unseen.has(key) || blind.has(keyOf({ ...finding, subject: '' }));
      return { kind: isUnseen ? 'lost-sight' : 'gone', at, finding };
    });
  return [...verdict, ...came, ...went];
}

function problemsOf({ findings }: Answer): Map<string, Finding> {
  const problems = findings.filter(({ status, problem }) => status === 'problem' && problem !== 'cluster-ready');
  return new Map(problems.map((finding) => [keyOf(finding), finding]));
}

function keyOf({ problem, subject }: Finding): string {
  return `${problem} ${subject}`;
}
