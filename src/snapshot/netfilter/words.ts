/** One word of a line that iptables or ipset printed. A quoted word is never an option, whatever it begins with. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

const WORD = /"((?:[^"\\]|\\.)*)"|(\S+)/gs;

/**
 * Splits a line as `xtables_save_string` (iptables, libxtables/xtables.c) writes it: words are parted by blanks; a word
 * with other than letters, digits, `_` and `-` stands in double quotes, with a backslash before `"`, `'` and `\`.
 */
export function wordsOf(line: string): readonly Word[] {
  const words: Word[] = [];
  for (const [, quoted, plain] of line.matchAll(WORD)) {
    words.push(
      quoted === undefined
        ? { text: plain ?? '', quoted: false }
        : { text: quoted.replace(/\\(.)/gs, '$1'), quoted: true },
    );
  }
  return words;
}

/** An option with what follows it: `! --dport 80:90` is `{ name: '--dport', not: true, values: ['80:90'] }`. */
export interface Option {
  readonly name: string;
  readonly not: boolean;
  readonly values: readonly string[];
}

/** Options whose value may look like an option itself, with the number of words they take. */
const TAKES: Readonly<Record<string, number>> = {
  '--comment': 1,
  '--log-prefix': 1,
  '--nflog-prefix': 1,
  '--string': 1,
  '-m': 1,
  '-j': 1,
  '-g': 1,
  '-f': 0,
};

function isOption(word: Word | undefined): boolean {
  return word !== undefined && !word.quoted && /^--?[A-Za-z]/.test(word.text);
}

/** Groups the words of a rule (without `-A CHAIN`) by option. Words before the first option are left out. */
export function optionsOf(words: readonly Word[]): readonly Option[] {
  const options: Option[] = [];
  let not = false;
  for (let at = 0; at < words.length; ) {
    const word = words[at] as Word;
    at += 1;
    if (word.text === '!' && !word.quoted) not = true;
    else if (isOption(word)) {
      const end = endOfValues(words, at, TAKES[word.text]);
      options.push({ name: word.text, not, values: words.slice(at, end).map(({ text }) => text) });
      at = end;
      not = false;
    }
  }
  return options;
}

function endOfValues(words: readonly Word[], from: number, takes: number | undefined): number {
  if (takes !== undefined) return Math.min(from + takes, words.length);
  let end = from;
  while (end < words.length && !isOption(words[end]) && !(words[end]?.text === '!' && !words[end]?.quoted)) end += 1;
  return end;
}

/** An option as it would be typed again, for a person to read. */
export function textOf({ name, not, values }: Option): string {
  return [...(not ? ['!'] : []), name, ...values].join(' ');
}
