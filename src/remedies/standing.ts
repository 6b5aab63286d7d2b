import type { ActingHost } from '../hosts/host.ts';
import { differences, isVolatile, observe } from './execute.ts';
import type { StepRecord } from './run-record.ts';

/** How a journalled step stands on the node now. */
export type Standing =
  /** As the run left it. */
  | 'stands'
  /** Something else changed it since. */
  | 'changed-since'
  | 'taken-back'
  /** It was so before, or the step was never carried out. */
  | 'nothing-changed'
  /** It went with a reboot. */
  | 'gone'
  | 'unknown';

/** Looks at the node. `sameBoot`: the run was of the present boot. */
export async function standingOf(host: ActingHost, record: StepRecord, sameBoot: boolean): Promise<Standing> {
  const { step, phase, before, after, already } = record;
  if (phase === 'undone') return 'taken-back';
  if (already || !before || phase === 'planned' || phase === 'void') return 'nothing-changed';
  if (isVolatile(step) && !sameBoot) return 'gone';
  const present = await observe(host, step);
  if (!present.known) return 'unknown';
  const isBefore = differences(step, before, present.value).length === 0;
  if (!after) return isBefore ? 'nothing-changed' : 'unknown';
  return differences(step, after, present.value).length === 0 ? 'stands' : 'changed-since';
}
