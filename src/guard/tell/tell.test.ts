import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statusExit } from '../../commands/guard-control.ts';
import { displayWidth } from '../../report/display-width.ts';
import type { GuardEvent, Writer } from '../model.ts';
import { openHistory, readHistory } from './history.ts';
import { newLedger } from './ledger.ts';
import { logLine } from './log.ts';
import { metricsText } from './metrics.ts';
import { RIGHT_KEY, statusWith, WRITER } from './sample-status.ts';
import { statusText } from './status-text.ts';

const at = '2026-11-21T10:00:00.000Z';
const drift = (writer: Writer | null): GuardEvent => ({ at, type: 'drift', key: 'a', value: '1', wanted: '0', writer });
const held = (times: number, writer = WRITER): GuardEvent => ({
  at,
  type: 'held',
  key: 'a',
  written: '1',
  writer,
  times,
});

describe('ledger and metrics', () => {
  function metrics(...events: readonly GuardEvent[]): string {
    const ledger = newLedger();
    for (const event of events) ledger.note(event);
    const cost = { cpuSeconds: 1.5, residentBytes: 7 };
    return metricsText({ version: '1', status: statusWith([RIGHT_KEY]), ledger, plan: undefined, cost });
  }

  it('counts drifts by writer, and by nobody where none is known, without a pid', () => {
    const text = metrics(drift(WRITER), drift({ ...WRITER, pid: 9 }), drift(null));
    expect(text).toContain(
      'hayward_guard_drifts_total{key="a",comm="sysctl",cgroup="/system.slice/rke2-server.service"} 2',
    );
    expect(text).toContain('hayward_guard_drifts_total{key="a",comm="unknown",cgroup="unknown"} 1');
    expect(text).not.toContain('4321');
  });

  it('adds what was held, and puts repairs into buckets that include the smaller ones', () => {
    const repaired = (latencyMs: number): GuardEvent => ({
      at,
      type: 'repaired',
      key: 'a',
      from: '1',
      to: '0',
      latencyMs,
    });
    const text = metrics(held(3), held(4), repaired(20), repaired(90), repaired(70_000));
    expect(text).toMatch(/hayward_guard_held_total\{[^}]*\} 7/);
    expect(text).toContain('hayward_guard_repair_seconds_bucket{le="0.05"} 1');
    expect(text).toContain('hayward_guard_repair_seconds_bucket{le="0.1"} 2');
    expect(text).toContain('hayward_guard_repair_seconds_bucket{le="60"} 2');
    expect(text).toContain('hayward_guard_repair_seconds_bucket{le="+Inf"} 3');
    expect(text).toContain('hayward_guard_repairs_total{key="a",result="repaired"} 3');
  });

  it('does not let a writer choose how many series there are, or what they say', () => {
    const hostile = Array.from({ length: 1_000 }, (_, n) => held(1, { ...WRITER, comm: `evil"\n\x1b${n}` }));
    const lines = metrics(...hostile)
      .split('\n')
      .filter((line) => line.startsWith('hayward_guard_held_total{'));
    expect(lines.length).toBe(201);
    expect(lines.at(-1)).toContain('comm="other",cgroup="other"} 800');
    expect(lines[0]).toContain('comm="evil\\"\\\\x0a\\\\x1b0"');
  });

  it('keeps the last events, one for a writer that goes on', () => {
    const ledger = newLedger();
    ledger.note(drift(null));
    for (let n = 0; n < 5; n++) ledger.note(held(n + 1));
    expect(ledger.recent()).toEqual([held(5), drift(null)]);
  });
});

describe('history', () => {
  let directory: string;
  let path: string;
  const complaints: string[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hayward-history-'));
    path = join(directory, 'guard', 'history.jsonl');
    complaints.length = 0;
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const open = () => openHistory(path, (why) => complaints.push(why));

  it('goes on after a line that a cut left half written', () => {
    open().add(drift(null));
    const whole = readFileSync(path, 'utf8');
    truncateSync(path, whole.length - 10);
    open().add(held(1));
    expect(readHistory(path)).toEqual({ events: [held(1)], unreadable: 1 });
  });

  it('is bounded: the file before it is kept, what is older goes', () => {
    const history = open();
    const long: GuardEvent = { at, type: 'plan-failed', why: 'x'.repeat(400_000) };
    for (let n = 0; n < 20; n++) history.add(long);
    const bytes = readFileSync(path).length + readFileSync(`${path}.1`).length;
    expect(bytes).toBeLessThan(3_000_000);
    history.add(held(1));
    expect(readHistory(path).events.at(-1)).toEqual(held(1));
  });

  it('says once that it cannot be kept', () => {
    writeFileSync(join(directory, 'guard'), 'a file where the directory should be');
    const history = open();
    history.add(drift(null));
    history.add(drift(null));
    expect(complaints.length).toBe(1);
  });
});

describe('status and log', () => {
  const options = { lang: 'en', color: false, width: 80, verbose: false, quiet: false } as const;
  const wrong = {
    ...RIGHT_KEY,
    key: 'net.ipv4.conf.a-very-long-interface.rp_filter',
    value: '1',
    wanted: '2',
    right: false,
    drifts: 3,
    contested: true,
    lastWriter: WRITER,
  };

  it.each(['en', 'zh-CN'] as const)('fits 80 columns and one screen, worst first (%s)', (lang) => {
    const many = Array.from({ length: 40 }, (_, n) => ({ ...RIGHT_KEY, key: `net.ipv4.conf.eth${n}.forwarding` }));
    const recent = Array.from({ length: 20 }, () => drift(WRITER));
    const lines = statusText(statusWith([...many, wrong], { recent }), { ...options, lang })
      .trimEnd()
      .split('\n');
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([]);
    expect(lines.length).toBeLessThanOrEqual(32);
    expect(lines.findIndex((line) => line.includes('rp_filter'))).toBeLessThan(
      lines.findIndex((line) => line.includes('eth0')),
    );
    expect(lines.join('\n')).toContain('29');
  });

  it('says that none runs', () => {
    const starting = statusWith([], { judged: null });
    expect(statusText(starting, options)).toContain('not known yet');
    expect(statusText(starting, options)).not.toContain('Nothing on this node');
    expect(statusExit(starting)).toBe(3);
    expect(statusExit(statusWith([RIGHT_KEY]))).toBe(0);
    const text = statusText(statusWith([], { running: false, judged: null }), options);
    expect(text).toContain('No guard runs here');
  });

  it('logs JSON that can be read, and nothing a terminal would act on', () => {
    const event = drift({ ...WRITER, comm: '\x1b[2J\u009b\u202e' });
    const line = logLine(event, { lang: 'en', color: false, json: true });
    expect(JSON.parse(line)).toEqual(event);
    expect(line).not.toMatch(/[\u001b\u009b\u202e]/);
    expect(logLine(event, { lang: 'en', color: false, json: false })).not.toMatch(/[\u001b\u009b\u202e]/);
  });
});
