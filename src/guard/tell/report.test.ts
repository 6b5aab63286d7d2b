import { describe, expect, it } from 'vitest';
import { nodeReportOf, reportOf } from '../../fleet/node-report.ts';
import type { ReportStanding } from '../../fleet/reporter.ts';
import type { Lang } from '../../lang.ts';
import type { GuardPlan, GuardStatus } from '../model.ts';
import { eventWords } from './event-words.ts';
import { newLedger } from './ledger.ts';
import { metricsText } from './metrics.ts';
import { judgementOf } from './report.ts';
import { RIGHT_KEY, statusWith } from './sample-status.ts';
import { statusText } from './status-text.ts';

const at = '2026-11-21T10:00:00.000Z';
const PLAN: GuardPlan = {
  schemaVersion: 1,
  takenAt: at,
  target: 'host-1',
  bootId: '',
  profile: 'harvester',
  profileEvidence: [],
  versions: { os: '', kernel: '', distribution: '' },
  facts: { values: { kernel: '5.14.21' }, unseen: { cni: 'denied' } },
  phase: 'launched',
  demands: [],
  conflicts: [],
  left: [],
  undecided: [],
  now: {},
  leases: [],
  findings: [],
};

function reported(status: GuardStatus, unjudged = '', plan = PLAN) {
  return reportOf(judgementOf({ node: 'node-1', plan, status, unjudged }));
}

describe('what a guard reports', () => {
  it('is what it reads and how it holds, by the name of its Node', () => {
    const denied = { ...RIGHT_KEY, key: 'a.b', value: null, unreadable: 'denied', held: 'none' } as const;
    const others = [
      { ...denied, contested: true },
      { ...denied, key: 'a.gone', unreadable: 'absent' },
      { ...RIGHT_KEY, key: 'a.new', value: null },
    ] as const;
    const conflict = { key: 'c.d', wants: ['0', '1'] };
    const report = reported(statusWith([RIGHT_KEY, ...others], { conflicts: [conflict], paused: true }));
    expect(report.unseen).toEqual({ cni: 'denied', 'a.b': 'denied', 'a.new': 'not-collected' });
    expect(report.settings).toEqual({ 'net.ipv4.ip_forward': '1' });
    expect(report).toMatchObject({
      node: 'node-1',
      takenAt: at,
      profile: 'harvester',
      launch: 'launched',
      facts: { kernel: '5.14.21' },
      guard: { enforce: 'kernel', keys: 4, held: 2, contested: 1, conflicts: 1, paused: true },
    });
  });

  it('is not taken for healthy where the node could not be judged for long', () => {
    const report = reported(statusWith([RIGHT_KEY]), 'it took too long');
    // What it read last has no vote where nodes are compared.
    expect([report.facts, report.settings, report.unseen]).toEqual([{}, {}, {}]);
    expect(report).toMatchObject({
      findings: [{ problem: 'node-unjudged', status: 'unknown', unknown: { detail: 'it took too long' } }],
      counts: { problem: 0, unknown: 1 },
    });
  });

  it('knows no facts that a program of another version did not tell', () => {
    const { facts: _, ...older } = PLAN;
    const report = reported(statusWith([]), '', older);
    expect(report).toMatchObject({ facts: {}, unseen: {} });
    expect(nodeReportOf({ metadata: { name: 'node-1', uid: 'a' }, status: report })).toEqual(report);
  });
});

const WELL: ReportStanding = { node: 'node-1', server: 'https://10.0.0.1:6443', heardAt: at, trouble: null };
const DENIED: ReportStanding = { ...WELL, trouble: { kind: 'denied', detail: 'no\u001b[2J' } };
const NEVER: ReportStanding = { ...WELL, heardAt: null };

describe('how it stands with reporting', () => {
  const shown = (report: ReportStanding, lang: Lang = 'en') =>
    statusText(statusWith([RIGHT_KEY], { report }), { lang, color: false, width: 80, verbose: false, quiet: false });
  const metrics = (report?: ReportStanding) =>
    metricsText({
      version: '1',
      status: statusWith([], { ...(report && { report }) }),
      ledger: newLedger(),
      plan: undefined,
      cost: { cpuSeconds: 0, residentBytes: 0 },
    });

  it('is on the screen of guard status, in both languages, with what to do', () => {
    expect(shown(WELL)).toContain(`reports to https://10.0.0.1:6443 as node-1, last heard ${at}`);
    expect(shown(NEVER, 'zh-CN')).toContain('尚未');
    expect(shown(DENIED).replaceAll('\n', ' ')).toContain(
      'the cluster does not hear of the node node-1: no\\x1b[2J; kubectl apply -f deploy/guard/rbac.yaml',
    );
    expect(shown(DENIED, 'zh-CN')).toContain('集群收不到节点 node-1 的报告');
  });

  it('is a metric where it was asked for, and a line of the log', () => {
    expect(metrics()).not.toContain('hayward_guard_reporting');
    expect([WELL, DENIED, NEVER].map((one) => /^hayward_guard_reporting (.)$/m.exec(metrics(one))?.[1])).toEqual([
      '1',
      '0',
      '0',
    ]);
    const { node, server } = WELL;
    expect(eventWords({ at, type: 'reporting', node, server }, 'en')).toBe(
      'reporting to https://10.0.0.1:6443 as the node node-1',
    );
    const failed = { at, type: 'report-trouble', node, trouble: 'failed', why: 'no answer' } as const;
    expect(eventWords(failed, 'en')).toBe('the cluster does not hear of the node node-1: no answer');
  });
});
