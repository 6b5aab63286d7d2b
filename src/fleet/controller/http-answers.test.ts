import { describe, expect, it } from 'vitest';
import type { ClusterReport } from '../cluster-report.ts';
import { fleetRoutes } from './http-answers.ts';
import { makeFleetTally } from './tally.ts';
import { type FleetTold, fleetLine, tellingOnce } from './told.ts';

const REPORT: ClusterReport = {
  verdict: 'ready',
  nodes: { total: 3, healthy: 1, settling: 0, problem: 1, unknown: 0, silent: 1, missing: 0, awaited: 0 },
  healthyNodes: '1/3',
  standing: [],
  problems: [{ problem: 'ip-forward', severity: 'critical', title: 'Forwarding is off', count: 1, nodes: ['node-2'] }],
  cluster: [],
  differences: [],
  conditions: [
    {
      type: 'NodesHealthy',
      status: 'False',
      reason: 'IpForward',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
};

function answering(now = () => 0) {
  const tally = makeFleetTally(now);
  let isReady = false;
  const routes = fleetRoutes(
    tally,
    () => isReady,
    () => [],
  );
  const answer = (path: string) => routes.find((one) => one.path === path)!.answer(new URLSearchParams());
  return { tally, answer, begin: () => (isReady = true) };
}

describe('what a controller answers', () => {
  it('is ready when it leads or stands by', () => {
    const { tally, answer, begin } = answering();
    expect(answer('/readyz').status).toBe(503);
    begin();
    expect(answer('/readyz')).toMatchObject({ status: 200, body: 'standing by\n' });
    tally.leads();
    expect(answer('/readyz').body).toBe('leading\n');
  });

  it('tells the cluster while it leads, and nothing of it while it stands by', () => {
    let nowMs = 1_000;
    const { tally, answer } = answering(() => nowMs);
    tally.leads();
    tally.judged(REPORT);
    tally.synced();
    tally.wrote('event', 'withheld');
    tally.asked('watch');
    nowMs = 3_500;
    const { body } = answer('/metrics');
    for (const line of [
      'hayward_cluster_leading 1',
      'hayward_cluster_nodes{state="silent"} 1',
      'hayward_cluster_nodes{state="missing"} 0',
      'hayward_cluster_findings{problem="ip-forward",severity="critical"} 1',
      'hayward_cluster_condition{condition="NodesHealthy",status="False"} 1',
      'hayward_cluster_condition{condition="NodesHealthy",status="True"} 0',
      'hayward_cluster_last_sync_age_seconds 2.5',
      'hayward_cluster_writes_total{write="event",outcome="withheld"} 1',
      'hayward_cluster_requests_total{verb="watch"} 1',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    expect(body).not.toContain('status_age');
    tally.stands();
    expect(answer('/metrics').body).toMatch(/^hayward_cluster_leading 0$/m);
    expect(answer('/metrics').body).not.toMatch(/_nodes|_condition|_age/);
  });
});

it('tells once what is not seen, however often it is tried', () => {
  const told: FleetTold[] = [];
  const tell = tellingOnce<FleetTold>((one) => told.push(one));
  const sight = (detail: string) => tell({ type: 'sight', what: 'Leases', detail });
  sight('');
  sight('denied');
  sight('denied');
  sight('');
  expect(told.map((one) => one.type === 'sight' && one.detail)).toEqual(['denied', '']);
});

it('writes a line of words or of JSON, harmless', () => {
  const told = { type: 'node', node: 'n\u001b[31m', state: 'silent', reason: 'AgentSilent' } as const;
  const at = new Date(0);
  expect(fleetLine(told, at, { lang: 'en', json: false })).toBe(
    '1970-01-01T00:00:00.000Z node n\\x1b[31m: silent (AgentSilent)\n',
  );
  expect(fleetLine(told, at, { lang: 'zh-CN', json: false })).toContain('节点 n');
  expect(JSON.parse(fleetLine(told, at, { lang: 'en', json: true }))).toEqual({ at: at.toISOString(), ...told });
});
