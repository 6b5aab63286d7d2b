import { phasesAfter } from '../../topology/launch-phase.ts';
import type { GuardPlan } from '../model.ts';

/** How far a service has come since boot; it never falls back behind that. */
export type Progress = 'launching' | 'launched';

/** What services have been seen to reach, whichever plan stood at that moment. */
export interface Course {
  /** `unit` as systemd names it. False where that was known, or it had come further. */
  reached(unit: string, progress: Progress): boolean;
  /** The plan as it is from what was reached on: one whose judgement began before it knows nothing of it. */
  advanced(plan: GuardPlan): GuardPlan;
}

export function makeCourse(): Course {
  const come = new Map<string, Progress>();
  return {
    reached(unit, progress) {
      const before = come.get(unit);
      if (before === progress || before === 'launched') return false;
      come.set(unit, progress);
      return true;
    },
    advanced(plan) {
      const { ahead, ...present } = plan;
      if (ahead === undefined) return plan;
      const reached = ahead.services.map((unit) => come.get(unit));
      const progress = (['launched', 'launching'] as const).find((one) => reached.includes(one));
      const stage = ahead.stages.find(({ phase }) => phase === progress);
      if (stage === undefined) return plan;
      const stages = ahead.stages.filter(({ phase }) => phasesAfter(stage.phase).includes(phase));
      return { ...present, ...stage, ...(stages.length > 0 && { ahead: { ...ahead, stages } }) };
    },
  };
}
