import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswer } from './answer.ts';
import { emptyDraft } from './draft.ts';
import { filesOf, framesOf } from './frames.ts';
import { planOf } from './plan.ts';

const BOUNDARY = 'b'.repeat(32);
const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));

describe('frames', () => {
  it('come back whatever their bodies hold', () => {
    fc.assert(
      fc.property(fc.array(bytes), bytes, (bodies, banner) => {
        const parts = bodies.map((body, index) => Buffer.concat([Buffer.from(`\n${BOUNDARY} part ${index}\n`), body]));
        const frames = framesOf(Buffer.concat([banner, ...parts]), BOUNDARY);
        expect(frames.map(({ body }) => body.toString('hex'))).toEqual(bodies.map((body) => body.toString('hex')));
        expect(frames.map(({ words }) => words)).toEqual(bodies.map((_, index) => ['part', String(index)]));
      }),
    );
  });

  it('of a batch are files, or nothing where the marks do not add up', () => {
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1 }), (contents) => {
        const body = Buffer.concat(contents.flatMap((content) => [Buffer.from('M=1\0'), content]));
        expect(filesOf(body, 'M=1\0', contents.length)).toEqual(contents);
        expect(filesOf(body, 'M=1\0', contents.length + 1)).toBeNull();
      }),
    );
    expect(filesOf(Buffer.from('no marks'), 'M=1\0', 1)).toBeNull();
  });
});

const KINDS =
  'clock node release list listed files glob names batch said absent error keep lines run out status which end';

describe('an answer of any bytes', () => {
  it('is read without a crash', () => {
    const plan = planOf([
      { kind: 'file', path: '/a/{release}', keep: 'x' },
      { kind: 'file', path: '/b' },
      { kind: 'files', glob: '/c/*' },
      { kind: 'list', path: '/d' },
      { kind: 'run', argv: ['e'] },
    ]);
    const frame = fc.tuple(fc.array(fc.constantFrom(...KINDS.split(' '), '0', '1', '99', ''), { maxLength: 4 }), bytes);
    fc.assert(
      fc.property(fc.array(frame), bytes, (frames, noise) => {
        const parts = frames.map(([words, body]) =>
          Buffer.concat([Buffer.from(`\n${BOUNDARY} ${words.join(' ')}\n`), body]),
        );
        readAnswer(framesOf(Buffer.concat([...parts, noise]), BOUNDARY), plan, emptyDraft(), 'm');
      }),
    );
  });
});
