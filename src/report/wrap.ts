import { displayWidth, isWide } from './display-width.ts';

/** Punctuation that may not begin a line, and that which may not end one, in Chinese typesetting. */
const CLOSING = /^[，。、；：！？）】」』》〉”’…,.;:!?)\]}%]/u;
const OPENING = /[（【「『《〈“‘([{]$/u;

interface Atom {
  readonly text: string;
  /** A blank stood before it. */
  readonly blank: boolean;
}

/**
 * Lays text out in lines of at most `columns` columns. Breaks at blanks and between wide characters, and, where a
 * word is longer than a line, inside the word; or leaves such a word whole, as a path that is there to be copied.
 */
export function wrap(text: string, columns: number, longWords: 'cut' | 'whole' = 'cut'): string[] {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  const atoms = atomsOf(text);
  for (const atom of longWords === 'cut' ? atoms.flatMap((one) => broken(one, columns)) : atoms) {
    const own = displayWidth(atom.text);
    const gap = atom.blank && line !== '' ? 1 : 0;
    if (line !== '' && width + gap + own > columns) {
      lines.push(line);
      line = atom.text;
      width = own;
    } else {
      line += ' '.repeat(gap) + atom.text;
      width += gap + own;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** The pieces that a line break may part. */
function atomsOf(text: string): Atom[] {
  return text
    .split(/\s+/u)
    .filter((word) => word !== '')
    .flatMap((word) => atomsOfWord(word).map((piece, index) => ({ text: piece, blank: index === 0 })));
}

function atomsOfWord(word: string): string[] {
  const atoms: string[] = [];
  let lastWide = false;
  for (const character of word) {
    const wide = isWide(character);
    const previous = atoms.at(-1);
    if (previous === undefined || ((wide || lastWide) && breakable(previous, character))) atoms.push(character);
    else atoms[atoms.length - 1] = previous + character;
    lastWide = displayWidth(character) === 0 ? lastWide : wide;
  }
  return atoms;
}

function breakable(before: string, character: string): boolean {
  return displayWidth(character) > 0 && !CLOSING.test(character) && !OPENING.test(before);
}

/** An atom no line can hold, cut where the lines end. */
function broken(atom: Atom, columns: number): Atom[] {
  if (displayWidth(atom.text) <= columns) return [atom];
  const pieces: Atom[] = [];
  let piece = '';
  let width = 0;
  for (const character of atom.text) {
    const own = displayWidth(character);
    if (piece !== '' && width + own > columns) {
      pieces.push({ text: piece, blank: pieces.length === 0 && atom.blank });
      piece = '';
      width = 0;
    }
    piece += character;
    width += own;
  }
  return [...pieces, { text: piece, blank: pieces.length === 0 && atom.blank }];
}
