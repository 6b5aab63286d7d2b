/**
 * `sysctl -a` as files below /proc/sys. procps writes dots for slashes, and a slash for a dot within a name (eth0.100),
 * where older releases leave the dot; such a name is told by what the kernel calls its leaf, the last part.
 */
export function settingsFrom(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^([\w./:@-]+) = (.*)$/.exec(line);
    const name = found?.[1] ?? '';
    if (!found || name.includes('..')) continue;
    settings.set(pathOf(name), `${found[2]}\n`);
  }
  return settings;
}

const OF_INTERFACE = /^(net\.ipv[46]\.(?:conf|neigh))\.(.+)\.([a-z0-9_]+)$/;

function pathOf(name: string): string {
  const own = OF_INTERFACE.exec(name);
  if (own) {
    const [, place = '', link = '', leaf = ''] = own;
    return `/proc/sys/${place.replaceAll('.', '/')}/${link.replaceAll('/', '.')}/${leaf}`;
  }
  const swapped = name.replace(/[./]/g, (char) => (char === '.' ? '/' : '.'));
  return `/proc/sys/${swapped}`;
}

/** `lsmod` as /proc/modules has it: name, size, references, who uses it, state, address. */
export function modulesFrom(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const found = /^(\w+)\s+(\d+)\s+(-?\d+)(?:\s+(\S+))?\s*$/.exec(line);
      if (!found) return [];
      const users = found[4] === undefined ? '-' : `${found[4]},`;
      return [`${found[1]} ${found[2]} ${found[3]} ${users} Live 0x0000000000000000\n`];
    })
    .join('');
}

/** What a command printed, of a supportconfig's file: sections headed `#==[ Command ]===…#` and `# COMMAND LINE`. */
export function sectionOf(text: string, command: RegExp): string | undefined {
  for (const section of text.split(/^#==\[ (?=\w)/m)) {
    const [head = '', line = '', ...rest] = section.split('\n');
    if (head.startsWith('Command ]') && command.test(line)) return rest.join('\n');
  }
  return undefined;
}
