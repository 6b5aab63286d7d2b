import type { Judged } from './judged.ts';

/** Whether the cluster is ready: the one answer of `hayward status`. */
export type Verdict = 'ready' | 'settling' | 'not-ready' | 'unknown';

/** A cause by the problem it explains: of those that are seen, the first it depends on. */
export type Causes = ReadonlyMap<string, Judged>;

/**
 * The verdict of what was judged. Critical alone counts. A definite fault, or one that comes and goes and is there now, is not ready;
 * what is inside its deadline, has been bad too often to be trusted, or follows from a cause inside *its* deadline, is settling; what
 * could not be seen leaves it unknown. A cause that is no more than a warning makes
 * no consequence smaller.
 */
export function verdictOf(judged: readonly Judged[], causes: Causes): Verdict {
  const critical = judged.filter(({ decides }) => decides);
  const verdicts = critical.map((one) => verdictOfOne(one, causes.get(one.finding.problem)));
  return ORDER.find((verdict) => verdicts.includes(verdict)) ?? 'ready';
}

/** The worst that is certain first; a restart explains what cannot be seen meanwhile. */
const ORDER: readonly Verdict[] = ['not-ready', 'settling', 'unknown'];

/** What one that is critical says of the cluster. */
export function verdictOfOne({ finding, badNow }: Judged, cause: Judged | undefined): Verdict {
  if (finding.status === 'unknown') return 'unknown';
  if (!badNow || finding.phase === 'settling') return 'settling';
  return cause?.decides === true && cause.finding.phase === 'settling' ? 'settling' : 'not-ready';
}
