import type { IncomingMessage } from 'node:http';
import { type Answer, collect, LONGEST_ANSWER_BYTES, NoAnswer, noAnswerFor } from './exchange.ts';

export interface Follower {
  readonly onOpen: () => void;
  /** False ends it. */
  readonly onLine: (line: string) => boolean;
  readonly onData: () => void;
}

const LINE_FEED = 0x0a;

/**
 * Follows an answer line by line until it ends. The answer, where it was none of success. Rejects with NoAnswer where it is lost in
 * its middle, and with what a follower threw.
 */
export async function followLines(response: IncomingMessage, follower: Follower): Promise<Answer | NoAnswer> {
  follower.onData();
  if (response.statusCode !== 200) return collect(response);
  follower.onOpen();
  let rest: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(response)) {
    follower.onData();
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
      if (!follower.onLine(line)) return new NoAnswer('cut', 'we ended the stream');
      rest = [];
      bytes = 0;
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
    bytes += chunk.length - start;
    if (bytes > LONGEST_ANSWER_BYTES) throw new NoAnswer('cut', `a line of more than ${LONGEST_ANSWER_BYTES} bytes`);
  }
  return new NoAnswer('cut', 'the server ended the stream');
}

/** What the follower throws is no failure of the stream: the two must not be caught together. */
async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  const chunks = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: Error) => {
        throw noAnswerFor(error, true);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    response.destroy();
  }
}
