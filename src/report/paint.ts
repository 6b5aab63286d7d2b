/** The few colours of a report, by what they mean. */
export type Paint = (text: string, style: Style) => string;
export type Style = 'critical' | 'warning' | 'info' | 'ok' | 'unknown' | 'heading' | 'faint';

/** SGR parameters of the terminal's own sixteen colours, so that they suit the reader's scheme. */
const SGR: Readonly<Record<Style, string>> = {
  critical: '1;31',
  warning: '1;33',
  info: '36',
  ok: '32',
  unknown: '35',
  heading: '1',
  faint: '2',
};

export function painter(color: boolean): Paint {
  return (text, style) => (color && text !== '' ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text);
}
