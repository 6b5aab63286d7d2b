import { describe, expect, it } from 'vitest';
import { BAD, beat, type NodeSketch, play, reported, successorOf } from './testing/played-fleet.ts';

describe('a new leader', () => {
  const trouble: Record<string, NodeSketch> = { 'node-1': {}, 'node-2': { findings: [BAD] }, 'node-3': {} };
  const statusBad = { verdict: 'not-ready', findings: [], unknownLooks: 0 } as const;

  /** Three nodes, one with a problem and one silent, long judged; then its successor, who has seen nothing yet. */
  function takenOver() {
    const first = play(trouble, { status: statusBad });
    first.look(1);
    for (const name of ['node-1', 'node-2']) first.heartbeats.set(name, beat('second', 200));
    const last = first.look(200);
    const heartbeats = new Map(first.heartbeats);
    // Its own clock, and all that it knows began just now.
    for (const [name, { renewed }] of heartbeats) heartbeats.set(name, beat(renewed, 5_000));
    const inherited = successorOf(last);
    const next = play(trouble, { status: undefined, heartbeats, inherited, seeingSinceMs: 5_000_000 });
    return { last, next };
  }

  it('says what was said: no transition, and nothing to write', () => {
    const { last, next } = takenOver();
    const first = next.look(5_000);
    expect(first.report).toEqual(last.report);
    expect([...first.wishes]).toEqual([...last.wishes]);
    expect(next.look(5_100).report).toEqual(last.report);
  });

  it('knows a silent agent at once, and one that has spoken since', () => {
    const { next } = takenOver();
    next.seen.heartbeats = new Map([...next.seen.heartbeats, ['node-3', beat('spoken', 5_000)]]);
    expect(next.look(5_000).report).toMatchObject({ nodes: { silent: 0, healthy: 2, problem: 1 } });
  });

  it('gives each agent its whole time from then on', () => {
    const { next } = takenOver();
    next.look(5_000);
    expect(next.look(5_179).report.nodes.silent).toBe(1);
    expect(next.look(5_180).report.nodes.silent).toBe(3);
  });

  it('takes a node that was said to have a problem for no newcomer that settles', () => {
    const { next } = takenOver();
    next.seen.reports = new Map([
      ...next.seen.reports,
      ['node-2', reported('node-2', { findings: [BAD], launch: 'launching' })],
    ]);
    expect(next.look(5_000).report.nodes).toMatchObject({ problem: 1, settling: 0 });
  });
});
