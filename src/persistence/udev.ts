import type { TextFile } from '../snapshot/sysctl-files.ts';
import type { Place } from './boot.ts';
import { type Effect, execEffects } from './commands.ts';
import { globMatcher } from './glob.ts';

/** An event udev would handle. `kernel` is the device's name: an interface's, or a module's. */
export interface UdevEvent {
  readonly action: 'add';
  readonly subsystem: 'net' | 'module';
  readonly kernel: string;
}

/** What a rule's RUN would do when the event comes. */
export interface UdevReaction extends Place {
  readonly effects: readonly Effect[];
  /** False: the rule has conditions that cannot be told from files (ATTR, ENV, PROGRAM, TEST …). */
  readonly certain: boolean;
}

interface Clause {
  readonly key: string;
  readonly operator: string;
  readonly value: string;
}

type Match = 'yes' | 'no' | 'perhaps';

/**
 * The commands udev would run for an event, by rules files in their order: enough of udev(7) to follow what
 * sysctl.d(5) recommends and what 99-systemd.rules does (match keys, RUN, GOTO and LABEL).
 */
export function udevReactions(files: readonly TextFile[], event: UdevEvent): UdevReaction[] {
  return files.flatMap((file) => (file.text.known ? reactionsOf(file.path, file.text.value, event) : []));
}

function reactionsOf(path: string, text: string, event: UdevEvent): UdevReaction[] {
  const reactions: UdevReaction[] = [];
  let skipTo: string | undefined;
  let perhapsSkipping = false;
  for (const { line, text: rule } of rulesOf(text)) {
    const clauses = clausesOf(rule);
    const label = clauses.find(({ key }) => key === 'LABEL')?.value;
    if (skipTo !== undefined && label !== skipTo) continue;
    skipTo = undefined;
    const match = matches(clauses, event);
    if (match === 'no') continue;
    const target = clauses.find(({ key }) => key === 'GOTO')?.value;
    if (target !== undefined && match === 'yes') skipTo = target;
    if (target !== undefined && match === 'perhaps') perhapsSkipping = true;
    reactions.push(...runs(clauses, event, match === 'yes' && !perhapsSkipping, { file: path, line, text: rule }));
  }
  return reactions;
}

function runs(clauses: readonly Clause[], event: UdevEvent, certain: boolean, place: Place): UdevReaction[] {
  return clauses
    .filter(({ key }) => key === 'RUN' || key === 'RUN{program}')
    .map(({ value }) => execEffects(substitute(value, event)))
    .filter(({ effects }) => effects.length > 0)
    .map((command) => ({ ...place, effects: command.effects, certain: certain && command.certain }));
}

function substitute(command: string, { kernel }: UdevEvent): string {
  return command.replace(/\$(?:name|kernel)\b|%k|%%|\$\$/g, (found) => {
    if (found === '%%') return '%';
    return found === '$$' ? '$' : kernel;
  });
}

/** Rules with the number of their first line; a trailing backslash joins lines. */
function* rulesOf(text: string): Generator<{ line: number; text: string }> {
  let joined = '';
  let first = 0;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (joined === '') first = index + 1;
    const line = raw.trim();
    if (joined === '' && line.startsWith('#')) continue;
    joined += line;
    if (joined.endsWith('\\')) {
      joined = joined.slice(0, -1);
      continue;
    }
    if (joined !== '') yield { line: first, text: joined };
    joined = '';
  }
}

function clausesOf(rule: string): Clause[] {
  const clauses: Clause[] = [];
  for (const match of rule.matchAll(/([A-Z]+(?:\{[^}]*\})?)\s*(==|!=|\+=|-=|:=|=)\s*"((?:[^"\\]|\\.)*)"/g)) {
    clauses.push({ key: match[1] ?? '', operator: match[2] ?? '', value: (match[3] ?? '').replaceAll('\\"', '"') });
  }
  return clauses;
}

function matches(clauses: readonly Clause[], event: UdevEvent): Match {
  const known: Readonly<Record<string, string>> = {
    ACTION: event.action,
    SUBSYSTEM: event.subsystem,
    KERNEL: event.kernel,
    NAME: event.kernel,
  };
  let answer: Match = 'yes';
  for (const { key, operator, value } of clauses) {
    if (operator !== '==' && operator !== '!=') continue;
    const actual = known[key];
    if (actual === undefined) answer = 'perhaps';
    else if (matchesPattern(value, actual) !== (operator === '==')) return 'no';
  }
  return answer;
}

/** Alternatives are separated by `|`; each is a glob. */
function matchesPattern(pattern: string, actual: string): boolean {
  return pattern.split('|').some((alternative) => globMatcher(alternative)(actual));
}
