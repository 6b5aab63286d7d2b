import type { Route } from '../../http-server.ts';
import type { MetricFamily } from '../../report/prometheus-text.ts';
import { leadingRoutes } from '../../vm-networks/controller/leading.ts';
import { type ClusterReport, NODE_STATES } from '../cluster-report.ts';
import type { FleetTally } from './tally.ts';

/** What `hayward controller` answers over HTTP; `more` is what is measured beside it. */
export function fleetRoutes(
  tally: FleetTally,
  isReady: () => boolean,
  more: () => readonly MetricFamily[],
): readonly Route[] {
  const families = () => [...fleetFamilies(tally), ...more()];
  return leadingRoutes({ isLeading: tally.isLeading, isReady, families });
}

/** A standby knows nothing of the cluster, and says nothing of it. */
function fleetFamilies(tally: FleetTally): readonly MetricFamily[] {
  const report = tally.report();
  const ages: readonly (readonly [string, string, number | undefined])[] = [
    ['hayward_cluster_last_sync_age_seconds', 'Since the watches last brought something.', tally.syncAge()],
    ['hayward_cluster_status_age_seconds', 'Since the last look as hayward status looks.', tally.statusAge()],
  ];
  return [
    gauge('hayward_cluster_leading', 'Whether this controller is the one that writes.', [
      { value: tally.isLeading() ? 1 : 0 },
    ]),
    ...(report ? reportFamilies(report) : []),
    ...ages.map(([name, help, value]) => gauge(name, help, value === undefined ? [] : [{ value }])),
    counter('hayward_cluster_writes_total', 'Writes to the API server, by what they write and what came of it.', [
      ...[...tally.writes()].map(([key, value]) => {
        const [write = '', outcome = ''] = key.split(' ');
        return { labels: { write, outcome }, value };
      }),
    ]),
    counter(
      'hayward_cluster_requests_total',
      'Requests to the API server, of the whole process.',
      [...tally.requests()].map(([verb, value]) => ({ labels: { verb }, value })),
    ),
  ];
}

const STATUSES = ['True', 'False', 'Unknown'] as const;

function reportFamilies({ nodes, problems, differences, conditions }: ClusterReport): readonly MetricFamily[] {
  return [
    gauge(
      'hayward_cluster_nodes',
      'Nodes, by how they stand.',
      NODE_STATES.map((state) => ({ labels: { state }, value: nodes[state] })),
    ),
    gauge(
      'hayward_cluster_findings',
      'Nodes that have a problem, by problem.',
      problems.map(({ problem, severity, count }) => ({ labels: { problem, severity }, value: count })),
    ),
    gauge('hayward_cluster_differences', 'Things in which nodes differ that should be alike.', [
      { value: differences.length },
    ]),
    // Every status has its series, so that none goes stale.
    gauge(
      'hayward_cluster_condition',
      'The conditions of the ClusterReport: 1 for what each is.',
      conditions.flatMap(({ type, status }) =>
        STATUSES.map((one) => ({ labels: { condition: type, status: one }, value: one === status ? 1 : 0 })),
      ),
    ),
  ];
}

function gauge(name: string, help: string, samples: MetricFamily['samples']): MetricFamily {
  return { name, help, type: 'gauge', samples };
}

function counter(name: string, help: string, samples: MetricFamily['samples']): MetricFamily {
  return { name, help, type: 'counter', samples };
}
