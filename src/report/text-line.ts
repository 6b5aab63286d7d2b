import { harmless } from '../hosts/sanitise.ts';
import { displayWidth, padTo } from './display-width.ts';
import { wrap } from './wrap.ts';

/** Text from anywhere as one harmless line. */
export function oneLine(text: string): string {
  return harmless(text.replace(/\s+/gu, ' ').trim());
}

/**
 * A paragraph, its first line behind `lead`, the others set in as far. `shown` is the lead as it is printed, where
 * colour makes it longer than it looks.
 */
export function hanging(lead: string, text: string, width: number, shown = lead): string[] {
  const inset = displayWidth(lead);
  return wrap(text, width - inset).map((line, index) => (index === 0 ? shown : padTo('', inset)) + line);
}
