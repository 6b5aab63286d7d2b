import { type Command, Option } from 'commander';
import type { Severity } from '../judging/finding.ts';
import { LANGS, type Lang, langFrom } from '../lang.ts';
import { PROFILE_NAMES, type ProfileName } from '../profiles/profile.ts';
import { FORMATS, type Format } from '../report/format.ts';
import { UsageError, unknownWord } from './usage.ts';

/** What every command that judges understands, read once. */
export interface CommonOptions {
  readonly format: Format;
  readonly lang: Lang;
  readonly profile?: ProfileName;
  readonly only?: readonly string[];
  readonly failOn: Extract<Severity, 'critical' | 'warning'>;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Columns to lay text out in. */
  readonly width: number;
}

/** As commander hands them over. */
export interface RawCommonOptions {
  format?: string;
  json?: boolean;
  lang?: string;
  profile?: string;
  only?: string;
  failOn?: string;
  color?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

export function addCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'how to print the result').default('text').argParser(word('format', FORMATS)),
    )
    .option('--json', 'the same as --format json')
    .addOption(new Option('--lang <lang>', 'en or zh-CN (default: the locale)').argParser(word('language', LANGS)))
    .addOption(
      new Option('--profile <name>', 'what healthy means here (default: found from evidence)').argParser(
        word('profile', PROFILE_NAMES),
      ),
    )
    .option('--only <ids>', 'judge only these problems, separated by commas')
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that makes the exit status 1')
        .default('warning')
        .argParser(word('severity', ['critical', 'warning'])),
    )
    .option('--no-color', 'never colour the output')
    .option('-q, --quiet', 'no progress, only what is wrong')
    .option('-v, --verbose', 'also what was found in order');
}

/** An option's word, or a usage error that names the nearest right one. */
function word<T extends string>(what: string, allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const match = allowed.find((one) => one === value);
    if (match !== undefined) return match;
    throw unknownWord(what, value, allowed);
  };
}

export async function commonOptions(raw: RawCommonOptions): Promise<CommonOptions> {
  const only = raw.only === undefined ? undefined : await problemIds(raw.only.split(','));
  const terminal = process.stdout.isTTY === true;
  return {
    format: raw.json ? 'json' : ((raw.format ?? 'text') as Format),
    lang: (raw.lang as Lang | undefined) ?? langFrom(process.env),
    ...(raw.profile !== undefined && { profile: raw.profile as ProfileName }),
    ...(only && { only }),
    failOn: (raw.failOn ?? 'warning') as 'critical' | 'warning',
    color: raw.color !== false && terminal && !process.env['NO_COLOR'],
    quiet: raw.quiet === true,
    verbose: raw.verbose === true,
    width: Math.max(40, Math.min(process.stdout.columns ?? 80, 120)),
  };
}

/** Whether a command that changes a node, or lists what was changed, prints JSON; its result is no report of findings. */
export function printsJson({ format }: CommonOptions, command: string): boolean {
  if (format === 'text' || format === 'json') return format === 'json';
  throw new UsageError(`${command} prints text or json, not ${format}`);
}

/** Checks problem ids as a user typed them. */
export async function problemIds(words: readonly string[]): Promise<readonly string[]> {
  const { PROBLEMS } = await import('../problems/registry.generated.ts');
  const ids = PROBLEMS.map((problem) => problem.id);
  return words.map((typed) => {
    const id = typed.trim();
    if (!ids.includes(id)) throw unknownWord('problem', id, ids);
    return id;
  });
}
