import { findingFamilies } from '../../report/prometheus.ts';
import { familiesText, type MetricFamily } from '../../report/prometheus-text.ts';
import type { GuardPlan, GuardStatus } from '../model.ts';
import { type Counted, LATENCY_BOUNDS, type Latencies, type Ledger } from './ledger.ts';

/** What `/metrics` is made of. */
export interface MetricSources {
  readonly version: string;
  readonly status: GuardStatus;
  readonly ledger: Ledger;
  /** The last whole judgement; undefined before the first. */
  readonly plan: GuardPlan | undefined;
  /** What the guard itself costs. */
  readonly cost: { readonly cpuSeconds: number; readonly residentBytes: number };
}

/** The guard in Prometheus' text format. Writers are named by comm and cgroup, never by pid: a pid is a new series each time. */
export function metricsText(sources: MetricSources): string {
  return familiesText([
    ...aboutGuard(sources),
    ...aboutKeys(sources.status),
    ...aboutWrites(sources.ledger),
    ...aboutLeases(sources),
    ...findingFamilies(sources.plan?.findings ?? []),
  ]);
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'gauge', samples: [{ value }] };
}

function aboutGuard({ version, status, plan, cost }: MetricSources): readonly MetricFamily[] {
  const { enforce, profile, paused, conflicts, report } = status;
  const labels = {
    version,
    profile: profile ?? 'unknown',
    enforce: enforce?.asked ?? 'off',
    in_force: enforce?.inForce ?? 'off',
  };
  const judged = plan && Date.parse(plan.takenAt) / 1000;
  return [
    {
      name: 'hayward_guard_info',
      help: 'The guard that runs here; always 1.',
      type: 'gauge',
      samples: [{ labels, value: 1 }],
    },
    gauge('hayward_guard_paused', 'Whether the guard was told to pause.', paused ? 1 : 0),
    gauge(
      'hayward_guard_conflicts',
      'Settings that two demands want differently; none of them is held.',
      conflicts.length,
    ),
    ...(judged === undefined
      ? []
      : [gauge('hayward_guard_judged_timestamp_seconds', 'When the whole node was last judged.', judged)]),
    ...(report === undefined
      ? []
      : [
          gauge(
            'hayward_guard_reporting',
            'Whether the cluster heard what this node last had to say.',
            report.trouble === null && report.heardAt !== null ? 1 : 0,
          ),
        ]),
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time the guard has used.',
      type: 'counter',
      samples: [{ value: cost.cpuSeconds }],
    },
    gauge('process_resident_memory_bytes', 'Memory the guard has resident.', cost.residentBytes),
  ];
}

function aboutKeys({ keys }: GuardStatus): readonly MetricFamily[] {
  return [
    {
      name: 'hayward_guard_key_right',
      help: 'Whether a held setting reads as wanted now; absent where it cannot be read.',
      type: 'gauge',
      samples: keys
        .filter(({ value }) => value !== null)
        .map(({ key, held, right }) => ({ labels: { key, held }, value: right ? 1 : 0 })),
    },
    {
      name: 'hayward_guard_contested',
      help: 'Whether somebody keeps rewriting a held setting.',
      type: 'gauge',
      samples: keys.map(({ key, contested }) => ({ labels: { key }, value: contested ? 1 : 0 })),
    },
  ];
}

function counters(name: string, help: string, counted: readonly Counted[]): MetricFamily {
  return { name, help, type: 'counter', samples: counted.map(({ labels, count }) => ({ labels, value: count })) };
}

function aboutWrites(ledger: Ledger): readonly MetricFamily[] {
  return [
    counters('hayward_guard_drifts_total', 'Times a held setting was found changed, by writer.', ledger.drifts()),
    counters(
      'hayward_guard_held_total',
      'Writes that were replaced before they took effect, by writer.',
      ledger.held(),
    ),
    counters('hayward_guard_let_through_total', 'Writes that could not be answered, and why.', ledger.letThrough()),
    counters('hayward_guard_repairs_total', 'Repairs, by what became of them.', ledger.repairs()),
    latencyFamily(ledger.latencies()),
  ];
}

function latencyFamily({ within, count, sumSeconds }: Latencies): MetricFamily {
  const buckets = LATENCY_BOUNDS.map((bound, at) => ({
    suffix: '_bucket',
    labels: { le: String(bound) },
    value: within[at] ?? 0,
  }));
  return {
    name: 'hayward_guard_repair_seconds',
    help: 'From when a setting was last seen right, or from the write where it was seen, to its repair.',
    type: 'histogram',
    samples: [
      ...buckets,
      { suffix: '_bucket', labels: { le: '+Inf' }, value: count },
      { suffix: '_sum', value: sumSeconds },
      { suffix: '_count', value: count },
    ],
  };
}

function aboutLeases({ plan, ledger }: MetricSources): readonly MetricFamily[] {
  const ranges = plan?.leases ?? [];
  const of = (name: string, help: string, value: (range: (typeof ranges)[number]) => number | null): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    samples: ranges.flatMap((range) => {
      const figure = value(range);
      return figure === null ? [] : [{ labels: { network: range.network, data_dir: range.dataDir }, value: figure }];
    }),
  });
  return [
    of('hayward_leases_used', 'Addresses host-local holds.', ({ used }) => used),
    of('hayward_leases_capacity', 'Addresses host-local can hand out.', ({ capacity }) => capacity),
    of('hayward_leases_leaked', 'Addresses held for sandboxes that are gone.', ({ leaked }) => leaked),
    {
      name: 'hayward_guard_leases_reclaimed_total',
      help: 'Leaked addresses given back.',
      type: 'counter',
      samples: [{ value: ledger.reclaimedLeases() }],
    },
  ];
}
