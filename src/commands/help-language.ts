import type { Command } from 'commander';
import { type Bilingual, LANGS, type Lang, langFrom } from '../lang.ts';
import { displayWidth } from '../report/display-width.ts';
import { wrap } from '../report/wrap.ts';

/** A text in the language that help is asked for. */
export type Say = (text: Bilingual) => string;

export const EXAMPLES: Bilingual = { en: 'Examples:', 'zh-CN': '示例：' };
/** Of commands that change a node or read what was changed. */
export const STATE_HELP: Bilingual = {
  en: `State: /var/lib/hayward, on Harvester /usr/local/lib/hayward; HAYWARD_STATE=DIR
       for another place, which every later command then needs too.`,
  'zh-CN': `状态目录：/var/lib/hayward，Harvester 上为 /usr/local/lib/hayward；
          HAYWARD_STATE=目录 可改到别处，之后的命令须使用同样的设置。`,
};
export const LANG_OPTION: Bilingual = {
  en: 'en or zh-CN (default: the locale)',
  'zh-CN': 'en 或 zh-CN（默认：系统语言）',
};

/** commander's own words. */
const HEADINGS: Readonly<Record<string, string>> = {
  'Usage:': '用法：',
  'Arguments:': '参数：',
  'Options:': '选项：',
  'Commands:': '命令：',
};
const HELP: Bilingual = { en: 'show this help', 'zh-CN': '显示帮助' };
const VERSION_OPTION: Bilingual = { en: 'print the version', 'zh-CN': '显示版本' };

/** The language a command line asks for, before any of it is parsed: help is printed while it is. */
export function languageAsked(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Lang {
  const at = argv.findIndex((word) => word === '--lang' || word.startsWith('--lang='));
  const asked = at < 0 ? undefined : argv[at]?.startsWith('--lang=') ? argv[at]?.slice('--lang='.length) : argv[at + 1];
  return LANGS.find((lang) => lang === asked) ?? langFrom(environment);
}

/** Help in one language, laid out by columns of a terminal, for a command and all below it. */
export function helpIn(lang: Lang, command: Command): void {
  command.helpOption('-h, --help', HELP[lang]).configureHelp({
    displayWidth,
    boxWrap: (text, width) => wrap(text, width).join('\n'),
    styleTitle: (title) => (lang === 'en' ? title : (HEADINGS[title] ?? title)),
    optionDescription: ({ description, defaultValue, required }) =>
      description + (required && typeof defaultValue === 'string' ? byDefault(defaultValue, lang) : ''),
    argumentDescription: ({ description, defaultValue }) =>
      description + (typeof defaultValue === 'string' ? byDefault(defaultValue, lang) : ''),
  });
  if (command.commands.length > 0) command.helpCommand('help [command]', HELP[lang]);
  for (const child of command.commands) helpIn(lang, child);
}

/** The version option, whose flag is answered before commander is loaded and is here for help alone. */
export function versionIn(lang: Lang): string {
  return VERSION_OPTION[lang];
}

function byDefault(value: string, lang: Lang): string {
  return lang === 'en' ? ` (default: ${value})` : `（默认：${value}）`;
}
