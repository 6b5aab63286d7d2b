export interface HarmlessOptions {
  /** Keep newlines and tabs, for text that is meant to have lines. */
  readonly keepLayout?: boolean;
}

/**
 * What a terminal would act on, or a reader would be misled by: C0 and C1 controls with ESC and DEL, the controls of
 * bidirectional text (Unicode TR 9: they reorder what is shown), invisible characters, line and paragraph separators,
 * and halves of surrogate pairs, which no encoding can carry.
 */
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Makes text from a node safe to show: each harmful character becomes its escape, as `\x1b` or `\u202e`. */
export function harmless(text: string, options: HarmlessOptions = {}): string {
  return text.replace(HARMFUL, (char) =>
    options.keepLayout && (char === '\n' || char === '\t') ? char : escaped(char),
  );
}

/**
 * Makes JSON safe to show without changing what it says. JSON.stringify leaves C1 controls, bidirectional overrides and the
 * like as they are; outside strings JSON holds none of them, so that their escapes in the text keep the values.
 */
export function harmlessJson(json: string): string {
  return json.replace(HARMFUL, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The last line that holds anything, harmless and bounded: what a program said before it gave up. */
export function lastLine(text: string): string {
  return shown(text.split(/[\r\n]+/).findLast((line) => line.trim() !== '') ?? '');
}

/** The first line that holds anything, harmless and bounded. */
export function firstLine(text: string): string {
  return shown(text.split(/[\r\n]+/).find((line) => line.trim() !== '') ?? '');
}

const LONGEST_LINE = 500;

function shown(line: string): string {
  const whole = harmless(line.trim());
  return whole.length > LONGEST_LINE ? `${whole.slice(0, LONGEST_LINE)}…` : whole;
}

function escaped(char: string): string {
  const code = char.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
