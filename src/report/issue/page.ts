import { redactText } from '../../bundle/redact.ts';
import type { Lang } from '../../lang.ts';
import { codeSpan, prose } from './markdown.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { ISSUE_WORDS, type IssueWords } from './words.ts';

/** Of one problem: places and pieces of evidence, steps. */
export const SHOWN = 20;

/** A text of anybody's as it may be published, in the places there are for one. */
export interface Page {
  readonly lang: Lang;
  readonly words: IssueWords;
  readonly counted: Pseudonyms['counted'];
  said(text: string): string;
  code(text: string): string;
  /** What a target is called. */
  host(name: string): string;
  /** A line of a fence; `source` tells how to look for secrets in it. */
  line(text: string, source?: string): string;
}

/** The page for reports in a language; of a cluster there is one target, which needs no name. */
export function pageFor(lang: Lang, names: Pseudonyms, isCluster: boolean): Page {
  const line = (text: string, source = ''): string => names.replaced(redactText(text, source));
  return {
    lang,
    words: ISSUE_WORDS[lang],
    counted: names.counted,
    host: (name) => (isCluster ? 'cluster' : names.host(name)),
    said: (text) => prose(line(text)),
    code: (text) => codeSpan(line(text)),
    line,
  };
}

/** So many, and the number of the rest. */
export function listed<T>(all: readonly T[], words: IssueWords, textOf: (one: T) => string): string[] {
  const rest = all.length - SHOWN;
  return [...all.slice(0, SHOWN).map(textOf), ...(rest > 0 ? [words.more(rest)] : [])];
}
