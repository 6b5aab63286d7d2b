import { expect, it } from 'vitest';
import type { KubeWriter, Written } from '../../cluster/client/write.ts';
import type { ToldEvent } from '../told-events.ts';
import { fleetWrites } from './fleet-writes.ts';
import { makeFleetTally } from './tally.ts';
import type { FleetTold } from './told.ts';

const DONE: Written = { kind: 'done', object: {} };
const DENIED: Written = { kind: 'denied', detail: 'no' };
const GONE: Written = { kind: 'gone', detail: 'not found' };
const EVENT: ToldEvent = { about: 'node', node: 'node-1', type: 'Warning', reason: 'IpForward', note: 'off' };

/** Writes that are answered as `answer` says at that moment. */
function playing() {
  const asked: string[] = [];
  const told: FleetTold[] = [];
  const server = { answer: (_verb: string): Written => DONE, ms: 0 };
  const ask = (verb: string) => async (): Promise<Written> => {
    asked.push(verb);
    return server.answer(verb);
  };
  const client: KubeWriter = {
    apply: ask('apply'),
    merge: ask('merge'),
    create: ask('create'),
    replace: ask('replace'),
    remove: ask('remove'),
  };
  const writes = fleetWrites(client, {
    instance: 'replica-1',
    tell: (one) => void told.push(one),
    tally: makeFleetTally(),
    signal: new AbortController().signal,
    now: () => server.ms,
  });
  return { server, writes, asked, told };
}

it('counts a word told again on the Event that told it', async () => {
  const { writes, asked } = playing();
  for (let round = 0; round < 3; round++) await writes.event(EVENT, 'uid');
  expect(asked).toEqual(['create', 'merge', 'merge']);
});

it('counts nothing on an Event that was refused, and tells of that', async () => {
  const { server, writes, asked, told } = playing();
  server.answer = () => DENIED;
  await writes.event(EVENT, 'uid');
  await writes.event(EVENT, 'uid');
  expect(asked).toEqual(['create', 'create']);
  expect(told).toEqual([{ type: 'refused', object: 'Events', detail: 'no' }]);
});

it('tells anew what was told on an Event that is gone', async () => {
  const { server, writes, asked } = playing();
  await writes.event(EVENT, 'uid');
  server.answer = (verb) => (verb === 'merge' ? GONE : DONE);
  await writes.event(EVENT, 'uid');
  expect(asked).toEqual(['create', 'merge', 'create']);
});

it('tells once what is refused again and again, and forgets what is not tried any more', async () => {
  const { server, writes, told } = playing();
  server.answer = () => DENIED;
  await writes.removeNamespace('run-1');
  for (const minute of [5, 10, 15]) {
    server.ms = minute * 60_000;
    await writes.removeNamespace('run-2');
  }
  const objects = () => told.flatMap((one) => (one.type === 'refused' ? [one.object] : []));
  expect(objects()).toEqual(['namespace run-1', 'namespace run-2']);
  // Another of the name of one that has long been gone.
  await writes.removeNamespace('run-1');
  expect(objects()).toEqual(['namespace run-1', 'namespace run-2', 'namespace run-1']);
});
