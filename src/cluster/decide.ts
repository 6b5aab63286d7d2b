import type { Unknown } from '../hosts/reading.ts';
import type { Severity } from '../judging/finding.ts';

/** One of several that do the same: an API server, a node. */
export type Member = 'good' | 'bad' | Unknown;

/**
 * Whether at least one of many is good, where one is enough. Good as soon as one is seen to be; bad only when all are seen to be
 * bad; otherwise what is not known decides. So no reading that is refused can turn good into bad or bad into good.
 */
export function oneOf(members: readonly Member[]): Member {
  if (members.includes('good')) return 'good';
  return members.find((member): member is Unknown => typeof member === 'object') ?? 'bad';
}

/** How much it matters that one of many is not known: nothing, where another is seen to be good. */
export function unknownSeverity(all: Member): Severity {
  return all === 'good' ? 'info' : 'critical';
}
