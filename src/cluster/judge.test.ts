import { describe, expect, it } from 'vitest';
import {
  ago,
  answered,
  apiServerLook,
  asNode,
  denied,
  endpointsWith,
  healthy,
  NOW,
  node,
  notCollected,
  unanswered,
  unreadyNode,
  withVip,
} from '../../test/cluster.ts';
import { known } from '../hosts/reading.ts';
import { exitStatus } from '../report/exit-status.ts';
import { type ClusterAnswer, clusterProblemIds, judgeCluster } from './judge.ts';
import { type Memory, NO_MEMORY } from './memory.ts';
import type { ClusterSnapshot } from './model.ts';

const en = { lang: 'en' } as const;

function at(snapshot: ClusterSnapshot, seconds: number): ClusterSnapshot {
  const takenAt = new Date(Date.parse(NOW) + seconds * 1000).toISOString();
  return { ...snapshot, takenAt, serverClock: known(takenAt, 'Date') };
}

/** Looks one after another, each with what the one before remembered; the answers. */
function looks(...seen: readonly (readonly [number, ClusterSnapshot])[]): ClusterAnswer[] {
  let memory: Memory = NO_MEMORY;
  return seen.map(([seconds, snapshot]) => {
    const answer = judgeCluster(at(snapshot, seconds), en, memory);
    // It may be kept in a file between two runs.
    memory = JSON.parse(JSON.stringify(answer.memory)) as Memory;
    return answer;
  });
}

const problems = ({ findings }: ClusterAnswer) =>
  findings
    .filter(({ status, problem }) => status === 'problem' && problem !== 'cluster-ready')
    .map((one) => one.problem);
const verdicts = (answers: readonly ClusterAnswer[]) => answers.map(({ verdict }) => verdict);

const down = healthy({ apiServers: [apiServerLook({ readyz: known(unanswered('refused'), 'readyz') })] });
const silentVip = withVip({ https: known(unanswered('silent'), 'https://10.0.0.10/') });

describe('a cluster in good order', () => {
  it.each([
    ["with an administrator's credentials", healthy()],
    ["with a node's own", asNode(healthy())],
  ])('is ready %s, and nothing is found', (_name, snapshot) => {
    const answer = judgeCluster(snapshot, en);
    expect(answer.verdict).toBe('ready');
    expect(problems(answer)).toEqual([]);
    expect(answer.findings[0]).toMatchObject({ problem: 'cluster-ready', status: 'ok' });
    expect(exitStatus(answer.findings)).toBe(0);
  });

  it('is judged by every problem there is, in both languages', () => {
    for (const lang of ['en', 'zh-CN'] as const) {
      const { findings } = judgeCluster(healthy(), { lang });
      expect([...new Set(findings.map(({ problem }) => problem))].sort()).toEqual([...clusterProblemIds()].sort());
    }
  });

  it('gives the same answer from the same bytes', () => {
    const snapshot = healthy();
    const again = JSON.parse(JSON.stringify(snapshot)) as ClusterSnapshot;
    expect(judgeCluster(again, en)).toEqual(judgeCluster(snapshot, en));
  });

  it('reports what was asked for, and has one verdict all the same', () => {
    const { verdict, findings } = judgeCluster(down, { ...en, only: ['node-unready'], deadlineSeconds: 0 });
    expect(verdict).toBe('not-ready');
    expect(new Set(findings.map(({ problem }) => problem))).toEqual(new Set(['node-unready']));
  });
});

describe('what may pass by itself', () => {
  it('is settling, then not ready past its deadline, then ready when it is gone', () => {
    const answers = looks([0, down], [170, down], [180, down], [190, healthy()]);
    expect(verdicts(answers)).toEqual(['settling', 'settling', 'not-ready', 'ready']);
    const found = answers.map(({ findings }) => findings.find(({ problem }) => problem === 'apiserver-unready'));
    expect(found.map((one) => one?.phase)).toEqual(['settling', 'settling', 'definite', undefined]);
    expect(found[2]).toMatchObject({ severity: 'critical', since: NOW });
    expect(answers.map(({ findings }) => exitStatus(findings))).toEqual([3, 3, 1, 0]);
  });

  it('has the deadline the user gives', () => {
    expect(judgeCluster(down, { ...en, deadlineSeconds: 0 }).verdict).toBe('not-ready');
    const late = judgeCluster(at(down, 500), { ...en, deadlineSeconds: 900 }, judgeCluster(down, en).memory);
    expect(late.verdict).toBe('settling');
  });

  it('is past it at the first look where an object says since when', () => {
    const three = (seconds: number) =>
      known(
        [1, 2, 3].map((n) => unreadyNode(`node-${n}`, seconds)),
        'kubectl get nodes',
      );
    const one = (seconds: number) =>
      judgeCluster(healthy({ nodes: known([unreadyNode('node-1', seconds)], 'nodes') }), en).findings.find(
        ({ problem, subject }) => problem === 'node-unready' && subject === 'node-1',
      );
    expect(one(500)).toMatchObject({ phase: 'settling', severity: 'info', since: ago(500) });
    expect(one(700)).toMatchObject({ phase: 'definite', severity: 'warning', since: ago(700) });
    expect(judgeCluster(healthy({ nodes: three(500) }), en).verdict).toBe('settling');
    expect(judgeCluster(healthy({ nodes: three(5000) }), en).verdict).toBe('not-ready');
  });

  it('keeps its clock over one good look, and over one that saw nothing', () => {
    const blind = healthy({ apiServers: [apiServerLook({ readyz: denied })] });
    expect(verdicts(looks([0, down], [100, down], [110, healthy()], [120, down], [190, down]))[4]).toBe('not-ready');
    expect(verdicts(looks([0, down], [100, blind], [185, down]))).toEqual(['settling', 'unknown', 'not-ready']);
  });

  it('starts its clock anew after it was really gone', () => {
    expect(verdicts(looks([0, down], [100, healthy()], [150, healthy()], [200, down]))[3]).toBe('settling');
  });

  it('and does not decide is a note until then', () => {
    const rebooting = healthy({
      nodes: known([node('node-1'), node('node-2'), unreadyNode('node-3', 120)], 'nodes'),
    });
    const answer = judgeCluster(rebooting, en);
    expect(answer.verdict).toBe('ready');
    expect(exitStatus(answer.findings)).toBe(0);
  });
});

it('what is gone for good is forgotten', () => {
  const big = healthy({ nodes: known([node('node-1'), unreadyNode('node-9', 9000)], 'nodes') });
  const remembered = looks([0, big], [30, healthy()], [700, healthy()]).map(({ memory }) =>
    Object.keys(memory.conditions).includes('node-unready node-9'),
  );
  expect(remembered).toEqual([true, true, false]);
});

describe('what comes and goes', () => {
  const flaps = looks(
    [0, silentVip],
    [40, healthy()],
    [80, silentVip],
    [120, healthy()],
    [160, silentVip],
    [200, healthy()],
    [499, healthy()],
    [501, healthy()],
  );

  it('is called flapping, with numbers', () => {
    const found = flaps[4]?.findings.find(({ problem }) => problem === 'vip-unreachable');
    expect(found).toMatchObject({ phase: 'flapping', severity: 'critical', since: NOW });
    expect(found?.cause).toContain('It comes and goes: bad 3 times in 160 s.');
    const better = flaps[5]?.findings.find(({ problem }) => problem === 'vip-unreachable');
    expect(better).toMatchObject({ status: 'problem', phase: 'flapping', severity: 'warning' });
    expect(better?.cause).toBe('It comes and goes: bad 3 times in 200 s.');
  });

  it('is not ready while it is bad, not trusted while it is good, and ready after five minutes of calm', () => {
    expect(verdicts(flaps)).toEqual([
      'settling',
      'ready',
      'settling',
      'ready',
      'not-ready',
      'settling',
      'settling',
      'ready',
    ]);
  });
});

describe('a cause', () => {
  const gate = {
    file: '/etc/rancher/rke2/config.yaml',
    line: 3,
    start: 'rke2',
    name: 'feature-gates',
    value: 'NodeAuthorizerEnablePodSelectors=false',
  };

  it('hides its consequence, and decides at once where it is definite', () => {
    const answer = judgeCluster({ ...down, apiServerArguments: known([gate], gate.file) }, en);
    expect(answer.verdict).toBe('not-ready');
    expect(answer.findings.find(({ problem }) => problem === 'apiserver-unready')).toMatchObject({
      severity: 'info',
      consequenceOf: 'apiserver-argument-invalid',
    });
  });

  it('that is inside its deadline makes what follows from it settle too', () => {
    const conflict = withVip({
      https: known(unanswered('silent'), 'https://10.0.0.10/'),
      arp: known(['02:00:00:00:00:01', '02:00:00:00:00:02'], 'arp'),
    });
    const answers = looks([0, silentVip], [130, silentVip], [135, conflict], [200, conflict]);
    expect(verdicts(answers)).toEqual(['settling', 'not-ready', 'settling', 'not-ready']);
    expect(answers[3]?.findings.find(({ problem }) => problem === 'vip-unreachable')?.consequenceOf).toBe(
      'vip-conflict',
    );
  });

  it('that is a mere warning hides nothing that decides', () => {
    const both = {
      ...healthy(),
      endpoints: endpointsWith('harvester', known({ ready: [], notReady: [] }, 'endpoints')),
      nodes: known([node('node-1'), unreadyNode('node-9', 9000)], 'nodes'),
    };
    const answer = judgeCluster(both, { ...en, deadlineSeconds: 0 });
    expect(answer.verdict).toBe('not-ready');
    expect(answer.findings.find(({ subject }) => subject === 'harvester-system/harvester')).toMatchObject({
      severity: 'critical',
    });
  });
});

describe('what is not known', () => {
  it('makes the verdict unknown where it decides, with the reason', () => {
    const answer = judgeCluster(healthy({ apiServers: [apiServerLook({ readyz: denied })] }), en);
    expect(answer.verdict).toBe('unknown');
    expect(answer.findings[0]).toMatchObject({ status: 'unknown', unknown: { reason: 'denied' } });
    expect(exitStatus(answer.findings)).toBe(3);
  });

  it('changes nothing where it does not', () => {
    const blind = { parts: denied, webhooks: denied, managedCharts: denied, certificates: denied, identity: denied };
    expect(judgeCluster(healthy({ ...blind, registration: denied, listeners: denied }), en).verdict).toBe('ready');
  });

  it('beside a fault does not hide it', () => {
    const snapshot = { ...down, harvester: denied, nodes: denied };
    expect(judgeCluster(snapshot, { ...en, deadlineSeconds: 0 }).verdict).toBe('not-ready');
  });

  it('of a check that fails by itself is unknown, and never ready', () => {
    const broken = healthy({ managementAddress: undefined as never });
    expect(judgeCluster(broken, en).verdict).toBe('unknown');
  });

  it('of one who may nothing is unknown, with no fault in it', () => {
    const refusedAll = healthy({
      apiServers: [apiServerLook({ readyz: denied, livez: denied, version: denied })],
      nodes: denied,
      webhooks: denied,
      parts: denied,
      managedCharts: denied,
      harvester: notCollected,
      endpoints: healthy().endpoints.map((one) => ({ ...one, addresses: denied })),
      managementAddress: { ...healthy().managementAddress, address: denied, https: notCollected },
    });
    const answer = judgeCluster(refusedAll, en);
    expect(answer.verdict).toBe('unknown');
    expect(problems(answer)).toEqual([]);
  });
});

it('a server that lies is not believed', () => {
  for (const text of ['<html>welcome</html>', '', '{"kind":"Status"}', 'okay']) {
    const apiServers = [apiServerLook({ readyz: known(answered(200, text), 'readyz') })];
    expect(judgeCluster(healthy({ apiServers }), en).verdict).toBe('unknown');
  }
});
