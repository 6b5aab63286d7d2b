import { type Condition, type Inherited, inheritedFrom } from '../cluster-report.ts';
import { type FleetJudgement, type FleetMemory, freshMemory, judgeFleet } from '../judge-fleet.ts';
import { type NodeReport, nodeReportOf, type ReportedFinding } from '../node-report.ts';
import type { FleetSight, Heartbeat, Moment } from '../sight.ts';

const DURATION_MS = 180_000;
export const BAD = {
  problem: 'ip-forward',
  status: 'problem',
  severity: 'critical',
  title: 'Forwarding is off',
} as const;

export interface NodeSketch {
  readonly findings?: readonly Partial<ReportedFinding>[];
  readonly facts?: Record<string, string>;
  readonly settings?: Record<string, string>;
  readonly launch?: NodeReport['launch'];
  readonly profile?: string;
}

export function reported(name: string, sketch: NodeSketch = {}): NodeReport {
  const {
    findings = [],
    facts = { kernel: '6.4.0' },
    settings = {},
    launch = 'launched',
    profile = 'generic',
  } = sketch;
  const read = nodeReportOf({
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1' },
    status: { agent: { version: '1' }, profile, launch, facts, settings, findings, counts: {}, guard: {} },
  });
  if (!read) throw new TypeError('a report that cannot be read');
  return read;
}

export const at = (seconds: number): Moment => ({
  ms: seconds * 1000,
  text: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().replace('.000Z', 'Z'),
});
export const beat = (renewed: string, changedS: number): Heartbeat => ({
  renewed,
  durationMs: DURATION_MS,
  changedMs: changedS * 1000,
});

/** A cluster that is played: what is seen is changed, and it is judged as time goes by. */
export function play(sketches: Record<string, NodeSketch | undefined>, more: Partial<FleetSight> = {}) {
  const nodes = new Map(Object.keys(sketches).map((name) => [name, { name, uid: `uid-${name}` }]));
  const reports = new Map<string, NodeReport>();
  const heartbeats = new Map<string, Heartbeat>();
  for (const [name, sketch] of Object.entries(sketches)) {
    if (!sketch) continue;
    reports.set(name, reported(name, sketch));
    heartbeats.set(name, beat('first', 0));
  }
  const seen: { -readonly [K in keyof FleetSight]: FleetSight[K] } = {
    nodes,
    reports,
    heartbeats,
    seeingSinceMs: 0,
    unseenSinceMs: { reports: undefined, leases: undefined },
    confirmedMs: 0,
    status: { verdict: 'ready', findings: [], unknownLooks: 0 },
    inherited: undefined,
    ...more,
  };
  let memory: FleetMemory = freshMemory(seen);
  return {
    seen,
    reports,
    heartbeats,
    /** What of the whole is seen now: Leases are asked for afresh, as the controller does where there are suspects. */
    look(seconds: number): FleetJudgement {
      seen.confirmedMs = seconds * 1000;
      return this.lookUnconfirmed(seconds);
    },
    lookUnconfirmed(seconds: number): FleetJudgement {
      const judged = judgeFleet(seen, memory, at(seconds));
      memory = judged.memory;
      return judged;
    },
  };
}

export function conditionOf({ report }: FleetJudgement, type: Condition['type']): Condition | undefined {
  return report.conditions.find((one) => one.type === type);
}

/** What the next leader reads of what the last one wrote. */
export function successorOf({ report }: FleetJudgement): Inherited {
  const inherited = inheritedFrom({
    metadata: { name: 'cluster', uid: 'u', generation: 1 },
    status: JSON.parse(JSON.stringify(report)),
  });
  if (!inherited) throw new TypeError('a report that cannot be read');
  return inherited;
}
