import { describe, expect, it } from 'vitest';
import { apiServerLook, asNode, denied, findingsOf, healthy, node, wrongWith } from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { NodeLook } from '../model/nodes.ts';
import type { ClusterSnapshot } from '../model.ts';

const ID = 'version-skew';
const at = (name: string, kubeletVersion: string, differing: Partial<NodeLook> = {}) =>
  node(name, { kubeletVersion, ...differing });
const server = (version: string, url = 'https://10.0.0.11:6443') =>
  apiServerLook({ url, version: known(version, 'version') });

function versions(servers: readonly string[], nodes: readonly NodeLook[], harvester = 'v1.5.1'): ClusterSnapshot {
  return healthy({
    apiServers: servers.map((version, index) => server(version, `https://10.0.0.1${index}:6443`)),
    nodes: known(nodes, 'nodes'),
    harvesterVersion: known(harvester, 'settings'),
  });
}
const wrong = (snapshot: ClusterSnapshot, deadline?: number) =>
  findingsOf(ID, snapshot, deadline).filter(({ status }) => status === 'problem');

describe(ID, () => {
  it('is found where a kubelet is newer than the API server', () => {
    const snapshot = versions(['v1.32.7+rke2r1'], [at('node-1', 'v1.33.5+rke2r1')]);
    expect(wrong(snapshot)).toMatchObject([{ subject: 'node-1', severity: 'warning', phase: 'definite' }]);
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('is found where one is more than three minors older', () => {
    expect(wrong(versions(['v1.32.7'], [at('a', 'v1.28.1')]))).toMatchObject([{ subject: 'a', phase: 'definite' }]);
    expect(wrong(versions(['v1.32.7'], [at('a', 'v1.29.1')]))).toEqual([]);
    expect(wrong(versions(['v1.27.1'], [at('a', 'v1.24.1')], 'v1.2.0'))).toMatchObject([{ subject: 'a' }]);
  });

  it('tells an upgrade under way from a node that was forgotten', () => {
    const nodes = [at('node-1', 'v1.33.5+rke2r1'), at('node-2', 'v1.32.7+rke2r1')];
    const snapshot = versions(['v1.33.5+rke2r1'], nodes, 'v1.6.0');
    expect(wrong(snapshot, 3600)).toMatchObject([{ subject: 'node-2 behind', phase: 'settling', severity: 'info' }]);
    expect(wrong(snapshot)).toMatchObject([{ subject: 'node-2 behind', phase: 'definite', severity: 'warning' }]);
    const marked = [...nodes.slice(0, 1), at('node-2', 'v1.32.7+rke2r1', { upgrade: 'pre-drained' })];
    expect(wrong(versions(['v1.33.5'], marked, 'v1.6.0'))).toMatchObject([{ severity: 'info' }]);
  });

  it('compares versions by their numbers', () => {
    const [found] = wrong(versions(['v1.32.10'], [at('a', 'v1.32.9'), at('b', 'v1.32.10')]));
    expect(found).toMatchObject({ subject: 'a behind', title: 'a is still at v1.32.9, others at v1.32.10' });
  });

  it('says what to expect while servers of 1.31 and 1.32 stand side by side', () => {
    const [found] = wrong(versions(['v1.31.7', 'v1.32.7'], [at('a', 'v1.31.7')], 'v1.4.3'));
    expect(found?.title).toBe('API servers of different versions: v1.31.7, v1.32.7');
    expect(found?.impact).toContain('say Ready or NotReady by which server they meet');
    expect(wrong(versions(['v1.30.1', 'v1.32.7'], [at('a', 'v1.30.1')], 'v9.0.0'), 3600)[0]).toMatchObject({
      phase: 'definite',
    });
  });

  it('knows which Kubernetes a Harvester brings', () => {
    expect(wrong(versions(['v1.34.1'], [at('a', 'v1.34.1')], 'v1.5.1'))).toMatchObject([
      { subject: 'Harvester', title: 'Harvester v1.5.1 comes with Kubernetes 1.32, and runs on v1.34.1' },
    ]);
    expect(wrong(versions(['v1.34.1'], [at('a', 'v1.34.1')], 'v1.7.0'))).toEqual([]);
    expect(wrong(versions(['v1.50.1'], [at('a', 'v1.50.1')], 'v1.99.0'))).toEqual([]);
  });

  it('is clear where all is of one version, also as a node sees it', () => {
    expect(findingsOf(ID, healthy())).toMatchObject([{ status: 'ok' }]);
    expect(findingsOf(ID, asNode(healthy()))).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where no version is', () => {
    const blind = healthy({ apiServers: [apiServerLook({ version: denied })] });
    expect(findingsOf(ID, blind)).toMatchObject([{ status: 'unknown', severity: 'info' }]);
  });
});
