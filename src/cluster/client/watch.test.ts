import { describe, expect, it } from 'vitest';
import { known } from '../../hosts/reading.ts';
import { type Answer, NoAnswer } from './exchange.ts';
import { type WatchEvent, watcherOn } from './watch.ts';
import type { Wire } from './wire.ts';

/** What no real server sends on demand: nonsense, and errors in the middle of a stream. */
async function watch(answer: readonly unknown[] | Answer | NoAnswer) {
  const seen: WatchEvent[] = [];
  const wire = {
    server: 'https://127.0.0.1:6443',
    async stream(_question, { onOpen, onLine }) {
      if (answer instanceof NoAnswer || 'status' in answer) return known(answer, 'x');
      onOpen();
      for (const line of answer) if (!onLine(typeof line === 'string' ? line : JSON.stringify(line))) break;
      return known(new NoAnswer('cut', 'over'), 'x');
    },
  } as Partial<Wire> as Wire;
  const { signal } = new AbortController();
  const end = await watcherOn(wire).watch('/list', { resourceVersion: '1', signal }, (event) => seen.push(event));
  return { end, seen: seen.map(({ type }) => type) };
}

const event = (type: string, object: unknown = {}) => ({ type, object });
const gone = event('ERROR', { kind: 'Status', code: 410, message: 'too old resource version: 1 (2)' });

describe('a watch ends', () => {
  it('by itself: go on', async () => {
    expect(await watch([event('ADDED'), event('BOOKMARK')])).toEqual({
      end: { kind: 'over' },
      seen: ['ADDED', 'BOOKMARK'],
    });
  });

  it('because its version is too old, said in either way', async () => {
    expect(await watch([event('ADDED'), gone, event('ADDED')])).toEqual({ end: { kind: 'expired' }, seen: ['ADDED'] });
    expect((await watch({ status: 410, text: '' })).end).toEqual({ kind: 'expired' });
  });

  it('by an error of the server: list anew', async () => {
    const error = event('ERROR', { code: 500, message: 'unable to decode' });
    expect((await watch([error])).end).toMatchObject({
      kind: 'refused',
      why: { detail: 'HTTP 500: unable to decode' },
    });
  });

  it.each<[unknown, string]>([
    ['{"type":"MODIFIED","obj', 'cut off'],
    [event('MODIFIED', null), 'no object'],
    [event('MODIFIED', []), 'a list'],
    [[], 'no record'],
    ['null', 'nothing'],
    ['', 'an empty line'],
    [{ object: {} }, 'no type'],
  ])('by nonsense: list anew (%s)', async (line) => {
    expect(await watch([event('ADDED'), line])).toMatchObject({ end: { kind: 'refused' }, seen: ['ADDED'] });
  });

  it.each([
    [403, 'refused', 'denied'],
    [404, 'refused', 'absent'],
    [400, 'refused', 'failed'],
    [429, 'over', 'failed'],
    [503, 'over', 'failed'],
  ] as const)('before it began: HTTP %i', async (status, kind, reason) => {
    expect((await watch({ status, text: 'no' })).end).toMatchObject({
      kind,
      why: { reason, detail: `HTTP ${status}: no` },
    });
  });

  it('before it began: no answer', async () => {
    const why = { reason: 'failed', detail: 'https://127.0.0.1:6443: connect ECONNREFUSED' };
    expect((await watch(new NoAnswer('refused', 'connect ECONNREFUSED'))).end).toMatchObject({ kind: 'over', why });
  });
});
