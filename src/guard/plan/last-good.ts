import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { GuardPlan } from '../model.ts';

/** The last plan of a node without critical problems (others it may have had for years), kept over reboots, for the first judgement after an upgrade to be compared with. */
export interface LastGood {
  /** Undefined where there is none, or none that can be read. */
  read(): GuardPlan | undefined;
  /** Keeps a plan without critical problems, where it says anything new. */
  keep(plan: GuardPlan): void;
}

export function lastGoodAt(path: string, complain: (why: string) => void): LastGood {
  let kept: string | undefined;
  return {
    read() {
      try {
        const plan: unknown = JSON.parse(readFileSync(path, 'utf8'));
        if (isPlan(plan)) return plan;
        setAside(path, complain);
        return undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') setAside(path, complain);
        return undefined;
      }
    },
    keep(plan) {
      const summary = JSON.stringify([plan.bootId, plan.versions, plan.demands, problemsOf(plan)]);
      if (summary === kept || plan.phase === 'launching' || isBad(plan)) return;
      kept = summary;
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        const temporary = `${path}.new`;
        writeFileSync(temporary, JSON.stringify(plan), { mode: 0o600, flush: true });
        renameSync(temporary, path);
      } catch (error) {
        complain(`what was good could not be kept: ${(error as Error).message}`);
      }
    },
  };
}

/** Of this version, and with everything in it that is compared. */
function isPlan(value: unknown): value is GuardPlan {
  const { schemaVersion, bootId, versions, demands, findings } = (value ?? {}) as Partial<GuardPlan>;
  return (
    schemaVersion === 1 &&
    typeof bootId === 'string' &&
    [versions?.os, versions?.kernel, versions?.distribution].every((one) => typeof one === 'string') &&
    areObjects(demands) &&
    areObjects(findings)
  );
}

function areObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null);
}

function problemsOf({ findings }: GuardPlan): readonly string[] {
  return findings.filter(({ status }) => status === 'problem').map(({ problem, subject }) => `${problem} ${subject}`);
}

function isBad({ findings }: GuardPlan): boolean {
  return findings.some(({ status, severity }) => status === 'problem' && severity === 'critical');
}

function setAside(path: string, complain: (why: string) => void): void {
  const aside = `${path}.corrupt`;
  try {
    renameSync(path, aside);
    complain(`${path} cannot be read; kept as ${aside}`);
  } catch {
    // It stays where it is and is written over.
  }
}
