import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { Pattern } from './pattern.ts';
import { CLUSTER_PATTERNS } from './patterns/cluster.ts';
import { LEASE_PATTERNS } from './patterns/leases.ts';
import { SETTING_PATTERNS } from './patterns/settings.ts';

export const PATTERNS: readonly Pattern[] = [...LEASE_PATTERNS, ...SETTING_PATTERNS, ...CLUSTER_PATTERNS];

/** A line of a log explained: a finding whose evidence is the line, and the way on from it. */
export interface Explanation extends Finding {
  /** How often lines spoke of it. */
  readonly count: number;
  /** What to run: the proof, then the cure where hayward has one. */
  readonly commands: readonly string[];
  /** What puts it right, where that is no command of hayward's. */
  readonly advice?: string;
}

/** Longer lines are cut: no component writes an error beyond that, and a stream without newlines must not fill memory. */
export const MAX_LINE = 16_384;
/** What is shown of a line. */
const SHOWN = 400;
/** Different problems or subjects kept of one stream. */
const MOST = 500;

/** Reads a log line by line and remembers what is known of it. Pure but for its memory. */
export interface Reader {
  read(line: string): void;
  explanations(lang: Lang): readonly Explanation[];
  /** Lines read so far. */
  readonly lines: number;
}

interface Met {
  readonly pattern: Pattern;
  readonly subject: string;
  readonly first: { readonly line: number; readonly text: string };
  count: number;
}

/** `source` names where the lines come from. */
export function logReader(source: string): Reader {
  const met = new Map<string, Met>();
  let lines = 0;
  return {
    get lines() {
      return lines;
    },
    read(whole) {
      lines += 1;
      const text = whole.slice(0, MAX_LINE);
      for (const pattern of PATTERNS) {
        const match = pattern.matches.exec(text);
        if (match)
          note(met, { pattern, subject: match.groups?.['subject'] ?? '', first: { line: lines, text }, count: 1 });
      }
    },
    explanations: (lang) => [...met.values()].map((one) => explanation(one, source, lang)),
  };
}

function note(met: Map<string, Met>, one: Met): void {
  const key = `${PATTERNS.indexOf(one.pattern)} ${one.subject}`;
  const known = met.get(key);
  if (known) known.count += 1;
  else if (met.size < MOST) met.set(key, one);
}

function explanation({ pattern, subject, first, count }: Met, source: string, lang: Lang): Explanation {
  const evidence = [{ source, value: first.text.trim().slice(0, SHOWN), line: first.line }];
  return { ...wordsOf(pattern, lang), subject, status: 'problem', severity: pattern.severity, evidence, count };
}

type Worded = Omit<Explanation, 'subject' | 'status' | 'severity' | 'evidence' | 'count'>;

function wordsOf({ problem, title, cause, impact, prove, fix }: Pattern, lang: Lang): Worded {
  return {
    problem,
    target: '',
    title: title[lang],
    cause: cause[lang],
    impact: impact[lang],
    prove,
    remedies: [],
    docs: `docs/problems/${problem}.md`,
    commands: typeof fix === 'string' ? [prove, fix] : [prove],
    ...(typeof fix !== 'string' && { advice: fix[lang] }),
  };
}

/** Problems that lines of logs speak of, each once. */
export function problemsInLogs(): readonly string[] {
  return [...new Set(PATTERNS.map(({ problem }) => problem))];
}

/** What lines of logs would say of a problem, by its name alone: nothing was seen. */
export function explainedByName(id: string, lang: Lang): readonly Explanation[] {
  const detail = 'explained by its name; no node was looked at';
  return PATTERNS.filter(({ problem }) => problem === id).map((pattern) => ({
    ...wordsOf(pattern, lang),
    subject: '',
    status: 'unknown',
    severity: 'info',
    evidence: [],
    unknown: { reason: 'not-collected', detail },
    count: 0,
  }));
}
