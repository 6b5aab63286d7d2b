import { type Command, Option } from 'commander';
import type { Severity } from '../judging/finding.ts';
import { LANGS, type Lang, langFrom } from '../lang.ts';
import { PROFILE_NAMES, type ProfileName } from '../profiles/profile.ts';
import { FORMATS, type Format } from '../report/format.ts';
import { LANG_OPTION, type Say } from './help-language.ts';
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

/** What commands print whose result is no report of findings. */
export const PLAIN_FORMATS = ['text', 'json'] as const satisfies readonly Format[];

/** What every command that judges takes. */
export function addCommonOptions(command: Command, say: Say, formats: readonly Format[] = FORMATS): Command {
  return addDetailOptions(addFailOption(addJudgingOptions(addFormatOptions(command, say, formats), say), say), say);
}

/** What a command takes that judges and prints text or JSON, and whose exit status no severity decides. */
export function addChoosingOptions(command: Command, say: Say): Command {
  return addDetailOptions(addJudgingOptions(addFormatOptions(command, say, PLAIN_FORMATS), say), say);
}

/** What a command takes that prints, and judges nothing. */
export function addPrintingOptions(command: Command, say: Say): Command {
  return addDetailOptions(addFormatOptions(command, say, PLAIN_FORMATS), say);
}

/** `formats` are those help offers; any other known one is refused by the command, which says what it prints. */
function addFormatOptions(command: Command, say: Say, formats: readonly Format[]): Command {
  return command
    .addOption(
      new Option(
        '--format <format>',
        say({ en: `how to print the result: ${formats.join(', ')}`, 'zh-CN': `输出格式：${formats.join('、')}` }),
      )
        .default('text')
        .argParser(word('format', FORMATS)),
    )
    .option('--json', say({ en: 'the same as --format json', 'zh-CN': '等同于 --format json' }))
    .addOption(langOption(say));
}

function addJudgingOptions(command: Command, say: Say): Command {
  return command
    .addOption(
      new Option(
        '--profile <name>',
        say({
          en: `what healthy means here: ${PROFILE_NAMES.join(', ')} (default: found from evidence)`,
          'zh-CN': `按哪种发行版的标准判断：${PROFILE_NAMES.join('、')}（默认：根据证据识别）`,
        }),
      ).argParser(word('profile', PROFILE_NAMES)),
    )
    .option(
      '--only <ids>',
      say({ en: 'judge only these problems, separated by commas', 'zh-CN': '只检查这些问题，以逗号分隔' }),
    );
}

function addFailOption(command: Command, say: Say): Command {
  return command.addOption(
    new Option(
      '--fail-on <severity>',
      say({
        en: 'the least severity that makes the exit status 1: critical, warning',
        'zh-CN': '使退出码为 1 的最低严重程度：critical、warning',
      }),
    )
      .default('warning')
      .argParser(word('severity', ['critical', 'warning'])),
  );
}

function addDetailOptions(command: Command, say: Say): Command {
  return command
    .option('--no-color', say({ en: 'never colour the output', 'zh-CN': '不使用颜色' }))
    .option('-q, --quiet', say({ en: 'no progress, only what is wrong', 'zh-CN': '不显示进度，只显示有问题的内容' }))
    .option(
      '-v, --verbose',
      say({
        en: 'also what was found in order, and everything in full',
        'zh-CN': '同时显示正常的项目，且不省略任何内容',
      }),
    );
}

/** `--lang`, for commands that print no report too. */
export function langOption(say: Say): Option {
  return new Option('--lang <lang>', say(LANG_OPTION)).argParser(word('language', LANGS));
}

/** An option's word, or a usage error that names the nearest right one. */
export function word<T extends string>(what: string, allowed: readonly T[]): (value: string) => T {
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
