/** A page of docs/problems, taken apart. */
export interface Page {
  readonly title: string;
  /** The paragraph below the title: what it is. */
  readonly lead: string;
  /** By heading, in order. */
  readonly sections: readonly { readonly heading: string; readonly text: string }[];
  /** The first commands that are set apart as code: how to prove it by hand. */
  readonly commands: string;
}

/** Reads a page. Any text gives one; what is not there is empty. */
export function pageFrom(text: string): Page {
  const [head = '', ...rest] = text.split(/^## /mu);
  const [first = '', ...lead] = head.trim().split('\n');
  const sections = rest.map((section) => {
    const end = section.indexOf('\n');
    return end < 0
      ? { heading: section.trim(), text: '' }
      : { heading: section.slice(0, end).trim(), text: section.slice(end + 1).trim() };
  });
  return { title: first.replace(/^# */, ''), lead: lead.join('\n').trim(), sections, commands: commandsIn(rest) };
}

/** Code in these pages is set in by four blanks. */
function commandsIn(sections: readonly string[]): string {
  const code = sections.map((section) => section.split('\n').filter((line) => line.startsWith('    ')));
  return (code.find((lines) => lines.length > 0) ?? []).map((line) => line.slice(4)).join('\n');
}
