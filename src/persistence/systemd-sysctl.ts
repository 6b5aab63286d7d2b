import { compareBytes } from '../hosts/byte-order.ts';
import type { Place } from './boot.ts';
import { globMatcher, isGlob } from './glob.ts';

/** A file in one of the sysctl.d directories. A mask (an empty file, a link to /dev/null) has empty text. */
export interface SysctlFile {
  readonly path: string;
  readonly text: string;
}

/** One line of a sysctl.d file, read. Without a value it only keeps its key out of globs (`-key`). */
export interface Assignment extends Place {
  /** Path below /proc/sys; may be a glob. */
  readonly key: string;
  readonly value: string | undefined;
}

/** One write that systemd-sysctl does. */
export interface Applied extends Place {
  readonly key: string;
  readonly value: string;
}

export interface SysctlRun {
  readonly files: readonly SysctlFile[];
  /** Keys below /proc/sys that exist when it runs. */
  readonly existing: readonly string[];
  /** `--prefix` options, as keys (`net/bridge`). Empty or absent: everything. */
  readonly prefixes?: readonly string[];
}

/** systemd's CONF_PATHS: a file name found in an earlier directory hides the same name in the later ones. */
const SYSCTL_DIRECTORIES: readonly string[] = [
  '/etc/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/lib/sysctl.d',
];

/** A longer line ends the reading of its file (LONG_LINE_MAX of systemd's read_line). */
const LONG_LINE_MAX = 1024 * 1024;

/**
 * What systemd-sysctl writes, in order, for a set of files, as versions 247 and later behave (read in
 * src/sysctl/sysctl.c; they differ in messages, exit status and how files are opened, and from v250 on a write that
 * would change nothing is left out, which `kernelSettings` accounts for). Rules that surprise:
 *
 * - Options are kept in the order of their first assignment. One assigned again *with another value* moves to the
 *   end; with the same value it stays. That decides the order of `all`, `default` and interfaces.
 * - A key that is named anywhere, by `key = value` or by a bare `-key`, is never written by a glob, whichever comes
 *   first.
 * - A key that does not exist is skipped with a message only: it is how a setting of a module not yet loaded is lost.
 *
 * Matches of one glob are written in byte order, as /proc/sys lists them.
 */
export function systemdSysctl(run: SysctlRun): readonly Applied[] {
  return writesOf(readFiles(run.files), run.existing, run.prefixes);
}

/**
 * What `sysctl --system` (procps-ng) writes: the same files in the same order, and /etc/sysctl.conf after all of
 * them, so that it wins where systemd-sysctl would not even read it.
 */
export function procpsSystem(run: SysctlRun & { readonly sysctlConf: string }): readonly Applied[] {
  return writesOf([...readFiles(run.files), ...assignmentsOf(SYSCTL_CONF, run.sysctlConf)], run.existing);
}

export const SYSCTL_CONF = '/etc/sysctl.conf';

/** The writes that assignments read in this order come to. */
export function writesOf(
  assignments: readonly Assignment[],
  existing: readonly string[],
  prefixes: readonly string[] = [],
): readonly Applied[] {
  const options = new Map<string, Assignment>();
  for (const assignment of assignments) addOption(options, assignment);
  const within = existing.filter(withinPrefixes(prefixes)).sort(compareBytes);
  return [...options.values()].flatMap((option) => expand(option, options, within));
}

/** Every assignment of the files that count, in the order they are read. */
export function readFiles(files: readonly SysctlFile[]): Assignment[] {
  return filesInForce(files).flatMap((file) => assignmentsOf(file.path, file.text));
}

/** The files systemd-sysctl reads of those given: one for each name, sorted by name. */
export function filesInForce(files: readonly SysctlFile[]): SysctlFile[] {
  const byName = new Map<string, { file: SysctlFile; rank: number }>();
  for (const file of files) {
    const { directory, name } = splitPath(file.path);
    const rank = SYSCTL_DIRECTORIES.indexOf(directory);
    if (rank < 0 || !name.endsWith('.conf') || name.startsWith('.')) continue;
    const other = byName.get(name);
    if (!other || rank < other.rank) byName.set(name, { file, rank });
  }
  return [...byName.entries()].sort(([a], [b]) => compareBytes(a, b)).map(([, { file }]) => file);
}

function splitPath(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** The assignments of one file's text. Lines end as in systemd's read_line: \n, \r, NUL and their combinations. */
export function assignmentsOf(file: string, text: string): Assignment[] {
  const assignments: Assignment[] = [];
  const lines = text.split(/\r\n\0?|\n\r\0?|[\r\n]\0?|\0/);
  for (const [index, raw] of lines.entries()) {
    if (raw.length >= LONG_LINE_MAX) break;
    const line = strip(raw);
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const read = readAssignment(line);
    if (read) assignments.push({ file, line: index + 1, text: line, ...read });
  }
  return assignments;
}

function readAssignment(line: string): { key: string; value: string | undefined } | undefined {
  const equals = line.indexOf('=');
  const dash = line.startsWith('-') ? 1 : 0;
  if (equals < 0) return dash ? { key: normalizeKey(strip(line.slice(1))), value: undefined } : undefined;
  return { key: normalizeKey(strip(line.slice(dash, equals))), value: strip(line.slice(equals + 1)) };
}

/** systemd's WHITESPACE is blank, tab, newline and carriage return; other white space belongs to the text. */
function strip(text: string): string {
  return text.replace(/^[ \t\r\n]+/, '').replace(/[ \t\r\n]+$/, '');
}

/**
 * sysctl_normalize: when the first separator is a dot, dots and slashes change places; then the path is simplified
 * (double slashes, `.` components, a leading and a trailing slash go).
 */
export function normalizeKey(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  const path = first === '.' ? name.replace(/[./]/g, (char) => (char === '.' ? '/' : '.')) : name;
  return path
    .split('/')
    .filter((component) => component !== '' && component !== '.')
    .join('/');
}

function addOption(options: Map<string, Assignment>, assignment: Assignment): void {
  const existing = options.get(assignment.key);
  if (existing && existing.value === assignment.value) return;
  options.delete(assignment.key);
  options.set(assignment.key, assignment);
}

function expand(option: Assignment, options: ReadonlyMap<string, Assignment>, existing: readonly string[]): Applied[] {
  const { value } = option;
  if (value === undefined) return [];
  if (!isGlob(option.key)) return existing.includes(option.key) ? [{ ...option, value }] : [];
  const matches = globMatcher(option.key);
  return existing.filter((key) => matches(key) && !options.has(key)).map((key) => ({ ...option, key, value }));
}

function withinPrefixes(prefixes: readonly string[]): (key: string) => boolean {
  if (prefixes.length === 0) return () => true;
  return (key) => prefixes.some((prefix) => key === prefix || key.startsWith(`${prefix}/`));
}
