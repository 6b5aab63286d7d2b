import type { ReportStanding } from '../fleet/reporter.ts';
import type { ReportTrouble } from '../fleet/speaker.ts';
import type { Unknown, UnknownReason } from '../hosts/reading.ts';
import type { Finding } from '../judging/finding.ts';
import type { Bilingual } from '../lang.ts';
import type { ProfileName } from '../profiles/profile.ts';
import type { Conflict, Demand } from './demand.ts';

export const ENFORCEMENTS = ['auto', 'kernel', 'poll', 'observe', 'off'] as const;
/**
 * `kernel`: writes are answered as they happen, by a BPF program; `poll`: put right after the fact; `observe`: writers
 * are recorded and nothing is changed; `off`: only judged. `auto`: kernel where it can be, else poll.
 */
export type Enforcement = (typeof ENFORCEMENTS)[number];

/**
 * How one thing is held: by the BPF program, by reading it again and again, or on the kernel's link notifications; `none`:
 * not at this moment, as the guard only looks on.
 */
export type HeldBy = 'kernel' | 'poll' | 'event' | 'none';

/** What should be held on this node at this moment; what `guard plan --json` prints. */
export interface GuardPlan {
  readonly schemaVersion: 1;
  readonly takenAt: string;
  readonly target: string;
  readonly bootId: string;
  readonly profile: ProfileName;
  readonly profileEvidence: readonly string[];
  /** What an upgrade changes; an empty string where it could not be told. */
  readonly versions: { readonly os: string; readonly kernel: string; readonly distribution: string };
  /** What nodes of one cluster are compared by; absent where another version of the program judged. */
  readonly facts?: PlanFacts;
  /** Where the node is in its start. */
  readonly phase: 'before-launch' | 'launching' | 'launched' | 'unknown';
  /** What the start leads to, and what is wanted then at once; absent where it leads no further, or nothing changes. */
  readonly ahead?: Ahead;
  readonly demands: readonly Demand[];
  readonly conflicts: readonly Conflict[];
  /** Wanted and not held: it reads otherwise, and nothing shows that it was ever meant to be so here. */
  readonly left: readonly { readonly demand: Demand; readonly why: Bilingual }[];
  /** Where it could not be told whether something has to be held: nothing is written there. */
  readonly undecided: readonly Undecided[];
  /** What each demand read when the plan was made, by `demandKey`; without those that could not be read. */
  readonly now: Readonly<Record<string, string>>;
  /** What host-local has handed out; empty where it hands out nothing or could not be asked. */
  readonly leases: readonly LeaseUse[];
  readonly findings: readonly PlanFinding[];
}

/** By name: `os`, `kernel`, `cni` … What a node has not is in neither. */
export interface PlanFacts {
  readonly values: Readonly<Record<string, string>>;
  readonly unseen: Readonly<Record<string, UnknownReason>>;
}

/** The phases that are still to come, in order, and the services that bring them by starting and by being ready. */
export interface Ahead {
  readonly services: readonly string[];
  readonly stages: readonly Stage[];
}

/** What is wanted in one phase of a node's start. */
export type Stage = Pick<GuardPlan, 'phase' | 'demands' | 'conflicts' | 'left' | 'undecided'>;

/** A finding; its remedies as the report's JSON has them, for a reader that cannot word steps. */
export type PlanFinding = Omit<Finding, 'remedies'> & { readonly remedies: readonly object[] };

/** Something that decides what is held and could not be seen. */
export interface Undecided extends Pick<Unknown, 'reason' | 'detail'> {
  readonly by: string;
  /** A setting, a bridge, a module. */
  readonly about: string;
  readonly severity: Finding['severity'];
}

/** How full a host-local network is. */
export interface LeaseUse {
  readonly network: string;
  readonly dataDir: string;
  /** null where the ranges could not be told. */
  readonly capacity: number | null;
  readonly used: number;
  readonly leaked: number;
}

/** Who wrote a setting, as the kernel knew the task at that moment. */
export interface Writer {
  readonly comm: string;
  /** Path below the cgroup v2 root, e.g. `/system.slice/rke2-server.service`; `unknown` where it is gone. */
  readonly cgroup: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly at: string;
}

/** What happened, for the log, the history and the metrics. `at` is RFC 3339; `key` as `demandKey` names it. */
export type GuardEvent = { readonly at: string } & (
  | { readonly type: 'started'; readonly enforce: Enforcement; readonly keys: number; readonly pid: number }
  /** `held`: settings the pinned program goes on answering writes of, until the next guard, a release, or five minutes. */
  | { readonly type: 'stopped'; readonly why: string; readonly held: number }
  | {
      readonly type: 'planned';
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly phase: string;
      /** What happened on the node that called for another judgement; empty where it was due by the clock. */
      readonly because: readonly string[];
    }
  | { readonly type: 'plan-failed'; readonly why: string }
  /** It reads otherwise than wanted. The writer is known under `kernel` and `observe` only. */
  | {
      readonly type: 'drift';
      readonly key: string;
      readonly value: string;
      readonly wanted: string;
      readonly writer: Writer | null;
    }
  /**
   * Put right; the time from when it was last seen right, or from the write where that is known, in milliseconds.
   * `after`: it was wrong by our own doing, the repair of that key or a new `plan`; then no drift was told.
   */
  | {
      readonly type: 'repaired';
      readonly key: string;
      readonly from: string;
      readonly to: string;
      readonly latencyMs: number;
      readonly after?: string;
    }
  | { readonly type: 'repair-failed'; readonly key: string; readonly why: string }
  /** A write that the kernel replaced before it took effect. */
  | {
      readonly type: 'held';
      readonly key: string;
      readonly written: string;
      readonly writer: Writer;
      readonly times: number;
    }
  /** A write that could not be answered, and why: its length, its place, an observing guard. */
  | {
      readonly type: 'let-through';
      readonly key: string;
      readonly written: string;
      readonly writer: Writer;
      readonly why: string;
      readonly times: number;
    }
  /**
   * Rewritten more than five times within a minute. Told when it begins, and again when the wait between repairs has
   * grown to its longest; `retryMs` is that wait at this moment, 0 where the kernel holds it and nothing need be repaired.
   */
  | {
      readonly type: 'contested';
      readonly key: string;
      readonly perMinute: number;
      readonly writers: readonly string[];
      readonly retryMs: number;
    }
  | { readonly type: 'calm'; readonly key: string }
  | { readonly type: 'unreadable'; readonly key: string; readonly reason: string }
  | { readonly type: 'paused'; readonly until: string }
  | { readonly type: 'resumed' }
  | { readonly type: 'hold-lost'; readonly why: string }
  | {
      readonly type: 'upgraded';
      readonly from: string;
      readonly to: string;
      /** Findings, as `problem subject`. */
      readonly appeared: readonly string[];
      readonly gone: readonly string[];
      /** What was held and came up otherwise, as `KEY: FOUND, wanted VALUE`. */
      readonly different: readonly string[];
    }
  | { readonly type: 'leases-reclaimed'; readonly addresses: readonly string[] }
  /** The cluster hears of this node: from the first time on, and again after trouble. */
  | { readonly type: 'reporting'; readonly server: string; readonly node: string }
  | {
      readonly type: 'report-trouble';
      readonly node: string;
      readonly trouble: ReportTrouble['kind'];
      readonly why: string;
    }
);

/** A `GuardEvent` of one type. */
export type EventOf<T extends GuardEvent['type']> = Extract<GuardEvent, { readonly type: T }>;

/** One thing held, as `guard status --json` prints it. */
export interface KeyStatus {
  readonly key: string;
  /** What it reads now; null where it cannot be read. */
  readonly value: string | null;
  /** Why it cannot; absent where it can, or was not read yet. */
  readonly unreadable?: UnknownReason;
  readonly wanted: string;
  /** It reads as wanted, or as good. */
  readonly right: boolean;
  readonly held: HeldBy;
  readonly drifts: number;
  readonly repairs: number;
  readonly lastWriter: Writer | null;
  readonly lastDriftAt: string | null;
  readonly contested: boolean;
  readonly by: string;
  /** In the language asked for. */
  readonly reason: string;
}

/** The whole of `guard status --json`. */
export interface GuardStatus {
  readonly schemaVersion: 1;
  readonly running: boolean;
  readonly pid: number | null;
  readonly since: string | null;
  readonly profile: string | null;
  readonly phase: string | null;
  readonly enforce: {
    readonly asked: Enforcement;
    readonly inForce: Exclude<Enforcement, 'auto'>;
    readonly why: string;
  } | null;
  readonly keys: readonly KeyStatus[];
  readonly conflicts: readonly { readonly key: string; readonly wants: readonly string[] }[];
  readonly paused: boolean;
  readonly pausedUntil: string | null;
  /** The last events, newest first, at most 20. */
  readonly recent: readonly GuardEvent[];
  /** When the node was last judged as a whole, and what was wrong. */
  readonly judged: { readonly at: string; readonly problems: number; readonly unknown: number } | null;
  /** How it stands with reporting to the cluster; absent where that was not asked for. */
  readonly report?: ReportStanding;
}
