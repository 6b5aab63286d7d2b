import { StringDecoder } from 'node:string_decoder';
import { MAX_LINE } from './explain.ts';

/** Calls `read` for each line of a stream, however long its lines: what is beyond MAX_LINE of one is let go. */
export async function eachLine(
  stream: AsyncIterable<Uint8Array | string>,
  read: (line: string) => void,
): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const pieces = (typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))).split('\n');
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      read((rest + piece).replace(/\r$/, ''));
      rest = '';
    }
    rest = (rest + last).slice(0, MAX_LINE);
  }
  rest += decoder.end();
  if (rest !== '') read(rest);
}
