import type { WriteStream } from 'node:tty';
import { type Change, changesBetween } from '../cluster/changes.ts';
import { harmless } from '../hosts/sanitise.ts';
import { cutTo } from '../report/display-width.ts';
import { renderJson } from '../report/json.ts';
import { changeLine, statusLines } from '../report/status-text.ts';
import { STATUS_WORDS } from '../report/status-words.ts';
import type { CommonOptions } from './common-options.ts';
import { screenOn } from './screen.ts';
import type { Look, Looker } from './status-look.ts';
import { looks } from './status-looks.ts';
import { reportOf } from './status-report.ts';

export interface WatchOptions {
  readonly options: CommonOptions;
  readonly only?: readonly string[];
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Whether an answer ends it by itself. */
  readonly isOver: (look: Look) => boolean;
  readonly output: WriteStream;
}

const TOLD_CHANGES = 5;
const TICK_MS = 1_000;

/**
 * Looks again and again. On a terminal the screen is redrawn in place each second, so that a request that hangs is seen to hang; into
 * a file or pipe goes what changed, as lines, or as one JSON document a line. Returns the last answer.
 */
export async function watchStatus(looker: Looker, watch: WatchOptions): Promise<Look | undefined> {
  const { options, output } = watch;
  if (options.format === 'json') return follow(looker, watch, (look) => `${jsonLine(look, watch)}\n`);
  if (!output.isTTY) return follow(looker, watch, (look, changes) => changedText(look, changes, watch));
  return onTerminal(looker, watch);
}

type Told = (look: Look, changes: readonly Change[] | undefined) => string;

/** Writes the first answer, then those that differ from the one before. */
async function follow(looker: Looker, { signal, isOver, output }: WatchOptions, told: Told): Promise<Look | undefined> {
  let last: Look | undefined;
  for await (const { look, trouble } of looks(looker, signal)) {
    if (trouble !== undefined) process.stderr.write(`hayward: ${harmless(trouble)}\n`);
    if (look === undefined) continue;
    const changes = last && changesBetween(last, look, look.snapshot.takenAt);
    last = look;
    if (changes?.length !== 0) output.write(told(look, changes));
    if (isOver(look)) break;
  }
  return last;
}

/** Within a JSON document every line break is layout: one in a text is written \n. */
function jsonLine(look: Look, { options, only }: WatchOptions): string {
  return renderJson(reportOf(look, only), options.lang).replace(/\n */g, '');
}

function changedText(look: Look, changes: readonly Change[] | undefined, { options }: WatchOptions): string {
  const lines = changes ? changes.map((change) => changeLine(change, options)) : statusLines(look, options);
  return `${lines.join('\n')}\n`;
}

async function onTerminal(
  looker: Looker,
  { options, signal, isOver, output }: WatchOptions,
): Promise<Look | undefined> {
  const screen = screenOn(output);
  const changes: Change[] = [];
  let last: Look | undefined;
  let trouble: string | undefined;
  let since = performance.now();
  const draw = (): void => {
    const seconds = Math.round((performance.now() - since) / 1000);
    screen.draw(frameOf({ look: last, trouble, changes, seconds }, { ...options, ...screen.size() }));
  };
  const tick = setInterval(draw, TICK_MS);
  output.on('resize', draw);
  try {
    draw();
    for await (const looked of looks(looker, signal)) {
      since = performance.now();
      trouble = looked.trouble;
      if (looked.look) {
        if (last) changes.unshift(...changesBetween(last, looked.look, looked.look.snapshot.takenAt));
        changes.splice(TOLD_CHANGES);
        last = looked.look;
      }
      draw();
      if (last && isOver(last)) break;
    }
  } finally {
    clearInterval(tick);
    output.off('resize', draw);
    screen.close();
  }
  // What was on the screen is gone with it; the last answer stays.
  if (last) output.write(`${statusLines(last, options).join('\n')}\n`);
  return last;
}

interface Frame {
  readonly look: Look | undefined;
  readonly trouble: string | undefined;
  readonly changes: readonly Change[];
  /** Since the last answer, or the start. */
  readonly seconds: number;
}

/** After so long without an answer the one on the screen is called old. */
const OLD_S = 5;

function frameOf(frame: Frame, options: CommonOptions & { readonly rows: number }): string[] {
  const { look, trouble, changes, seconds } = frame;
  const words = STATUS_WORDS[options.lang];
  const told = changes.map((change) => `  ${changeLine(change, { ...options, width: options.width - 2 })}`);
  const isLate = look === undefined || seconds >= OLD_S + Math.round((look.durationMs * 2) / 1000);
  const age = isLate ? words.looking(seconds) : words.looked(seconds);
  const foot = [
    '',
    `${words.changed}${told.length === 0 ? ` · ${words.nothingChanged}` : ''}`,
    ...told,
    ...(trouble === undefined ? [] : [cutTo(harmless(trouble), options.width)]),
    `${age} · ${words.ends}`,
  ];
  const rows = options.rows - foot.length;
  const head = look ? statusLines(look, { ...options, rows }) : [];
  return [...head.slice(0, Math.max(0, rows)), ...foot].slice(0, options.rows);
}
