import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NoAnswer } from './exchange.ts';
import { followLines } from './lines.ts';

/** An answer in pieces. */
function answer(pieces: readonly Buffer[], statusCode = 200): IncomingMessage {
  return Object.assign(Readable.from(pieces, { objectMode: true }), { statusCode, headers: {} }) as never;
}

async function follow(response: IncomingMessage, stopAfter = Number.POSITIVE_INFINITY) {
  const lines: string[] = [];
  let opened = 0;
  const outcome = await followLines(response, {
    onOpen: () => opened++,
    onLine: (line) => lines.push(line) < stopAfter,
    onData: () => undefined,
  });
  return { lines, opened, outcome };
}

it('gives the same lines however they are cut into pieces', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.integer({ min: 1, max: 7 })), async (lines, sizes) => {
      let rest = Buffer.from(lines.map((one) => `${one}\n`).join(''));
      const pieces: Buffer[] = [];
      for (const size of sizes) {
        pieces.push(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      expect((await follow(answer([...pieces, rest]))).lines).toEqual(lines);
    }),
  );
});

it('ends with the stream, a line without an end is none', async () => {
  const { lines, opened, outcome } = await follow(answer([Buffer.from('one\ntw')]));
  expect({ lines, opened }).toEqual({ lines: ['one'], opened: 1 });
  expect(outcome).toBeInstanceOf(NoAnswer);
});

it('is ended by its follower, who hears nothing more', async () => {
  const response = answer([Buffer.from('one\ntwo\nthree\n')]);
  expect((await follow(response, 2)).lines).toEqual(['one', 'two']);
  expect(response.destroyed).toBe(true);
});

it('is an answer where it was no success', async () => {
  const { opened, outcome } = await follow(answer([Buffer.from('no')], 403));
  expect({ opened, outcome }).toEqual({ opened: 0, outcome: { status: 403, text: 'no' } });
});

it('passes on what its follower throws, as no failure of the stream', async () => {
  const response = answer([Buffer.from('one\n')]);
  const bug = new TypeError('a bug');
  const broken = followLines(response, {
    onOpen: () => undefined,
    onData: () => undefined,
    onLine: () => {
      throw bug;
    },
  });
  await expect(broken).rejects.toBe(bug);
  expect(response.destroyed).toBe(true);
});
