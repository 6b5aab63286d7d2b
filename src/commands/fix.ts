import { type Command, Option } from 'commander';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import {
  addCommonOptions,
  commonOptions,
  PLAIN_FORMATS,
  printsJson,
  problemIds,
  type RawCommonOptions,
} from './common-options.ts';
import { durationMs } from './duration.ts';
import { EMISSIONS, type Emission, emissionsFrom } from './emissions.ts';
import { EXAMPLES, type Say, STATE_HELP } from './help-language.ts';
import { UsageError } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawActingOptions {
  dryRun?: boolean;
  yes?: boolean;
  persist?: boolean;
  onlyPersist?: boolean;
  probe?: boolean;
  emit?: readonly Emission[];
  try?: number;
  confirm?: string | true;
  watch?: string;
}

export function register(program: Command, say: Say): void {
  const command = program
    .command('fix [problem...]')
    .summary(say({ en: 'put right what doctor found, with a way back', 'zh-CN': '修复 doctor 发现的问题，可撤销' }))
    .description(
      say({
        en: 'Plan, show, ask, do, verify, and make it last. Without a problem named: everything that is safe. What may interrupt traffic is only done when its problem is named.',
        'zh-CN':
          '计划、展示、询问、执行、验证，并使其持久有效。不指明问题时，处理所有可安全修复的问题；可能中断业务流量的修复只在指明问题时执行。',
      }),
    )
    .option('--dry-run', say({ en: 'show the plan; write nothing at all', 'zh-CN': '只展示计划，不写入任何内容' }))
    .option('-y, --yes', say({ en: 'do not ask', 'zh-CN': '不询问，直接执行' }))
    .option(
      '--no-persist',
      say({
        en: 'change the running system only: a reboot takes it back',
        'zh-CN': '只改运行中的系统，重启后恢复原状',
      }),
    )
    .option('--only-persist', say({ en: 'change only what the next boot will set', 'zh-CN': '只改下次启动时的设置' }))
    .option(
      '--no-probe',
      say({
        en: 'send no packets of our own before and after to show the difference',
        'zh-CN': '修复前后不发送用于对比的测试报文',
      }),
    )
    .addOption(
      new Option(
        '--emit <forms>',
        say({
          en: `print the plan as ${EMISSIONS.join(', ')} and change nothing`,
          'zh-CN': `把计划输出为 ${EMISSIONS.join('、')}，不做改动`,
        }),
      ).argParser(emissionsFrom),
    )
    .addOption(
      new Option(
        '--try <duration>',
        say({
          en: 'take everything back unless it is confirmed within this time, also when the terminal or this program dies; what persists is written after that. With --yes it is left on trial',
          'zh-CN':
            '在此时间内未确认则全部撤销，终端断开或本程序终止时也会撤销；确认之后才写入持久化配置。与 --yes 同用则不询问，留待确认',
        }),
      ).argParser(trialTime),
    )
    .option(
      '--confirm [run]',
      say({ en: 'keep what is on trial, from any session', 'zh-CN': '保留处于试运行的修复，可在任意会话中执行' }),
    )
    .addOption(new Option('--watch <run>').hideHelp())
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward fix --dry-run
  hayward fix bridge-netfilter --yes
  hayward fix ip-forward --host root@node-1
  hayward fix ip-forward --try 120s      ${say({ en: 'over ssh: taken back unless you answer', 'zh-CN': '通过 ssh 修复：不回答则自动撤销' })}
  hayward fix --confirm                  ${say({ en: 'keep it, also from another session', 'zh-CN': '保留，也可在另一会话中执行' })}
  hayward fix --emit ansible > site.yaml

${say(STATE_HELP)}`,
    );
  addActingHostOption(addCommonOptions(command, say, PLAIN_FORMATS), say).action(fix);
}

const SHORTEST_TRIAL_MS = 1_000;
const LONGEST_TRIAL_MS = 24 * 3_600_000;

function trialTime(value: string): number {
  const ms = durationMs('--try', value);
  if (ms < SHORTEST_TRIAL_MS || ms > LONGEST_TRIAL_MS) throw new UsageError(`--try ${value}: from 1s to 24h`);
  return ms;
}

/** What makes no sense together. */
function refuseContradictions(raw: RawOptions): void {
  if (raw.onlyPersist && raw.persist === false) {
    throw new UsageError('--only-persist and --no-persist exclude each other');
  }
  const trial = raw.try !== undefined ? '--try' : raw.confirm !== undefined ? '--confirm' : undefined;
  if (trial === undefined) return;
  if (raw.host !== undefined) {
    throw new UsageError(
      `${trial} is for the node itself, where what takes it back outlives the connection: run hayward there, without --host`,
    );
  }
  if (raw.emit !== undefined) throw new UsageError(`${trial} and --emit exclude each other`);
  if (raw.onlyPersist) throw new UsageError(`${trial} and --only-persist exclude each other: nothing would be tried`);
  if (raw.try !== undefined && raw.confirm !== undefined)
    throw new UsageError('--try and --confirm exclude each other');
}

async function fix(words: readonly string[], raw: RawOptions): Promise<void> {
  if (raw.watch !== undefined) {
    const { runWatch } = await import('./fix-watch.ts');
    return runWatch(raw.watch);
  }
  const options = await commonOptions(raw);
  const json = printsJson(options, 'fix');
  refuseContradictions(raw);
  if (raw.confirm !== undefined) {
    if (words.length > 0) throw new UsageError(`--confirm takes one run, and no problem: ${words.join(' ')}`);
    const { runConfirm } = await import('./fix-confirm-flow.ts');
    process.exitCode = await runConfirm({
      lang: options.lang,
      json,
      width: options.width,
      failOn: options.failOn,
      ...(options.profile && { profile: options.profile }),
      ...(raw.confirm !== true && { run: raw.confirm }),
    });
    return;
  }
  const problems = await asked(words, options.only);
  const { runFix } = await import('./fix-flow.ts');
  process.exitCode = await runFix({
    lang: options.lang,
    json,
    quiet: options.quiet,
    verbose: options.verbose,
    width: options.width,
    failOn: options.failOn,
    ...(options.profile && { profile: options.profile }),
    ...(problems && { problems }),
    ...(raw.host !== undefined && { host: raw.host }),
    scopes: raw.onlyPersist ? ['persist'] : raw.persist === false ? ['now'] : ['now', 'persist'],
    dryRun: raw.dryRun === true,
    yes: raw.yes === true,
    emit: raw.emit ?? [],
    probe: raw.probe !== false,
    ...(raw.try !== undefined && { tryMs: raw.try }),
  });
}

/** The problems named, as arguments or by --only; undefined when none is. */
async function asked(words: readonly string[], only: readonly string[] | undefined): Promise<string[] | undefined> {
  const named = [...(await problemIds(words)), ...(only ?? [])];
  return named.length > 0 ? [...new Set(named)] : undefined;
}
