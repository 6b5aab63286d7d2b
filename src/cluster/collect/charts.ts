import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import { list } from '../client/list.ts';
import type { ManagedChart } from '../model/parts.ts';
import { type Piece, pieceOf } from './objects.ts';

const CHARTS = '/apis/management.cattle.io/v3/namespaces/fleet-local/managedcharts';
const SERVER_VERSION = '/apis/harvesterhci.io/v1beta1/settings/server-version';

export interface Charts {
  readonly managedCharts: Reading<readonly ManagedChart[]>;
  /** As `v1.5.0`. */
  readonly harvesterVersion: Reading<string>;
}

/** Rancher's ManagedCharts, and Harvester's release from its own setting or from what its chart is to be. */
export async function collectCharts(client: KubeClient): Promise<Charts> {
  const [charts, setting] = await Promise.all([list(client, CHARTS, pieceOf), client.json(SERVER_VERSION)]);
  return {
    managedCharts: mapReading(charts, (all) => all.map(chartOf)),
    harvesterVersion: versionOf(setting, charts),
  };
}

function chartOf(chart: Piece): ManagedChart {
  const ready = chart.list('status', 'conditions').find((condition) => condition.text('type') === 'Ready');
  return {
    name: chart.text('metadata', 'name'),
    ready: ready?.text('status') === 'True',
    message: ready?.text('message') ?? '',
    since: ready?.text('lastTransitionTime') || ready?.text('lastUpdateTime') || '',
  };
}

function versionOf(setting: Reading<unknown>, charts: Reading<readonly Piece[]>): Reading<string> {
  const set = mapReading(setting, (object) => pieceOf(object).text('value'));
  if (set.known && set.value !== '') return set;
  const harvester = charts.known && charts.value.find((chart) => chart.text('metadata', 'name') === 'harvester');
  const version = harvester ? harvester.text('spec', 'version') : '';
  if (version !== '') return known(version.startsWith('v') ? version : `v${version}`, charts.source);
  return set.known ? unknown('absent', set.source, 'Harvester has not written its version yet') : set;
}
