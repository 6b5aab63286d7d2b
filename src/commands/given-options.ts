import type { Command } from 'commander';

/** A command's options with those that stood before its word, as in `hayward guard --json status`; its own come first. */
export function withGivenBefore<T extends object>(command: Command): T {
  const { parent } = command;
  return { ...command.opts<T>(), ...givenTo<T>(parent), ...givenTo<T>(command) };
}

/** What was typed, without defaults. */
function givenTo<T>(command: Command | null): Partial<T> {
  const given = Object.entries(command?.opts() ?? {}).filter(([name]) => command?.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(given) as Partial<T>;
}
