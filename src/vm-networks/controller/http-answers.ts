import type { Route } from '../../http-server.ts';
import type { MetricFamily } from '../../report/prometheus-text.ts';
import { leadingRoutes } from './leading.ts';
import type { Tally } from './tally.ts';

/** What a controller answers over HTTP: whether it is alive, whether it is of use, and how the networks stand. */
export function controllerRoutes(tally: Tally, isReady: () => boolean): readonly Route[] {
  return leadingRoutes({ isLeading: tally.isLeading, isReady, families: () => networkFamilies(tally) });
}

/** How the VM networks stand, and what was written of them. */
export function networkFamilies(tally: Tally): readonly MetricFamily[] {
  const networks = [...tally.reports()].map(([key, { conditions }]) => {
    const [namespace = '', name = ''] = key.split('/');
    return { labels: { namespace, name }, conditions };
  });
  /** None where nobody knows. */
  const samples = (type: string, value: (status: string) => number) =>
    networks.flatMap(({ labels, conditions }) =>
      conditions
        .filter((one) => one.type === type && one.status !== 'Unknown')
        .map(({ status, reason }) => ({
          labels: { ...labels, status, reason },
          value: value(status),
        })),
    );
  return [
    {
      name: 'hayward_networks_leading',
      help: 'Whether this controller is the one that writes.',
      type: 'gauge',
      samples: [{ value: tally.isLeading() ? 1 : 0 }],
    },
    {
      name: 'hayward_vm_network_connected',
      help: 'Whether a VM network is connected: 1 or 0, and no sample where nobody knows.',
      type: 'gauge',
      samples: samples('Connected', (status) => (status === 'True' ? 1 : 0)),
    },
    {
      name: 'hayward_vm_network_status_stale',
      help: 'Whether what Harvester shows of a VM network is not true: 1 or 0, and no sample where that cannot be told.',
      type: 'gauge',
      samples: samples('HarvesterAgrees', (status) => (status === 'False' ? 1 : 0)),
    },
    {
      name: 'hayward_networks_writes_total',
      help: 'Writes to the API server, by what they write and what came of it.',
      type: 'counter',
      samples: [...tally.requests()].map(([key, value]) => {
        const [request = '', outcome = ''] = key.split(' ');
        return { labels: { request, outcome }, value };
      }),
    },
  ];
}
