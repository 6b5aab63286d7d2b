import type { Command } from 'commander';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import { addCommonOptions, commonOptions, PLAIN_FORMATS, printsJson, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say, STATE_HELP } from './help-language.ts';

interface RawOptions extends RawCommonOptions, RawActingOptions {
  yes?: boolean;
}

export function register(program: Command, say: Say): void {
  const command = program
    .command('undo [run]')
    .summary(say({ en: 'take back a fix', 'zh-CN': '撤销一次修复' }))
    .description(
      say({
        en: 'Take back what a fix changed, last step first, verified. What something else changed since is left alone and told.',
        'zh-CN': '逐步撤销一次修复所做的改动（从最后一步开始）并验证。此后被其他程序改过的内容不动，并予以说明。',
      }),
    )
    .option('-y, --yes', say({ en: 'do not ask', 'zh-CN': '不询问，直接执行' }))
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward undo                 ${say({ en: 'the last fix of which something still stands', 'zh-CN': '撤销最近一次仍有改动留存的修复' })}
  hayward undo RUN --yes       ${say({ en: 'as hayward journal lists it', 'zh-CN': 'RUN 见 hayward journal' })}

${say(STATE_HELP)}`,
    );
  addActingHostOption(addCommonOptions(command, say, PLAIN_FORMATS), say).action(undo);
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
