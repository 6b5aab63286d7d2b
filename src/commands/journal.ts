import type { Command } from 'commander';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import { addCommonOptions, commonOptions, printsJson, type RawCommonOptions } from './common-options.ts';

export function register(program: Command): void {
  const command = program
    .command('journal')
    .summary('what was changed, when, and whether it still stands')
    .description('List the runs of fix on a node, newest first: what each changed and whether it still stands.');
  addActingHostOption(addCommonOptions(command)).action(journal);
}

async function journal(raw: RawCommonOptions & RawActingOptions): Promise<void> {
  const options = await commonOptions(raw);
  const json = printsJson(options, 'journal');
  const { runJournal } = await import('./journal-flow.ts');
  process.exitCode = await runJournal({
    lang: options.lang,
    json,
    width: options.width,
    ...(raw.host !== undefined && { host: raw.host }),
  });
}
