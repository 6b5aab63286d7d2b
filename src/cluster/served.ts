import type { Member } from './decide.ts';
import type { ClusterSnapshot } from './model.ts';
import type { ClusterJudgement } from './problem.ts';

interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

type Parts = Pick<ClusterSnapshot, 'endpoints'>;

/**
 * Judges whether a Ready Pod stands behind a well-known Service; says nothing where it does not exist, or was not asked for. It decides:
 * it is seen by the Service's Endpoints, which a node may get by name, and not by its Pods, which it may not list (KEP-4601), so
 * every identity gets the same answer. `factsOf` tells what is wrong from `namespace/name`; it may pass within `deadlineSeconds`.
 */
export function judgeServed<F>(
  parts: Parts,
  service: ServiceName,
  deadlineSeconds: number,
  factsOf: (subject: string) => F,
): ClusterJudgement<F>[] {
  const subject = `${service.namespace}/${service.name}`;
  const served = servedBy(parts, service);
  if (served === 'absent') return [];
  const severity = 'critical';
  if (typeof served === 'object') return [{ status: 'unknown', subject, severity, unknown: served, evidence: [] }];
  const value = served === 'good' ? 'a Ready Pod' : 'no Ready Pod';
  const evidence = [{ source: `endpoints ${subject}`, value, wanted: 'a Ready Pod' }];
  if (served === 'good') return [{ status: 'ok', subject, evidence }];
  return [{ status: 'problem', subject, severity, settles: { deadlineSeconds }, facts: factsOf(subject), evidence }];
}

function servedBy({ endpoints }: Parts, { namespace, name }: ServiceName): Member | 'absent' {
  const found = endpoints.find((one) => one.namespace === namespace && one.name === name);
  if (found === undefined) return 'absent';
  const { addresses } = found;
  if (addresses.known) return addresses.value.ready.length > 0 ? 'good' : 'bad';
  return addresses.reason === 'absent' ? 'absent' : addresses;
}
