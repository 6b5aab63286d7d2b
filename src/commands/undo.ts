import type { Command } from 'commander';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import { addCommonOptions, commonOptions, printsJson, type RawCommonOptions } from './common-options.ts';

interface RawOptions extends RawCommonOptions, RawActingOptions {
  yes?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('undo [run]')
    .summary('take back a fix')
    .description(
      'Take back what a fix changed, last step first, verified. What something else changed since is left alone and told.',
    )
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  hayward undo                 the last fix of which something still stands
  hayward undo RUN --yes       as hayward journal lists it`,
    );
  addActingHostOption(addCommonOptions(command)).action(undo);
}

async function undo(run: string | undefined, raw: RawOptions): Promise<void> {
  const options = await commonOptions(raw);
  const json = printsJson(options, 'undo');
  const { runUndo } = await import('./undo-flow.ts');
  process.exitCode = await runUndo({
    lang: options.lang,
    json,
    width: options.width,
    yes: raw.yes === true,
    ...(run !== undefined && { run }),
    ...(raw.host !== undefined && { host: raw.host }),
  });
}
