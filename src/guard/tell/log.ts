import { harmless, harmlessJson } from '../../hosts/sanitise.ts';
import type { Lang } from '../../lang.ts';
import { painter } from '../../report/paint.ts';
import type { GuardEvent } from '../model.ts';
import { eventWeight, eventWords } from './event-words.ts';

export interface LogOptions {
  readonly lang: Lang;
  readonly color: boolean;
  /** JSON lines: standard output is no terminal. */
  readonly json: boolean;
}

/** An event as one line of the guard's own log. */
export function logLine(event: GuardEvent, { lang, color, json }: LogOptions): string {
  if (json) return `${harmlessJson(JSON.stringify(event))}\n`;
  const weight = eventWeight(event);
  const paint = painter(color);
  const text = harmless(eventWords(event, lang));
  const styled = weight === 'warning' ? paint(text, 'warning') : weight === 'good' ? paint(text, 'ok') : text;
  return `${paint(event.at, 'faint')} ${styled}\n`;
}
