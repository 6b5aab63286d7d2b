import { harmless } from '../../hosts/sanitise.ts';

/** Of a text that was not written here so much is told. */
const LONGEST_PROSE = 1_500;
const LONGEST_LINE = 500;

export function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…` : text;
}

/**
 * What needs no escape in CommonMark and means nothing to GitHub: words, numbers, and what stands between them in a sentence. A lone
 * hexadecimal number may be a commit's, `ABC-1` an issue's, and a host name after www. or :// becomes a link.
 */
const PLAIN = /^[A-Za-z0-9,.;:!?()'"%/=+-]+$/;
const TELLS = /^\(?(?:[0-9a-f]{7,40}|[A-Z][A-Z0-9]*-[0-9]+)\b|www\.|:\/\/|:[a-z0-9+-]+:/i;

/**
 * A text of anybody's as a part of a paragraph: what Markdown, HTML or GitHub would take for more than a text (emphasis, tags, @names, #123,
 * links) stands in code, where nothing is. Never to be put at the beginning of a line, where `-` and `1.` begin lists.
 */
export function prose(text: string): string {
  const told = cut(harmless(text.replace(/\s+/g, ' ').trim()), LONGEST_PROSE);
  return told.replace(/[\x21-\x7e]+/g, (word) => {
    if (PLAIN.test(word) && !TELLS.test(word)) return word;
    const [, core = word, rest = ''] = /^(.*?)([.,;:!?]*)$/.exec(word) ?? [];
    return core === '' ? codeSpan(word) : codeSpan(core) + rest;
  });
}

/** In code, whatever is in it; in one line. */
export function codeSpan(text: string): string {
  const line = cut(harmless(text.replace(/\s+/g, ' ').trim()), LONGEST_LINE);
  if (line === '') return '';
  const fence = '`'.repeat(longestRun(line) + 1);
  // A blank on either side is taken away again by who renders it (CommonMark 6.1).
  const pad = /^`|`$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Lines as they are, between fences longer than any run of backticks in them. */
export function fenced(lines: readonly string[], language: 'text' | 'sh'): string[] {
  const told = lines.map((line) => cut(harmless(line, { keepLayout: true }).replaceAll('\n', '\\n'), LONGEST_LINE));
  const fence = '`'.repeat(Math.max(3, longestRun(told.join('\n')) + 1));
  return [`${fence}${language}`, ...told, fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
