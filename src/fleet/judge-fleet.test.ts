import { describe, expect, it } from 'vitest';
import type { ClusterFinding } from './cluster-report.ts';
import type { FleetJudgement } from './judge-fleet.ts';
import { nodeConditionAfter } from './node-condition.ts';
import { at, BAD, beat, conditionOf, type NodeSketch, play, reported } from './testing/played-fleet.ts';

describe('a cluster that is well', () => {
  it('says so, of all', () => {
    const judged = play({ 'node-1': {}, 'node-2': {} }).look(1);
    expect(judged.report).toMatchObject({ healthyNodes: '2/2', standing: [], problems: [], differences: [] });
    expect(judged.report.conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
      'Ready=True Ready',
      'AgentsReporting=True AllReport',
      'NodesHealthy=True AllHealthy',
      'NodesAlike=True Alike',
    ]);
    expect(judged.wishes.get('node-1')).toMatchObject({ status: 'False', reason: 'NoNetworkProblem' });
    expect(judged.hasSuspects).toBe(false);
  });

  it('without nodes is not known', () => {
    expect(conditionOf(play({}).look(1), 'NodesHealthy')).toMatchObject({ status: 'Unknown', reason: 'NoNodes' });
  });
});

describe('what nodes find', () => {
  it('is told by problem, with the nodes that have it', () => {
    const info = { ...BAD, problem: 'note', severity: 'info' } as const;
    const { report, wishes } = play({
      'node-1': { findings: [BAD, info] },
      'node-2': {},
      'node-3': {
        findings: [BAD, { ...BAD, subject: 'twice' }, { ...BAD, problem: 'rp-filter', severity: 'warning' }],
      },
    }).look(1);
    expect(report.problems).toEqual([
      { problem: 'ip-forward', severity: 'critical', title: BAD.title, count: 2, nodes: ['node-1', 'node-3'] },
      { problem: 'rp-filter', severity: 'warning', title: BAD.title, count: 1, nodes: ['node-3'] },
    ]);
    expect(report.nodes).toMatchObject({ total: 3, healthy: 1, problem: 2 });
    expect(report.conditions.find(({ type }) => type === 'NodesHealthy')).toMatchObject({
      status: 'False',
      reason: 'IpForward',
      message: expect.stringContaining('Forwarding is off (node-1, node-3)'),
    });
    expect(wishes.get('node-3')).toMatchObject({
      status: 'True',
      reason: 'IpForward',
      message: 'Forwarding is off (and 1 more)',
    });
    expect(wishes.get('node-2')).toMatchObject({ status: 'False' });
  });

  it('keeps the time of a condition whose status stays, and moves it when that changes', () => {
    const cluster = play({ 'node-1': { findings: [BAD] }, 'node-2': {} });
    expect(conditionOf(cluster.look(1), 'NodesHealthy')?.lastTransitionTime).toBe(at(1).text);
    cluster.reports.set('node-2', reported('node-2', { findings: [BAD] }));
    const worse = conditionOf(cluster.look(5), 'NodesHealthy');
    expect(worse).toMatchObject({ lastTransitionTime: at(1).text, message: expect.stringContaining('node-2') });
    for (const name of ['node-1', 'node-2']) cluster.reports.set(name, reported(name));
    expect(conditionOf(cluster.look(9), 'NodesHealthy')).toMatchObject({
      status: 'True',
      lastTransitionTime: at(9).text,
    });
  });

  it('that its own agent cannot tell makes a node unknown, not healthy', () => {
    const denied = { ...BAD, status: 'unknown', unknown: { reason: 'denied', detail: 'not allowed' } } as const;
    const { report, wishes } = play({ 'node-1': { findings: [denied] } }).look(1);
    expect(report.nodes).toMatchObject({ unknown: 1, healthy: 0 });
    expect(report.conditions.find(({ type }) => type === 'NodesHealthy')).toMatchObject({ status: 'Unknown' });
    expect(wishes.get('node-1')).toMatchObject({ status: 'Unknown', message: 'Forwarding is off: not allowed' });
  });

  it('while a node comes up is no problem yet, until it has had its time', () => {
    const cluster = play({ 'node-1': { findings: [BAD], launch: 'launching' } });
    const starting = cluster.look(1);
    expect(starting.report.nodes).toMatchObject({ settling: 1, problem: 0 });
    expect(starting.wishes.get('node-1')).toBe('keep');
    expect(conditionOf(starting, 'NodesHealthy')).toBeUndefined();
    cluster.heartbeats.set('node-1', beat('later', 600));
    expect(starting.againMs).toBeLessThanOrEqual(601_000);
    expect(cluster.look(601).report.nodes).toMatchObject({ settling: 0, problem: 1 });
  });

  it('that comes and goes is not over with the first good word', () => {
    const cluster = play({ 'node-1': {} });
    const turn = (seconds: number, findings: NodeSketch['findings']) => {
      cluster.reports.set('node-1', reported('node-1', findings ? { findings } : {}));
      cluster.heartbeats.set('node-1', beat(`at-${seconds}`, seconds));
      return cluster.look(seconds);
    };
    for (const seconds of [10, 30, 50]) {
      expect(turn(seconds, [BAD]).report.nodes.problem).toBe(1);
      // Bad for the first and the second time it is believed that it is over.
      expect(turn(seconds + 10, undefined).report.nodes.problem).toBe(seconds === 50 ? 1 : 0);
    }
    const calm = turn(360, undefined);
    expect(calm.report.nodes.healthy).toBe(1);
    expect(calm.wishes.get('node-1')).toMatchObject({ status: 'False' });
  });
});

describe('an agent that is silent', () => {
  it('makes its node unknown after its time, once the Leases say so afresh', () => {
    const cluster = play({ 'node-1': {}, 'node-2': {} });
    cluster.look(1);
    cluster.heartbeats.set('node-2', beat('second', 170));
    expect(cluster.lookUnconfirmed(179)).toMatchObject({ hasSuspects: false, againMs: 180_000 });
    const suspected = cluster.lookUnconfirmed(180);
    expect(suspected.hasSuspects).toBe(true);
    expect(suspected.report.nodes).toMatchObject({ silent: 0, healthy: 2 });
    const silent = cluster.look(181);
    expect(silent.hasSuspects).toBe(false);
    expect(silent.report.standing).toEqual([
      { name: 'node-1', state: 'silent', reason: 'AgentSilent', since: at(181).text, heartbeat: 'first' },
    ]);
    expect(conditionOf(silent, 'AgentsReporting')).toMatchObject({
      status: 'False',
      reason: 'AgentsSilent',
      message: '1 of 2 nodes report; not node-1',
    });
    expect(conditionOf(silent, 'NodesHealthy')).toMatchObject({ status: 'Unknown', reason: 'AgentsSilent' });
    expect(silent.wishes.get('node-1')).toMatchObject({ status: 'Unknown', reason: 'AgentSilent' });
    cluster.heartbeats.set('node-1', beat('third', 190));
    cluster.heartbeats.set('node-2', beat('third', 190));
    const back = cluster.look(190);
    expect(conditionOf(back, 'AgentsReporting')).toMatchObject({ status: 'True', lastTransitionTime: at(190).text });
    expect(back.wishes.get('node-1')).toMatchObject({ status: 'False' });
  });

  it('does not hide a problem elsewhere', () => {
    const cluster = play({ 'node-1': {}, 'node-2': { findings: [BAD] } });
    cluster.heartbeats.set('node-2', beat('second', 100));
    cluster.look(1);
    expect(conditionOf(cluster.look(181), 'NodesHealthy')).toMatchObject({ status: 'False', reason: 'IpForward' });
  });

  it('is not silent for what the controller itself did not see', () => {
    const cluster = play({ 'node-1': {} });
    cluster.look(1);
    cluster.seen.seeingSinceMs = undefined;
    expect(cluster.look(1_000).report.nodes.healthy).toBe(1);
    cluster.seen.seeingSinceMs = 1_000_000;
    expect(cluster.look(1_179).report.nodes.healthy).toBe(1);
    expect(cluster.look(1_180).report.nodes.silent).toBe(1);
  });

  it.each([
    ['leases', 'LeasesNotSeen', 'Alike'],
    ['reports', 'ReportsNotSeen', 'ReportsNotSeen'],
  ] as const)('is not called well for long where the controller does not see %s', (what, reason, alike) => {
    const cluster = play({ 'node-1': {} });
    cluster.look(1);
    cluster.seen.seeingSinceMs = undefined;
    cluster.seen.unseenSinceMs = { ...cluster.seen.unseenSinceMs, [what]: 10_000 };
    const soon = cluster.look(189);
    expect(soon.againMs).toBe(190_000);
    expect(conditionOf(soon, 'AgentsReporting')).toMatchObject({ status: 'True' });
    const blind = cluster.look(190);
    expect(conditionOf(blind, 'AgentsReporting')).toMatchObject({ status: 'Unknown', reason });
    expect(conditionOf(blind, 'NodesHealthy')).toMatchObject({ status: 'Unknown', reason });
    expect(conditionOf(blind, 'NodesAlike')).toMatchObject({ reason: alike });
    expect(blind.report.nodes.healthy).toBe(1);
    cluster.seen.unseenSinceMs = { reports: undefined, leases: undefined };
    expect(conditionOf(cluster.look(200), 'NodesHealthy')).toMatchObject({
      status: 'True',
      lastTransitionTime: at(200).text,
    });
  });

  it('that never was is missing, when it has had its time; a report that comes is waited for anew', () => {
    const cluster = play({ 'node-1': undefined, 'node-2': {} });
    const first = cluster.look(1);
    expect(first.report.nodes).toMatchObject({ awaited: 1, healthy: 1 });
    expect(conditionOf(first, 'AgentsReporting')).toBeUndefined();
    expect(first.wishes.get('node-1')).toBe('keep');
    cluster.heartbeats.set('node-2', beat('second', 180));
    const missing = cluster.look(181);
    expect(missing.report.standing).toMatchObject([{ name: 'node-1', state: 'missing', reason: 'NoAgent' }]);
    expect(missing.wishes.get('node-1')).toBe('remove');
    cluster.reports.set('node-1', reported('node-1'));
    // Its Lease is still to come.
    expect(cluster.look(182).report.nodes).toMatchObject({ healthy: 2 });
    cluster.reports.delete('node-1');
    expect(cluster.look(183).report.nodes).toMatchObject({ awaited: 1 });
  });
});

describe('nodes that differ', () => {
  const fleet = (values: readonly string[], kind: 'facts' | 'settings' = 'facts', subject = 'kernel') =>
    Object.fromEntries(values.map((value, index) => [`node-${index + 1}`, { [kind]: { [subject]: value } }]));

  it('names the odd one out', () => {
    const judged = play(fleet(['6.4.0', '6.4.0', '6.6.1'])).look(1);
    expect(judged.report.differences).toEqual([
      {
        kind: 'fact',
        subject: 'kernel',
        common: '6.4.0',
        others: [{ value: '6.6.1', count: 1, nodes: ['node-3'] }],
      },
    ]);
    expect(conditionOf(judged, 'NodesAlike')).toMatchObject({
      status: 'False',
      reason: 'OddOneOut',
      message: 'kernel is 6.6.1 on node-3, and 6.4.0 elsewhere',
    });
  });

  it('names nobody odd where nothing is common', () => {
    const judged = play(fleet(['1', '0'], 'settings', 'net.ipv4.ip_forward')).look(1);
    expect(judged.report.differences).toMatchObject([{ kind: 'setting', common: '', others: [{}, {}] }]);
    expect(conditionOf(judged, 'NodesAlike')).toMatchObject({
      reason: 'NodesDiffer',
      message: 'net.ipv4.ip_forward is 0 on node-2; 1 on node-1',
    });
  });

  it('may differ in what breaks nothing, and in what not all have', () => {
    const nodes = { ...fleet(['SLES', 'Debian'], 'facts', 'os'), 'node-3': { facts: { os: 'SLES', cni: 'canal' } } };
    expect(play(nodes).look(1).report.differences).toEqual([]);
  });

  it('compares the settings of one profile, and nothing that a silent node said', () => {
    const settings = (value: string) => ({ settings: { 'net.ipv4.conf.all.rp_filter': value } });
    const cluster = play({
      'node-1': settings('0'),
      'node-2': settings('0'),
      'node-3': { ...settings('1'), profile: 'kubekey-ipvs' },
    });
    expect(cluster.look(1).report.differences).toMatchObject([{ subject: 'profile' }]);
    cluster.reports.set('node-3', reported('node-3', settings('1')));
    for (const name of ['node-1', 'node-2']) cluster.heartbeats.set(name, beat('second', 100));
    expect(cluster.look(2).report.differences).toMatchObject([{ subject: 'net.ipv4.conf.all.rp_filter' }]);
    expect(cluster.look(200).report).toMatchObject({ differences: [], nodes: { silent: 1 } });
  });
});

describe('what status answers', () => {
  const critical: ClusterFinding = {
    problem: 'apiserver-unready',
    subject: '',
    status: 'problem',
    severity: 'critical',
    title: 'The API server is not ready',
  };
  const ready = (judged: FleetJudgement) => conditionOf(judged, 'Ready');

  it('is a condition that settling does not turn', () => {
    const cluster = play({ 'node-1': {} });
    cluster.look(1);
    cluster.seen.status = { verdict: 'settling', findings: [critical], unknownLooks: 0 };
    expect(ready(cluster.look(2))).toMatchObject({
      status: 'True',
      reason: 'Settling',
      lastTransitionTime: at(1).text,
    });
    cluster.seen.status = { verdict: 'not-ready', findings: [critical], unknownLooks: 0 };
    expect(ready(cluster.look(3))).toMatchObject({ status: 'False', reason: 'ApiserverUnready' });
    cluster.seen.status = { verdict: 'settling', findings: [critical], unknownLooks: 0 };
    expect(ready(cluster.look(4))).toMatchObject({ status: 'False', lastTransitionTime: at(3).text });
  });

  it('is told in the words it was first told in, while it goes on', () => {
    const cluster = play({ 'node-1': {} });
    const skew = (title: string, severity: 'warning' | 'critical' = 'warning') => {
      const finding = { ...critical, problem: 'clock-skew', subject: 'node-1', severity, title };
      cluster.seen.status = { verdict: 'ready', findings: [finding], unknownLooks: 0 };
      return finding;
    };
    const first = skew('node-1 is 61 s ahead');
    expect(cluster.look(1).report.cluster).toEqual([first]);
    skew('node-1 is 62 s ahead');
    expect(cluster.look(2).report.cluster).toEqual([first]);
    const worse = skew('node-1 is 300 s ahead', 'critical');
    expect(cluster.look(3).report.cluster).toEqual([worse]);
  });

  it('is unknown when it stays so', () => {
    const cluster = play({ 'node-1': {} });
    cluster.look(1);
    cluster.seen.status = { verdict: 'unknown', findings: [], unknownLooks: 1 };
    expect(ready(cluster.look(2))).toMatchObject({ status: 'True' });
    cluster.seen.status = { verdict: 'unknown', findings: [], unknownLooks: 2 };
    expect(ready(cluster.look(3))).toMatchObject({ status: 'Unknown', lastTransitionTime: at(3).text });
  });

  it('is not told before the first look', () => {
    expect(ready(play({ 'node-1': {} }, { status: undefined }).look(1))).toBeUndefined();
  });
});

it("writes a Node's condition on change alone, and its time with its status", () => {
  const wish = { type: 'HaywardNetworkProblem', status: 'True', reason: 'IpForward', message: 'off' } as const;
  const first = nodeConditionAfter(undefined, wish, at(1).text);
  expect(first).toEqual({ ...wish, lastTransitionTime: at(1).text });
  expect(nodeConditionAfter(first, wish, at(2).text)).toBeUndefined();
  expect(nodeConditionAfter(first, { ...wish, message: 'still' }, at(3).text)).toMatchObject({
    lastTransitionTime: at(1).text,
  });
  expect(nodeConditionAfter(first, { ...wish, status: 'False' }, at(4).text)).toMatchObject({
    lastTransitionTime: at(4).text,
  });
});
