import type { Command } from 'commander';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import { addCommonOptions, commonOptions, PLAIN_FORMATS, printsJson, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say, STATE_HELP } from './help-language.ts';

export function register(program: Command, say: Say): void {
  const command = program
    .command('journal')
    .summary(
      say({ en: 'what was changed, when, and whether it still stands', 'zh-CN': '改过什么、何时改的、是否仍然有效' }),
    )
    .description(
      say({
        en: 'List the runs of fix on a node, newest first: what each changed and whether it still stands.',
        'zh-CN': '列出在节点上执行过的修复，新的在前：每次改了什么，是否仍然有效。',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward journal
  hayward journal --host root@node-1 --json

${say(STATE_HELP)}`,
    );
  addActingHostOption(addCommonOptions(command, say, PLAIN_FORMATS), say).action(journal);
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
