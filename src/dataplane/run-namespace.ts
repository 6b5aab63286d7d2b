import type { ListedObject } from '../cluster/client/list.ts';
import { identityOf, objectAt, textAt } from '../cluster/object-fields.ts';

/** Namespaces that a run of `hayward dataplane` makes for itself carry both. */
export const RUN_LABELS = { 'app.kubernetes.io/managed-by': 'hayward', 'hayward.internal/dataplane': 'run' } as const;
export const RUN_SELECTOR = Object.entries(RUN_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');
/** RFC 3339: a run that still goes on puts it off; one that was killed does not. */
export const EXPIRES = 'hayward.internal/expires';

/** A namespace of a run whose time is over. */
export interface ExpiredRun {
  readonly name: string;
  readonly expired: string;
}

/** RFC 3339, as the API's own times are: a date alone would be midnight in some place. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Whether a Namespace is of a run and its time is over. What has not both labels, or a time that can be read, is not ours to remove,
 * and what is being deleted needs no more. The labels are looked at here too, whatever a server makes of a selector.
 */
export function expiredRunOf(object: ListedObject, nowMs: number): ExpiredRun | undefined {
  const identity = identityOf(object);
  if (!identity) return undefined;
  const labels = objectAt(object, 'metadata', 'labels');
  if (!Object.entries(RUN_LABELS).every(([key, value]) => textAt(labels, key) === value)) return undefined;
  const expired = textAt(objectAt(object, 'metadata', 'annotations'), EXPIRES) ?? '';
  const at = TIME.test(expired) ? Date.parse(expired) : Number.NaN;
  return at < nowMs ? { name: identity.name, expired } : undefined;
}
