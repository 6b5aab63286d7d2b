import type { ActingHost } from '../hosts/host.ts';
import type { Lang } from '../lang.ts';
import type { Demand } from './demand.ts';
import type { Enforcer } from './hold/enforcer.ts';
import type { OwnProgram } from './judge/child.ts';
import type { Notifier } from './live/notify.ts';
import type { Senses } from './loop.ts';
import type { Enforcement } from './model.ts';
import type { LastGood } from './plan/last-good.ts';
import type { StartReporting } from './tell/report.ts';
import type { Sink } from './tell/sink.ts';
import type { SensesParts } from './watch/senses.ts';
import type { ServicesOptions, ServicesWatch } from './watch/services.ts';

/** What a guard is made of, and how it is asked to guard. */
export interface DaemonOptions {
  /** Of what is told through /v1/findings. */
  readonly lang: Lang;
  readonly enforce: Enforcement;
  readonly intervalMs: number;
  readonly judgeEveryMs: number;
  /** Options of `guard plan`. */
  readonly planOptions: readonly string[];
  /** Give leaked leases back when a judgement finds some. */
  readonly reclaim: boolean;
  readonly program: OwnProgram;
  readonly host: ActingHost;
  readonly journalDirectory: string;
  readonly bootId: string;
  readonly senses: (told: Pick<SensesParts, 'ask' | 'started'>) => Senses;
  readonly services: (told: Pick<ServicesOptions, 'ready'>) => ServicesWatch;
  /** Told which demands there are, before they are read. */
  readonly watched: (demands: readonly Demand[]) => void;
  readonly holding: Enforcer;
  readonly lastGood: LastGood;
  readonly sink: Sink;
  readonly notify: Notifier;
  /** Reports to the cluster; absent where that was not asked for. */
  readonly report?: StartReporting;
}
