import { BLOCK, fileHeader, padding } from './tar-header.ts';

/** A member to be written. */
export interface Written {
  readonly name: string;
  readonly body: Buffer;
}

/** The pieces of a tar of regular files, in their order, with its end. */
export function* tarOf(members: Iterable<Written>, mtimeSeconds: number): Generator<Buffer> {
  for (const { name, body } of members) {
    yield fileHeader(name, body.length, mtimeSeconds);
    yield body;
    yield Buffer.alloc(padding(body.length));
  }
  yield Buffer.alloc(2 * BLOCK);
}
