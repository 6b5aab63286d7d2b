import type { Command, Option } from 'commander';

/**
 * A command line with the options that stood before the command behind it: `hayward --lang zh-CN leases` is
 * `hayward leases --lang zh-CN`. Left as it is where an option is none that any command knows, or no word follows.
 */
export function commandFirst(program: Command, words: readonly string[]): readonly string[] {
  const at = firstWord(program, words);
  if (at === undefined || at === 0) return words;
  const own = program.commands.find((command) => command.name() === words[at]);
  const below = own?.commands.some((command) => command.name() === words[at + 1]) ? 2 : 1;
  return [...words.slice(at, at + below), ...words.slice(0, at), ...words.slice(at + below)];
}

function firstWord(program: Command, words: readonly string[]): number | undefined {
  const options = optionsOf(program);
  let at = 0;
  for (let word = words[at]; word?.startsWith('-'); word = words[at]) {
    const [flag = ''] = word.split('=', 1);
    const option = options.find(({ long, short }) => long === flag || short === flag);
    if (option === undefined) return undefined;
    at += option.required && flag === word ? 2 : 1;
  }
  return at < words.length ? at : undefined;
}

function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...command.commands.flatMap(optionsOf)];
}
