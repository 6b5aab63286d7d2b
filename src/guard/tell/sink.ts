import type { Lang } from '../../lang.ts';
import type { GuardEvent } from '../model.ts';
import { type History, openHistory } from './history.ts';
import { type Ledger, newLedger } from './ledger.ts';
import { logLine } from './log.ts';

export interface Sink {
  record(event: GuardEvent): void;
  /** A line of the guard's own, about itself. */
  complain(why: string): void;
  readonly ledger: Ledger;
}

export interface SinkOptions {
  readonly history: string;
  readonly lang: Lang;
  readonly color: boolean;
  readonly json: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Where events go: the log, the history on disk, the counters behind the metrics. */
export function makeSink({ history: path, out, err, ...log }: SinkOptions): Sink {
  const complain = (why: string) => err(`hayward: ${why}\n`);
  const history: History = openHistory(path, (why) => complain(`the history ${path} cannot be kept: ${why}`));
  const ledger = newLedger();
  return {
    record(event) {
      ledger.note(event);
      history.add(event);
      out(logLine(event, log));
    },
    complain,
    ledger,
  };
}
