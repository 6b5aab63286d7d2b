import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../remedies/trial/take-back.ts';
import type { TrialWords } from './trial-words.ts';

export type Answer =
  | 'keep'
  | 'declined'
  /** Nobody answered in time. */
  | 'no-answer'
  | 'interrupted'
  /** Somebody else decided meanwhile. */
  | 'decided';

export interface Question {
  readonly words: TrialWords;
  /** On the monotonic clock, in milliseconds. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
  readonly decidedElsewhere: () => boolean;
}

/** Time between two looks at the clock and the journal, in milliseconds. */
const LOOK_MS = 200;
/** What was typed before the question was there is no answer to it; the kernel hands it over at once. */
const TYPED_AHEAD_MS = 100;

/**
 * Asks on the terminal whether to keep what was done, with the time that is left counted down. Enter or yes keeps it, no or
 * the end of the input takes it back, at anything else the question stands.
 */
export async function askToKeep(question: Question): Promise<Answer> {
  const typed = lines();
  try {
    await delay(TYPED_AHEAD_MS);
    typed.forget();
    for (let shown = ''; ; ) {
      const answer = typed.answer() ?? otherwise(question);
      if (answer) return answer;
      const leftS = Math.ceil((question.untilMs - monotonicMs()) / 1000);
      const text = question.words.ask(leftS);
      if (text !== shown) process.stderr.write(`${shown === '' ? '' : '\r\x1b[K'}${text}`);
      shown = text;
      await Promise.race([typed.next(), delay(LOOK_MS)]);
    }
  } finally {
    typed.stop();
    process.stderr.write('\n');
  }
}

function otherwise({ untilMs, signal, decidedElsewhere }: Question): Answer | undefined {
  if (signal.aborted) return 'interrupted';
  if (monotonicMs() >= untilMs) return 'no-answer';
  return decidedElsewhere() ? 'decided' : undefined;
}

interface Lines {
  forget(): void;
  /** What the first line that says anything says. */
  answer(): Answer | undefined;
  /** Something was typed. */
  next(): Promise<void>;
  stop(): void;
}

function lines(): Lines {
  const { stdin } = process;
  let text = '';
  let ended = false;
  let wake = (): void => undefined;
  const onData = (part: Buffer): void => {
    text += part.toString('utf8');
    wake();
  };
  const onEnd = (): void => {
    ended = true;
    wake();
  };
  // The question before left it paused, and then listening alone does not set it going.
  stdin.on('data', onData).on('end', onEnd).on('error', onEnd).resume();
  return {
    forget() {
      text = '';
    },
    answer() {
      for (let at = text.search(/[\r\n]/); at >= 0; at = text.search(/[\r\n]/)) {
        const line = text.slice(0, at).trim();
        text = text.slice(at + 1);
        if (/^(|y|yes|是)$/i.test(line)) return 'keep';
        if (/^(n|no|否)$/i.test(line)) return 'declined';
      }
      return ended ? 'interrupted' : undefined;
    },
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    stop() {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd).pause();
    },
  };
}
