import { Composer, type Document, Lexer, Parser } from 'yaml';
import { type Fault, LARGEST_REQUEST } from './fault.ts';
import { inspect, type YamlNode } from './inspect.ts';

/** One document of a file. Ranges of its nodes count from `start`, which is an offset in the file's text. */
export interface YamlDocument {
  readonly start: number;
  readonly contents: YamlNode;
  /** What an alias stands for; undefined for an anchor that is not there. */
  resolve(node: YamlNode): YamlNode | undefined;
}

export type Parsed =
  | { readonly kind: 'document'; readonly document: YamlDocument }
  /** `offset` counts from the beginning of the file's text. */
  | { readonly kind: 'fault'; readonly fault: Fault; readonly offset: number };

/**
 * Levels of nesting that are read. The parser calls itself for each, and its caller's stack is not ours to know; the deepest
 * real manifests, schemas of custom resources, have about 60.
 */
const DEEPEST = 256;
/** Lexical tokens of one document that are read: some seconds' work, and a List of 10 MB has a tenth of it. */
const MOST_TOKENS = 4_000_000;
const MOST_DIRECTIVES = 100;

/**
 * The documents of a text, in order, each read by itself as kubectl does: one that is broken leaves the others readable. What
 * is empty is left out.
 */
export function* documentsIn(text: string): Generator<Parsed> {
  for (const { start, end } of partsOf(text)) {
    const part = start === 0 && end === text.length ? text : text.slice(start, end);
    if (!CONTENT.test(part)) continue;
    yield* parsePart(part, start);
  }
}

/** A line that begins with `---` and a blank ends a document wherever it stands (YAML 1.2, c-forbidden), in scalars too. */
function* partsOf(text: string): Generator<{ readonly start: number; readonly end: number }> {
  let start = 0;
  let begun = /\S/.test(firstLine(text)) && !/^(---|#|%)/.test(text);
  for (const { index } of text.matchAll(/^---(?=[ \t\r\n]|$)/gm)) {
    // What stands before the first document, comments and directives, belongs to it.
    if (!begun && !hasContent(text.slice(start, index))) {
      begun = true;
      continue;
    }
    if (index > start) yield { start, end: index };
    start = index;
    begun = true;
  }
  yield { start, end: text.length };
}

/** Something else than blanks and comments. */
const CONTENT = /^[ \t]*[^\s#]/m;

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

function hasContent(prelude: string): boolean {
  return /^(?!%)[ \t]*[^\s#]/m.test(prelude);
}

function* parsePart(part: string, start: number): Generator<Parsed> {
  const large = tooLarge(part);
  if (large) {
    yield { kind: 'fault', fault: large, offset: start + firstContent(part) };
    return;
  }
  // Tabs may indent JSON but not YAML; within JSON's strings none can stand.
  const source = /^\s*[{[]/.test(part) && isJson(part) ? part.replaceAll('\t', ' ') : part;
  const read = compose(source);
  if ('fault' in read) {
    yield { kind: 'fault', fault: templateOr(read.fault, part, read.offset), offset: start + read.offset };
    return;
  }
  for (const document of read.documents) {
    if (document.contents === null) continue;
    const { fault, resolve } = inspect(document.contents as YamlNode, source);
    if (fault) {
      yield { kind: 'fault', fault: templateOr(fault.fault, part, fault.offset), offset: start + fault.offset };
    } else {
      yield { kind: 'document', document: { start, contents: document.contents as YamlNode, resolve } };
    }
  }
}

function firstContent(part: string): number {
  return Math.max(0, part.search(/^(?!---|#)\S/m));
}

/**
 * A single object that no API server takes is not worth reading; a List's items are sent one by one, and what is no manifest
 * at all (a Helm index, an answer file) may be of any size.
 */
function tooLarge(part: string): Fault | undefined {
  if (part.length <= LARGEST_REQUEST) return undefined;
  const isList = /^kind:\s*["']?\w*List\b|"kind"\s*:\s*"\w*List"/m.test(part);
  const isManifest = /^kind:/m.test(part) || (/^\s*\{/.test(part) && part.includes('"kind"'));
  if (isList || !isManifest) return undefined;
  return { kind: 'too-large', bytes: Buffer.byteLength(part) };
}

function isJson(part: string): boolean {
  try {
    JSON.parse(part);
    return true;
  } catch {
    return false;
  }
}

type Composed = { readonly documents: readonly Document.Parsed[] } | { readonly fault: Fault; readonly offset: number };

function compose(source: string): Composed {
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const parser = new Parser();
  const documents: Document.Parsed[] = [];
  let tokens = 0;
  let directives = 0;
  for (const lexeme of new Lexer().lex(source)) {
    tokens += 1;
    if (lexeme.startsWith('%')) directives += 1;
    if (tokens > MOST_TOKENS || directives > MOST_DIRECTIVES) {
      return { fault: { kind: 'too-many-tokens' }, offset: parser.offset };
    }
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    if (parser.stack.length > DEEPEST) return { fault: { kind: 'too-deep', levels: DEEPEST }, offset: parser.offset };
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end(false, source.length));
  const errors = documents.flatMap(({ errors }) => errors);
  const [first, ...others] = errors;
  if (!first) return { documents };
  const earliest = others.reduce((best, error) => (error.pos[0] < best.pos[0] ? error : best), first);
  const message = (earliest.message.split('\n')[0] ?? '').slice(0, 200);
  return { fault: { kind: 'syntax', message }, offset: Math.min(earliest.pos[0], source.length) };
}

/** A template's braces are what is wrong, whatever the parser made of them. */
function templateOr(fault: Fault, part: string, offset: number): Fault {
  const isTemplate =
    /\{\{-?\s*(\.|\$|\/\*|(if|else|end|range|with|define|include|template|block|tpl|toYaml|quote|printf|not|or|and)\b)/;
  if (fault.kind !== 'syntax' && fault.kind !== 'key-not-text') return fault;
  const lines = part.slice(Math.max(0, offset - 2000), offset + 2000);
  return isTemplate.test(lines) ? { kind: 'template' } : fault;
}
