/** One part of an answer: words of a header line, and the bytes up to the next header. */
export interface Frame {
  readonly words: readonly string[];
  readonly body: Buffer;
}

/**
 * Splits an answer at its header lines, each "\n<boundary> words\n". The boundary is random and new for each session, so
 * that no content can hold it. What precedes the first header (a banner, a chatty profile) is not part of the answer.
 */
export function framesOf(answer: Buffer, boundary: string): Frame[] {
  const head = Buffer.from(`\n${boundary} `);
  const frames: Frame[] = [];
  for (let start = answer.indexOf(head); start !== -1; ) {
    const words = start + head.length;
    const lineEnd = answer.indexOf(10, words);
    if (lineEnd === -1) break;
    const next = answer.indexOf(head, lineEnd);
    const body = answer.subarray(lineEnd + 1, next === -1 ? answer.length : next);
    // An empty body shares its newline with the next header.
    frames.push({
      words: answer.toString('latin1', words, lineEnd).split(' '),
      body: next === lineEnd ? body.subarray(0, 0) : body,
    });
    start = next;
  }
  return frames;
}

/** The parts between separators, each of which ends one: a list of names ended by NULs. */
export function namesOf(body: Buffer): string[] {
  const names = body.toString('utf8').split('\0');
  names.pop();
  return names;
}

/** Splits a batch of files, each preceded by the mark. Null when the marks do not add up. */
export function filesOf(body: Buffer, mark: string, count: number): Buffer[] | null {
  const separator = Buffer.from(mark);
  const files: Buffer[] = [];
  let start = body.indexOf(separator);
  if (start !== 0) return null;
  while (start !== -1) {
    const content = start + separator.length;
    const next = body.indexOf(separator, content);
    files.push(body.subarray(content, next === -1 ? body.length : next));
    start = next;
  }
  return files.length === count ? files : null;
}
