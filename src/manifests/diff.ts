import { applyEdits, type Edit } from './edit.ts';
import { placesIn } from './places.ts';

const CONTEXT = 3;

interface Hunk {
  from: number;
  to: number;
  readonly edits: Edit[];
}

/** The edits of a text as a unified diff that `patch` and `git apply` take. Empty where there are none. */
export function unifiedDiff(name: string, text: string, edits: readonly Edit[]): string {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  if (starts.at(-1) === text.length) starts.pop();
  const placeOf = placesIn(text);
  const lineOf = (offset: number) => Math.min(placeOf(offset).line, starts.length) - 1;
  const hunks: Hunk[] = [];
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    const from = Math.max(0, lineOf(edit.start) - CONTEXT);
    // Between two lines none is changed.
    const between = edit.start === edit.end && starts[lineOf(edit.start)] === edit.start;
    const changed = lineOf(Math.max(edit.start, edit.end - 1)) + (between ? 0 : 1);
    const to = Math.min(starts.length, changed + CONTEXT);
    const last = hunks.at(-1);
    if (last && from <= last.to) {
      last.to = Math.max(last.to, to);
      last.edits.push(edit);
    } else hunks.push({ from, to, edits: [edit] });
  }
  let shift = 0;
  const told = hunks.map((hunk) => {
    const { lines, before, after } = hunkLines(text, starts, hunk);
    const head = `@@ -${hunk.from + 1},${before} +${hunk.from + 1 + shift},${after} @@`;
    shift += after - before;
    return [head, ...lines].join('\n');
  });
  return told.length === 0 ? '' : `--- ${name}\n+++ ${name}\n${told.join('\n')}\n`;
}

function hunkLines(text: string, starts: readonly number[], { from, to, edits }: Hunk) {
  const start = starts[from] ?? text.length;
  const end = starts[to] ?? text.length;
  const old = text.slice(start, end);
  const moved = edits.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }));
  const before = linesOf(old);
  const after = linesOf(applyEdits(old, moved));
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail += 1;
  }
  const lines = [
    ...before.slice(0, head).map((line) => ` ${line}`),
    ...before.slice(head, before.length - tail).map((line) => `-${line}`),
    ...after.slice(head, after.length - tail).map((line) => `+${line}`),
    ...before.slice(before.length - tail).map((line) => ` ${line}`),
  ];
  return { lines, before: before.length, after: after.length };
}

/** Lines without their newlines; one that has none says so as diff does. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}
