import { type Command, Option } from 'commander';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import { addCommonOptions, commonOptions, printsJson, problemIds, type RawCommonOptions } from './common-options.ts';
import { EMISSIONS, type Emission, emissionsFrom } from './emissions.ts';
import { UsageError } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawActingOptions {
  dryRun?: boolean;
  yes?: boolean;
  persist?: boolean;
  onlyPersist?: boolean;
  probe?: boolean;
  emit?: readonly Emission[];
}

export function register(program: Command): void {
  const command = program
    .command('fix [problem...]')
    .summary('put right what doctor found, with a way back')
    .description(
      'Plan, show, ask, do, verify, and make it last. Without a problem named: everything that is safe. What may interrupt traffic is only done when its problem is named.',
    )
    .option('--dry-run', 'show the plan; write nothing at all')
    .option('-y, --yes', 'do not ask')
    .option('--no-persist', 'change the running system only: a reboot takes it back')
    .option('--only-persist', 'change only what the next boot will set')
    .option('--no-probe', 'send no packets of our own before and after to show the difference')
    .addOption(
      new Option('--emit <forms>', `print the plan as ${EMISSIONS.join(', ')} and change nothing`).argParser(
        emissionsFrom,
      ),
    )
    .addHelpText(
      'after',
      `
Examples:
  hayward fix --dry-run
  hayward fix bridge-netfilter --yes
  hayward fix ip-forward --host root@node-1
  hayward fix --emit ansible > site.yaml`,
    );
  addActingHostOption(addCommonOptions(command)).action(fix);
}

async function fix(words: readonly string[], raw: RawOptions): Promise<void> {
  const options = await commonOptions(raw);
  const json = printsJson(options, 'fix');
  if (raw.onlyPersist && raw.persist === false)
    throw new UsageError('--only-persist and --no-persist exclude each other');
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
  });
}

/** The problems named, as arguments or by --only; undefined when none is. */
async function asked(words: readonly string[], only: readonly string[] | undefined): Promise<string[] | undefined> {
  const named = [...(await problemIds(words)), ...(only ?? [])];
  return named.length > 0 ? [...new Set(named)] : undefined;
}
