import type { WriteStream } from 'node:tty';

/** The terminal's other screen (xterm's 1049): what was there before comes back when it is closed. */
export interface Screen {
  size(): { readonly width: number; readonly rows: number };
  /** Draws lines over what is there, without clearing first: nothing flickers. */
  draw(lines: readonly string[]): void;
  close(): void;
}

const OPEN = '\x1b[?1049h\x1b[?25l';
const CLOSE = '\x1b[?25h\x1b[?1049l';

/** Opens it. However the process ends, short of SIGKILL, the terminal is given back. */
export function screenOn(output: WriteStream): Screen {
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    process.off('exit', close);
    output.write(CLOSE);
  };
  process.on('exit', close);
  output.write(OPEN);
  return {
    // A terminal that does not know its size says 0.
    size: () => ({ width: Math.max(40, Math.min(output.columns || 80, 120)), rows: output.rows || 24 }),
    draw(lines) {
      if (!open) return;
      const text = lines.map((line) => `${line}\x1b[K`).join('\r\n');
      output.write(`\x1b[H${text}\x1b[J`);
    },
    close,
  };
}
