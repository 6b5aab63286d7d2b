import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type JudgedFinding,
  MOST_FACTS,
  MOST_FINDINGS,
  MOST_SETTINGS,
  type NodeJudgement,
  type NodeReport,
  nodeReportBody,
  nodeReportOf,
  reportOf,
  saysTheSame,
  worstOf,
} from './node-report.ts';

const AT = '2026-11-21T10:00:00.000Z';
const LATER = '2026-11-21T11:00:00.000Z';

function finding(problem: string, more: Partial<JudgedFinding> = {}): JudgedFinding {
  return {
    problem,
    subject: '',
    status: 'problem',
    severity: 'critical',
    title: `${problem} is wrong`,
    cause: 'it reads 0',
    ...more,
  };
}

function judgement(findings: readonly JudgedFinding[] = [], more: Partial<NodeJudgement> = {}): NodeJudgement {
  return {
    node: 'node-1',
    version: '0.1.0',
    takenAt: AT,
    profile: 'harvester',
    launch: 'launched',
    facts: { kernel: '5.14.21', os: 'Harvester v1.4.1' },
    settings: { 'net.ipv4.ip_forward': '1' },
    unseen: { cni: 'denied' },
    findings,
    guard: { enforce: 'kernel', keys: 3, held: 3, contested: 0, conflicts: 0, paused: false },
    ...more,
  };
}

/** As the API server gives back what was applied. */
function stored(report: NodeReport): NodeReport | undefined {
  const body = JSON.parse(JSON.stringify(nodeReportBody(report, 'node-uid'))) as Record<string, unknown>;
  return nodeReportOf({ ...body, metadata: { ...(body['metadata'] as object), uid: 'own-uid' } });
}

const UNKNOWN = finding('rp-filter', {
  status: 'unknown',
  severity: 'warning',
  unknown: { reason: 'denied', detail: 'ip route: not permitted' },
});

describe('what a node reports', () => {
  it('is what is wrong or not known, the worst first, and what is right is counted', () => {
    const report = reportOf(
      judgement([
        finding('a', { severity: 'info' }),
        UNKNOWN,
        finding('c', { severity: 'warning' }),
        finding('d', { status: 'ok' }),
        finding('e', { status: 'not-applicable' }),
        finding('b'),
      ]),
    );
    expect(report.findings.map(({ problem }) => problem)).toEqual(['b', 'c', 'rp-filter', 'a']);
    expect(report.counts).toEqual({ ok: 1, problem: 2, unknown: 1 });
    expect(report.findings[2]).toMatchObject({ unknown: { reason: 'denied', detail: 'ip route: not permitted' } });
    expect(stored(report)).toEqual(report);
  });

  it.each([
    ['critical', [finding('a'), UNKNOWN]],
    ['warning', [finding('a', { severity: 'warning' }), { ...UNKNOWN, severity: 'critical' }]],
    ['unknown', [finding('a', { severity: 'info' }), UNKNOWN]],
    ['ok', [finding('a', { severity: 'info' }), { ...UNKNOWN, severity: 'info' }]],
    ['ok', []],
  ] as const)('is %s at worst', (worst, findings) => {
    expect(worstOf(reportOf(judgement(findings)))).toBe(worst);
  });

  it('says since when it has been so, of each thing by itself, also after the guard was started again', () => {
    const first = reportOf(judgement([finding('a'), finding('b', { since: '2026-11-01T00:00:00Z' })]));
    expect(first.findings.map(({ since }) => since)).toEqual([AT, '2026-11-01T00:00:00.000Z']);
    const then = [finding('a', { cause: 'it reads 2' }), finding('a', { subject: 'br0' })];
    const second = reportOf(judgement(then, { takenAt: LATER }), stored(first));
    expect(second.findings.map(({ subject, since }) => [subject, since])).toEqual([
      ['', AT],
      ['br0', LATER],
    ]);
  });

  it('says the same whatever the time and the order, and not where anything else differs', () => {
    const findings = [finding('a'), UNKNOWN, finding('b', { severity: 'info' })];
    const report = reportOf(judgement(findings));
    const same = judgement(findings.toReversed(), {
      takenAt: LATER,
      facts: { os: 'Harvester v1.4.1', kernel: '5.14.21' },
    });
    expect(saysTheSame(reportOf(same), report)).toBe(true);
    const others: readonly NodeJudgement[] = [
      judgement(findings.slice(1)),
      judgement(findings, { version: '0.2.0' }),
      judgement(findings, { launch: 'launching' }),
      judgement(findings, { facts: { kernel: '5.14.22', os: 'Harvester v1.4.1' } }),
      judgement(findings, { settings: { 'net.ipv4.ip_forward': '0' } }),
      judgement(findings, { unseen: {} }),
      judgement([finding('d', { status: 'ok' }), ...findings]),
      judgement(findings, { guard: { ...judgement().guard, paused: true } }),
    ];
    for (const other of others) expect(saysTheSame(reportOf(other), report)).toBe(false);
  });

  it('goes with its Node', () => {
    expect(nodeReportBody(reportOf(judgement([finding('a')])), 'node-uid')).toMatchObject({
      apiVersion: 'hayward.internal/v1alpha1',
      kind: 'NodeReport',
      metadata: { name: 'node-1', ownerReferences: [{ kind: 'Node', name: 'node-1', uid: 'node-uid' }] },
      status: { worst: 'critical' },
    });
  });
});

/** Longest of all the texts in it, and how many entries the largest list or map has. */
function sizesOf(value: unknown): { readonly text: number; readonly entries: number } {
  if (typeof value === 'string') return { text: value.length, entries: 0 };
  if (typeof value !== 'object' || value === null) return { text: 0, entries: 0 };
  const parts = Object.entries(value).flatMap(([key, one]) => [sizesOf(key), sizesOf(one)]);
  return {
    text: Math.max(0, ...parts.map(({ text }) => text)),
    entries: Math.max(Object.keys(value).length, ...parts.map(({ entries }) => entries)),
  };
}

const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u202e\ud800-\udfff]/u;
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '\u001b[2J',
    '\u202eabc',
    '\ud83d',
    '__proto__',
    'constructor',
    '',
    'x'.repeat(9_000),
    '🦉'.repeat(900),
  ),
);

function expectBounded(report: NodeReport): void {
  const { text, entries } = sizesOf(report);
  expect(text).toBeLessThanOrEqual(400);
  expect(entries).toBeLessThanOrEqual(MOST_FACTS + MOST_SETTINGS);
  expect(report.findings.length).toBeLessThanOrEqual(MOST_FINDINGS);
  expect(JSON.stringify(report)).not.toMatch(HARMFUL);
}

describe('a report that was made to do harm', () => {
  const lies = fc.record(
    {
      agent: fc.oneof(fc.record({ version: hostile }), fc.jsonValue()),
      takenAt: fc.oneof(hostile, fc.constantFrom('+275760-09-13T00:00:00Z', '0000', AT)),
      profile: fc.oneof(hostile, fc.jsonValue()),
      launch: fc.oneof(hostile, fc.jsonValue()),
      facts: fc.oneof(fc.dictionary(hostile, hostile, { maxKeys: 60 }), fc.jsonValue()),
      settings: fc.oneof(fc.dictionary(hostile, fc.oneof(hostile, fc.jsonValue())), fc.jsonValue()),
      unseen: fc.oneof(fc.dictionary(hostile, fc.constantFrom('denied', 'absent', 'else')), fc.jsonValue()),
      findings: fc.oneof(
        fc.array(
          fc.record(
            {
              problem: hostile,
              subject: hostile,
              status: fc.constantFrom('problem', 'unknown', 'ok', 7),
              severity: fc.constantFrom('critical', 'info', 'worst'),
              phase: fc.constantFrom('settling', {}),
              title: hostile,
              cause: hostile,
              since: hostile,
              unknown: fc.oneof(fc.record({ reason: fc.constant('denied'), detail: hostile }), fc.jsonValue()),
            },
            { requiredKeys: ['problem'] },
          ),
          { maxLength: 100 },
        ),
        fc.jsonValue(),
      ),
      leftOut: fc.oneof(fc.double(), fc.jsonValue()),
      counts: fc.oneof(fc.record({ ok: fc.double(), problem: fc.double() }), fc.jsonValue()),
      guard: fc.oneof(fc.record({ enforce: hostile, keys: fc.double(), paused: fc.jsonValue() }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const object = (status: unknown) => ({ metadata: { name: 'node-1', uid: 'a' }, status }) as Record<string, unknown>;

  it('is read without a word of harm, within its bounds, and what was read is a report again', () => {
    fc.assert(
      fc.property(lies, (status) => {
        const report = nodeReportOf(object(status));
        if (!report) throw new Error('it has a status');
        expectBounded(report);
        expect(stored(report)).toEqual(report);
      }),
    );
  });

  it('is nothing where it says nothing, or goes', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void nodeReportOf(value as never)));
    expect(nodeReportOf({ metadata: { name: 'node-1', uid: 'a' } })).toBeUndefined();
    const going = { name: 'node-1', uid: 'a', deletionTimestamp: AT };
    expect(nodeReportOf({ metadata: going, status: {} })).toBeUndefined();
  });

  it('is made of a node full of harm within the same bounds', () => {
    const findings = fc.array(
      fc.record({
        problem: hostile.filter((text) => text.trim() !== ''),
        subject: hostile,
        title: hostile,
        cause: hostile,
      }),
      { maxLength: 200 },
    );
    const dictionary = fc.dictionary(hostile, hostile, { maxKeys: 300 });
    fc.assert(
      fc.property(findings, dictionary, hostile, (found, texts, text) => {
        const all = found.map(({ problem, ...said }) => finding(problem, said));
        const report = reportOf(judgement(all, { facts: texts, settings: texts, version: text, profile: text }));
        expectBounded(report);
        expect(report.findings.length + report.leftOut).toBe(found.length);
        expect(report.counts.problem).toBe(found.length);
        expect(saysTheSame(stored(report) as NodeReport, report)).toBe(true);
      }),
    );
  });
});
