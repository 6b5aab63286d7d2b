import { describe, expect, it } from 'vitest';
import type { Finding } from '../judging/finding.ts';
import { displayWidth } from '../report/display-width.ts';
import { sampleFinding } from '../report/sample-report.ts';
import { dataplaneFindings, withForwarding } from './findings.ts';
import type { Probe, Probed } from './matrix.ts';
import { kindsJson } from './matrix-json.ts';
import { matrixLines } from './matrix-text.ts';
import { metricsText } from './metrics.ts';
import { everyProbe, outcomes } from './testing/simulated.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `node-${index + 1}`);
const unforwarded = ({ from, to, backend, kind }: Probe) =>
  kind !== 'dns' && [from, to, backend].includes('node-2') && (from !== to || backend !== to);
const OPTIONS = { lang: 'en', color: false, width: 80, verbose: false, quiet: false } as const;
const judging = (lang: 'en' | 'zh-CN' = 'en') => ({ target: 'lab', judged: new Map(), lang });

const closed = sampleFinding({
  problem: 'ip-forward',
  target: 'node-2',
  evidence: [{ source: '/proc/sys/net/ipv4/ip_forward', value: '0', wanted: '1' }],
});

describe('the findings', () => {
  it('are the node that stands out, and what follows from it as that', () => {
    const findings = dataplaneFindings(outcomes(everyProbe(names(3)), unforwarded), judging());
    expect(findings).toMatchObject([
      { problem: 'dataplane-pod', subject: 'node-2', status: 'problem', severity: 'critical', target: 'lab' },
      { problem: 'dataplane-service', subject: 'node-2', severity: 'info', consequenceOf: 'dataplane-pod' },
      { problem: 'dataplane-nodeport', subject: 'node-2', severity: 'info', consequenceOf: 'dataplane-pod' },
      { problem: 'dataplane-dns', status: 'ok' },
    ]);
  });

  it('name the cause where the node was looked at, in both languages', () => {
    const all = outcomes(everyProbe(names(3)), unforwarded);
    const judged = new Map([['node-2', [closed]]]);
    expect(dataplaneFindings(all, { ...judging(), judged })[0]?.cause).toBe('ip_forward is 0 on node-2.');
    expect(dataplaneFindings(all, { ...judging('zh-CN'), judged })[0]?.cause).toBe('node-2 的 ip_forward 为 0。');
  });

  it('say so where the node was looked at and nothing was found, and look no further than the node', () => {
    const all = outcomes(everyProbe(names(3)), unforwarded);
    const judged = new Map([
      ['node-1', [closed]],
      ['node-2', []],
    ]);
    expect(dataplaneFindings(all, { ...judging(), judged })[0]?.cause).toContain(
      'Nothing that hayward knows to cause it was found on node-2.',
    );
  });

  it('warn of a node that did not forward before its Pods were added, and does now', () => {
    const all = outcomes(everyProbe(names(3)), () => false);
    const findings = dataplaneFindings(all, { ...judging(), judged: new Map([['node-2', [closed]]]) });
    expect(findings[0]).toMatchObject({ problem: 'dataplane-pod', subject: 'node-2', severity: 'warning' });
  });

  it('warn of no node that was not seen to forward now, and of none twice', () => {
    const judged = new Map([['node-2', [closed]]]);
    const unknown = { kind: 'unknown', reason: 'failed', detail: 'its Pod does not run' } as const;
    const open = outcomes(everyProbe(names(3)), () => false).map((one) =>
      [one.from, one.to, one.backend].includes('node-2') ? { ...one, outcome: unknown } : one,
    );
    expect(dataplaneFindings(open, { ...judging(), judged }).filter(({ status }) => status === 'problem')).toEqual([]);
    for (const fails of [() => true, ({ kind, from, to }: Probe) => kind === 'pod' && from !== to]) {
      const findings = dataplaneFindings(outcomes(everyProbe(names(3)), fails), { ...judging(), judged });
      expect(findings.filter(({ severity }) => severity === 'warning')).toEqual([]);
    }
  });

  it('go by what was seen on the node’s own network, where the host’s own setting could not be', () => {
    const denied = sampleFinding({
      problem: 'ip-forward',
      status: 'unknown',
      unknown: { reason: 'denied', detail: '' },
    });
    const filter = sampleFinding({ problem: 'rp-filter', status: 'ok' });
    const seen = new Map([['node-2', '0']]);
    const statuses = (own: readonly Finding[]) =>
      (withForwarding(new Map([['node-2', own]]), seen, 'en').get('node-2') ?? []).map((one) => [
        one.problem,
        one.status,
      ]);
    expect(statuses([denied, filter])).toEqual([
      ['rp-filter', 'ok'],
      ['ip-forward', 'problem'],
    ]);
    expect(statuses([{ ...denied, status: 'ok' }])).toEqual([['ip-forward', 'ok']]);
  });

  it('do not know of a node that could not ask, and of what an image cannot ask', () => {
    const mute = (one: Probed): Probed =>
      one.from === 'node-3' || one.protocol === 'udp'
        ? { ...one, outcome: { kind: 'unknown', reason: 'not-collected', detail: 'no means' } }
        : one;
    const findings = dataplaneFindings(outcomes(everyProbe(names(3)), () => false).map(mute), judging());
    expect(findings.filter(({ status }) => status === 'unknown')).toMatchObject([
      { problem: 'dataplane-pod', subject: 'node-3', severity: 'warning' },
      { problem: 'dataplane-pod', subject: 'udp small, udp full', severity: 'info' },
      { problem: 'dataplane-service', subject: 'udp small, udp full', severity: 'info' },
      { problem: 'dataplane-nodeport', subject: 'udp small, udp full', severity: 'info' },
      { problem: 'dataplane-dns', subject: 'udp small', severity: 'info' },
    ]);
  });
});

describe('the matrix', () => {
  it('of ten nodes fits in 80 columns, whatever their names', () => {
    const nodes = names(10).map((name) => `${name}.a-rather-long-domain.example.org`);
    const lines = matrixLines(
      outcomes(everyProbe(nodes), () => true),
      OPTIONS,
    );
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([]);
    expect(lines[1]).toContain('PSN');
  });

  it('shows the lost as letters, small where only some were lost', () => {
    const some = ({ kind, from, to, size }: Probe) =>
      from === 'node-1' && to === 'node-3' && (kind === 'pod' || (kind === 'service' && size === 'full'));
    const lines = matrixLines(outcomes(everyProbe(names(3)), some), OPTIONS);
    expect(lines.slice(0, 4)).toEqual([
      '  from \\ to 1    2    3    DNS',
      '  1 node-1  ok   ok   Ps   ok',
      '  2 node-2  ok   ok   ok   ok',
      '  3 node-3  ok   ok   ok   ok',
    ]);
  });

  it('of many nodes tells counts, and rows that lost the same together', () => {
    const into = ({ kind, from, to }: Probe) => kind === 'pod' && to === 'node-2' && from !== to;
    const lines = matrixLines(outcomes(everyProbe(names(30)), into), OPTIONS);
    expect(lines.slice(0, 4)).toEqual([
      '  Pod to Pod: 871 ok, 29 lost',
      '    node-1, node-3, node-4, node-5, node-6, node-7, node-8, node-9, … (29) →',
      '    node-2: lost',
      '  Services: 900 ok, 0 lost',
    ]);
  });

  it('is the contract’s shape as JSON; what is not known is null', () => {
    const [probe] = everyProbe(names(1));
    const unknown = { kind: 'unknown', reason: 'failed', detail: 'no Pod' } as const;
    expect(kindsJson(outcomes(everyProbe(names(2)), unforwarded))).toMatchObject({
      pod: { 'node-1': { 'node-1': { ok: true, ms: 1, error: '' }, 'node-2': { ok: false, ms: null } } },
      nodeport: { 'node-1': { 'node-1': { ok: false, error: 'tcp small to the Pod on node-2: no answer in 1 s' } } },
    });
    expect(kindsJson(probe ? [{ ...probe, outcome: unknown }] : [])).toMatchObject({
      pod: { 'node-1': { 'node-1': { ok: null, error: 'no Pod' } } },
    });
  });

  it('is metrics, by name only what was lost', () => {
    const probed = outcomes(everyProbe(names(2)), ({ kind, from }) => kind === 'dns' && from === 'node-2');
    const text = metricsText(3, { probed, findings: [], at: new Date(0), durationMs: 1500 });
    expect(text).toContain('hayward_dataplane_rounds_total 3\n');
    expect(text).toContain('hayward_dataplane_probes{kind="dns",outcome="lost"} 4\n');
    expect(text.match(/^hayward_dataplane_lost\{.*$/gm)).toEqual([
      'hayward_dataplane_lost{kind="dns",from="node-2",to="10.53.0.10"} 2',
      'hayward_dataplane_lost{kind="dns",from="node-2",to="10.52.0.2"} 2',
    ]);
  });
});
