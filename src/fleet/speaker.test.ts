import { expect, it } from 'vitest';
import type { ListedObject } from '../cluster/client/list.ts';
import type { Written } from '../cluster/client/write.ts';
import { known, unknown } from '../hosts/reading.ts';
import { NODE_REPORTS, type NodeJudgement } from './node-report.ts';
import { makeSettling } from './settling.ts';
import { type SpeakerOptions, speakerTo } from './speaker.ts';

const NODE = { metadata: { name: 'node-1', uid: 'uid-1', resourceVersion: '1' } };
const WELL: NodeJudgement = {
  node: 'node-1',
  version: '1',
  takenAt: '2026-11-21T10:00:00.000Z',
  profile: 'generic',
  launch: 'launched',
  facts: {},
  settings: {},
  unseen: {},
  findings: [],
  guard: { enforce: 'poll', keys: 0, held: 0, contested: 0, conflicts: 0, paused: false },
};

/** An API server that keeps what it is given, as far as it takes it; what was applied is told in order. */
function playing(judged: NodeJudgement | undefined) {
  const objects = new Map<string, ListedObject>([['/api/v1/nodes/node-1', NODE]]);
  const applied: ('report' | 'Lease')[] = [];
  const now = { judged, refuses: false };
  const client: SpeakerOptions['client'] = {
    async json(path) {
      const held = objects.get(path);
      return held ? known(held, path) : unknown('absent', path, 'not found');
    },
    async apply(path, object): Promise<Written> {
      const isReport = path.startsWith(NODE_REPORTS.path);
      if (isReport && now.refuses) return { kind: 'denied', detail: 'no' };
      const { uid = `uid-of-${path}` } = (objects.get(path)?.['metadata'] ?? {}) as { uid?: string };
      const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: '1' } };
      objects.set(path, stored);
      applied.push(isReport ? 'report' : 'Lease');
      return { kind: 'done', object: stored };
    },
  };
  const settling = makeSettling();
  const speaker = () =>
    speakerTo({
      client,
      node: 'node-1',
      judgement: () => now.judged,
      settling,
      heard: () => undefined,
      signal: new AbortController().signal,
      renewMs: 0,
    });
  return { now, applied, speaker };
}

it('says what a node is like, and then that it lives', async () => {
  const { applied, speaker } = playing(WELL);
  expect(await speaker().turn()).toBeUndefined();
  expect(applied).toEqual(['report', 'Lease']);
});

it('renews no Lease before the node was judged', async () => {
  const { now, applied, speaker } = playing(undefined);
  const one = speaker();
  expect(await one.turn()).toBeUndefined();
  expect(applied).toEqual([]);
  now.judged = WELL;
  await one.turn();
  expect(applied).toEqual(['report', 'Lease']);
});

it('renews no Lease beside a report that it may not bring up to date, whoever speaks next', async () => {
  const { now, applied, speaker } = playing(WELL);
  const first = speaker();
  await first.turn();
  now.refuses = true;
  now.judged = { ...WELL, profile: 'harvester' };
  // May pass by itself; what two looks see is said.
  expect(await first.turn()).toBeUndefined();
  const denied = { kind: 'denied', detail: 'no' };
  expect(await first.turn()).toEqual(denied);
  expect(await speaker().turn()).toEqual(denied);
  expect(applied).toEqual(['report', 'Lease']);
  now.refuses = false;
  await speaker().turn();
  expect(applied).toEqual(['report', 'Lease', 'report', 'Lease']);
});
