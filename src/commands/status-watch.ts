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
import { type Looked, looks } from './status-looks.ts';
import { reportOf } from './status-report.ts';

export interface WatchOptions {
  readonly options: CommonOptions;
  readonly only?: readonly string[];
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Whether what came of a look ends it by itself. */
  readonly isOver: (looked: Looked) => boolean;
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
  for await (const looked of looks(looker, signal)) {
    const { look, trouble } = looked;
    if (trouble !== undefined) process.stderr.write(`hayward: ${harmless(trouble)}\n`);
    if (look) {
      const changes = last && changesBetween(last, look, look.snapshot.takenAt);
      last = look;
      if (changes?.length !== 0) output.write(told(look, changes));
    }
    if (isOver(looked)) break;
  }
  return last;
}

/** Within a JSON document every line break is layout: one in a text is written \n. */
function jsonLine(look: Look, { options, only }: WatchOptions): string {
  return renderJson(reportOf(look, only), options.lang).replace(/\n */g, '');
}

function changedText(look: Look, changes: readonly Change[] | undefined, { options, only }: WatchOptions): string {
  const whole = { ...options, ...(only && { only }) };
  const lines = changes ? changes.map((change) => changeLine(change, options)) : statusLines(look, whole);
  return `${lines.join('\n')}\n`;
}

async function onTerminal(
  looker: Looker,
  { options: common, only, signal, isOver, output }: WatchOptions,
): Promise<Look | undefined> {
  const options = { ...common, ...(only && { only }) };
  const screen = screenOn(output);
  const changes: Change[] = [];
  const timed = timedLooker(looker);
  let last: Look | undefined;
  let trouble: string | undefined;
  const draw = (): void => {
    screen.draw(frameOf({ look: last, trouble, changes, ...timed.seconds() }, { ...options, ...screen.size() }));
  };
  const tick = setInterval(draw, TICK_MS);
  output.on('resize', draw);
  try {
    draw();
    for await (const looked of looks(timed.looker, signal)) {
      trouble = looked.trouble;
      if (looked.look) {
        if (last) changes.unshift(...changesBetween(last, looked.look, looked.look.snapshot.takenAt));
        changes.splice(TOLD_CHANGES);
        last = looked.look;
      }
      draw();
      if (isOver(looked)) break;
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

interface Seconds {
  /** Since the last look ended, or the first began. */
  readonly ago: number;
  /** For how long a look has been under way; none is: nothing. */
  readonly underWay?: number;
}

/** A looker that knows how long it has been looking. */
function timedLooker(looker: Looker): { readonly looker: Looker; seconds(): Seconds } {
  let ended = performance.now();
  let began: number | undefined;
  const since = (ms: number): number => Math.floor((performance.now() - ms) / 1000);
  return {
    looker: {
      ...looker,
      look(signal) {
        began = performance.now();
        return looker.look(signal).finally(() => {
          ended = performance.now();
          began = undefined;
        });
      },
    },
    seconds: () => ({ ago: since(ended), ...(began !== undefined && { underWay: since(began) }) }),
  };
}

interface Frame extends Seconds {
  readonly look: Look | undefined;
  readonly trouble: string | undefined;
  readonly changes: readonly Change[];
}

/** A look that takes so long is told of: what is on the screen is from before it. */
const SLOW_S = 2;

function frameOf(frame: Frame, options: CommonOptions & { readonly rows: number }): string[] {
  const { look, trouble, changes, ago, underWay = 0 } = frame;
  const words = STATUS_WORDS[options.lang];
  const told = changes.map((change) => `  ${changeLine(change, { ...options, width: options.width - 2 })}`);
  const age = look === undefined || underWay >= SLOW_S ? words.looking(underWay) : words.looked(ago);
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
