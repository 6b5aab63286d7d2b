import { isIP } from 'node:net';
import type { Outcome, Size } from '../matrix.ts';

/** How it is asked. */
export const MEANS = ['tcp', 'udp', 'dns-tcp', 'dns-udp'] as const;
export type Means = (typeof MEANS)[number];

export interface Question {
  readonly means: Means;
  readonly size: Size;
  readonly address: string;
  readonly port: number;
}

/** How an agent goes about its questions. */
export interface Pace {
  /** Of each question, from connecting to the last octet. */
  readonly timeoutMs: number;
  readonly atOnce: number;
}

/** What an agent said. */
export interface Answers {
  /** By the questions' order; a hole where nothing was said of one. */
  readonly outcomes: readonly (Outcome | undefined)[];
  /** Of the Pod's interface, octets; undefined where the agent cannot see it. */
  readonly mtu: number | undefined;
}

/**
 * What an agent reads, line by line, a shell or hayward itself: `timeout MS`, `atonce N`, then `probe ID MEANS SIZE ADDRESS PORT` for
 * each, then `go`. Of addresses only such reach a shell.
 */
export function questionText(questions: readonly Question[], { timeoutMs, atOnce }: Pace): string {
  const lines = questions.map(({ means, size, address, port }, id) => {
    if (isIP(address) === 0) throw new TypeError(`no address: ${address}`);
    return `probe ${id} ${means} ${size} ${address} ${port}`;
  });
  return [`timeout ${timeoutMs}`, `atonce ${atOnce}`, ...lines, 'go', ''].join('\n');
}

/** Reads the same; lines that are none of it are left out. */
export function parseQuestions(text: string): { readonly questions: readonly Question[]; readonly pace: Pace } {
  const questions: Question[] = [];
  const pace = { timeoutMs: 1000, atOnce: 16 };
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(' ');
    if (word === 'timeout') pace.timeoutMs = Number(rest[0]);
    else if (word === 'atonce') pace.atOnce = Number(rest[0]);
    else if (word === 'probe') {
      const [, means, size, address = '', port] = rest;
      const asked = MEANS.find((one) => one === means);
      if (asked && isIP(address) !== 0) {
        questions.push({ means: asked, size: size === 'full' ? 'full' : 'small', address, port: Number(port) });
      }
    }
  }
  return { questions, pace };
}

/** One line of an agent's answer; its words are one line. */
export function outcomeLine(id: number, outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answered':
      return `answered ${id} ${outcome.ms}\n`;
    case 'lost':
      return `lost ${id} ${outcome.error.replace(/\s+/g, ' ')}\n`;
    case 'unknown':
      return `unknown ${id} ${outcome.detail.replace(/\s+/g, ' ')}\n`;
  }
}

/** Longer words of an agent are cut. */
const LONGEST = 200;

/** Reads what an agent said, which anything may have written: lines that are none of it are left out. */
export function parseAnswers(text: string, asked: number): Answers {
  const outcomes = new Array<Outcome | undefined>(asked).fill(undefined);
  let mtu: number | undefined;
  for (const line of text.split('\n')) {
    const [, word, number = '', rest = ''] =
      /^(mtu|answered|lost|unknown) (\d{1,7})(?: (.*))?$/.exec(line.trim()) ?? [];
    if (word === 'mtu') mtu = Number(number);
    else if (word !== undefined && Number(number) < asked) {
      const outcome = outcomeOf(word, rest.slice(0, LONGEST));
      if (outcome) outcomes[Number(number)] = outcome;
    }
  }
  return { outcomes, mtu };
}

function outcomeOf(word: string, rest: string): Outcome | undefined {
  if (word === 'lost') return { kind: 'lost', error: rest };
  if (word === 'unknown') return { kind: 'unknown', reason: 'not-collected', detail: rest };
  const ms = Number(rest);
  return rest !== '' && ms >= 0 ? { kind: 'answered', ms } : undefined;
}
