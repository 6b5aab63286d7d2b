import { normalizeKey } from './systemd-sysctl.ts';

/**
 * What a command line would do to settings and modules, as far as it can be read without running it. Lines come from
 * unit files, udev rules, cloud-init stages and modprobe.d: mostly `sysctl -w`, `echo … > /proc/sys/…`, `modprobe`.
 */
export type Effect =
  /** `value` undefined: it is made when the command runs (a variable, a substitution). */
  | { readonly kind: 'write'; readonly key: string; readonly value: string | undefined }
  /** `sysctl -p FILE` */
  | { readonly kind: 'sysctl-file'; readonly path: string }
  /** `sysctl --system` */
  | { readonly kind: 'sysctl-system' }
  /** systemd-sysctl itself, or a restart of its unit; prefixes as keys. */
  | { readonly kind: 'systemd-sysctl'; readonly prefixes: readonly string[] }
  | { readonly kind: 'load-module'; readonly name: string };

export interface CommandEffects {
  readonly effects: readonly Effect[];
  /** False when the line has conditions, loops or alternatives: the effects may or may not come about. */
  readonly certain: boolean;
}

const NOTHING: CommandEffects = { effects: [], certain: true };
/** `sh -c "sh -c '…'"` deeper than this is not followed. */
const MAX_DEPTH = 4;

/** The effects of one command line as a shell would read it. Never throws, whatever the text. */
export function commandEffects(line: string, depth = 0): CommandEffects {
  if (depth > MAX_DEPTH) return NOTHING;
  const all = splitCommands(tokenize(line)).map((command) => effectsOf(command, depth));
  return {
    effects: all.flatMap(({ effects }) => effects),
    certain: all.every(({ certain }) => certain) && !hasConditions(line),
  };
}

/**
 * The effects of a command that is run without a shell (a unit's Exec line, a udev rule's RUN): there `>` and `&&` are
 * words like any other, so `ExecStartPost=echo 0 > /proc/sys/…` writes nothing.
 */
export function execEffects(line: string): CommandEffects {
  const tokens = tokenize(line).map(
    (token): Token => (token.text === ';' ? token : { kind: 'word', text: token.text }),
  );
  const all = splitCommands(tokens).map((command) => effectsOf(command, 0));
  return { effects: all.flatMap(({ effects }) => effects), certain: all.every(({ certain }) => certain) };
}

function hasConditions(line: string): boolean {
  return /\|\|(?!\s*(true|:)(\s|$))|(^|[\s;&|(])(if|case|while|until|for|test|\[\[?)\s/.test(line);
}

type Token = { readonly kind: 'word'; readonly text: string } | { readonly kind: 'operator'; readonly text: string };

const TOKEN =
  /\s*(?:(\n|;|&&|\|\||\||&|>>|>|<|\(|\)|`)|((?:'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]|[^\s;&|<>()`'"\\])+)|([\s\S]))/y;

function tokenize(line: string): Token[] {
  const tokens: Token[] = [];
  const text = line.replace(/\\\r?\n/g, ' ').replace(/\r?\n/g, ';');
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    if (match[1] !== undefined) tokens.push({ kind: 'operator', text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: 'word', text: unquote(match[2]) });
  }
  return tokens;
}

function unquote(word: string): string {
  return word.replace(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, (_all, single, double, escaped) => {
    if (single !== undefined) return single;
    if (double !== undefined) return String(double).replace(/\\(["\\$`])/g, '$1');
    return escaped;
  });
}

interface Command {
  readonly words: readonly string[];
  /** Where standard output goes, for `echo 1 > FILE`. */
  readonly output: string | undefined;
  /** The words of the command whose output it reads, for `echo 1 | tee FILE`. */
  readonly input: readonly string[];
}

function splitCommands(tokens: readonly Token[]): Command[] {
  const commands: Command[] = [];
  let words: string[] = [];
  let output: string | undefined;
  let input: readonly string[] = [];
  const finish = (piped: boolean) => {
    if (words.length > 0) commands.push({ words, output, input });
    input = piped ? words : [];
    words = [];
    output = undefined;
  };
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (!token) continue;
    if (token.kind === 'word') words.push(token.text);
    else if (token.text === '>' || token.text === '>>') output = tokens[++at]?.text;
    else if (token.text === '<') at++;
    else finish(token.text === '|');
  }
  finish(false);
  return commands;
}

type Reader = (args: readonly string[], command: Command, depth: number) => CommandEffects;

const READERS: Readonly<Record<string, Reader>> = {
  sysctl: (args) => sure(sysctlEffects(args)),
  'systemd-sysctl': (args) => sure(systemdSysctlEffects(args)),
  modprobe: (args) => sure(modprobeEffects(args)),
  systemctl: (args) => sure(systemctlEffects(args)),
  service: (args) => sure(systemctlEffects([args[1] ?? '', args[0] ?? ''])),
  echo: (args, { output }) => sure(printedTo(output, args)),
  printf: (args, { output }) => sure(printedTo(output, args)),
  tee: (args, { input }) => sure(args.flatMap((path) => printedTo(path, input.slice(1)))),
  sh: shellEffects,
  bash: shellEffects,
  dash: shellEffects,
  ash: shellEffects,
};

/** Words that only introduce the command proper. */
const INTRODUCERS = new Set(['sudo', 'exec', 'env', 'nice', 'nohup', 'command', 'then', 'do', 'else', '{', '!', 'if']);

function effectsOf(command: Command, depth: number): CommandEffects {
  const start = command.words.findIndex((word) => !INTRODUCERS.has(word) && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  if (start < 0) return NOTHING;
  const program = (command.words[start] ?? '').replace(/^.*\//, '');
  const reader = Object.hasOwn(READERS, program) ? READERS[program] : undefined;
  return reader ? reader(command.words.slice(start + 1), command, depth) : NOTHING;
}

function sure(effects: readonly Effect[]): CommandEffects {
  return { effects, certain: true };
}

function shellEffects(args: readonly string[], _command: Command, depth: number): CommandEffects {
  const flag = args.findIndex((word) => /^-[a-z]*c$/.test(word));
  const script = flag >= 0 ? args[flag + 1] : undefined;
  return script === undefined ? NOTHING : commandEffects(script, depth + 1);
}

function sysctlEffects(args: readonly string[]): Effect[] {
  if (args.includes('--system')) return [{ kind: 'sysctl-system' }];
  const loads = args.some((word) => /^-[a-zA-Z]*[pf]/.test(word) || /^--load(=|$)/.test(word));
  if (loads) return loadedFiles(args).map((path) => ({ kind: 'sysctl-file', path }));
  return args
    .filter((word) => !word.startsWith('-') && word.includes('='))
    .map((word) => {
      const equals = word.indexOf('=');
      return writeTo(normalizeKey(word.slice(0, equals).trim()), word.slice(equals + 1).trim());
    });
}

/** `-p` alone means /etc/sysctl.conf. */
function loadedFiles(args: readonly string[]): readonly string[] {
  const attached = args.flatMap((word) => /^(?:-[a-zA-Z]*[pf]|--load=)(\/.+)$/.exec(word)?.[1] ?? []);
  const files = [...attached, ...args.filter((word) => !word.startsWith('-'))];
  return files.length > 0 ? files : ['/etc/sysctl.conf'];
}

function systemdSysctlEffects(args: readonly string[]): Effect[] {
  const prefixes = args.flatMap((word, index) => {
    if (word.startsWith('--prefix=')) return [prefixKey(word.slice('--prefix='.length))];
    return word === '--prefix' ? [prefixKey(args[index + 1] ?? '')] : [];
  });
  const files = args.filter((word, index) => !word.startsWith('-') && args[index - 1] !== '--prefix');
  if (files.length > 0) return files.map((path) => ({ kind: 'sysctl-file', path }));
  return [{ kind: 'systemd-sysctl', prefixes }];
}

function prefixKey(text: string): string {
  return normalizeKey(text).replace(/^proc\/sys\//, '');
}

function modprobeEffects(args: readonly string[]): Effect[] {
  if (args.some((word) => /^(-[a-zA-Z]*[rRnc]|--remove|--dry-run|--show|--resolve-alias|--show-.*)$/.test(word)))
    return [];
  const names = args.filter((word) => !word.startsWith('-') && !word.includes('='));
  const many = args.some((word) => /^-[a-zA-Z]*a|^--all$/.test(word));
  return (many ? names : names.slice(0, 1)).map((name) => ({ kind: 'load-module', name: moduleName(name) }));
}

/** The kernel takes `-` and `_` in a module's name as one. */
export function moduleName(name: string): string {
  return name.replaceAll('-', '_');
}

function systemctlEffects(args: readonly string[]): Effect[] {
  const words = args.filter((word) => !word.startsWith('-'));
  const [verb, ...names] = words;
  const runs = /^(start|restart|try-restart|reload-or-restart|force-reload)$/.test(verb ?? '');
  const ours = names.some((name) => /^(systemd-sysctl|procps)(\.service)?$/.test(name));
  return runs && ours ? [{ kind: 'systemd-sysctl', prefixes: [] }] : [];
}

function printedTo(path: string | undefined, words: readonly string[]): Effect[] {
  const key = /^\/proc\/sys\/(.+)$/.exec(path ?? '')?.[1];
  if (key === undefined) return [];
  const text = words.filter((word) => !/^-[neE]+$/.test(word)).join(' ');
  return [writeTo(key, text.replace(/\\n$/, '').trim())];
}

function writeTo(key: string, value: string): Effect {
  return { kind: 'write', key, value: /[$`]/.test(value) ? undefined : value };
}
