import { type Command, InvalidArgumentError, Option } from 'commander';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import { addCommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { addLeaseOptions, leaseScope, type RawLeaseOptions } from './leases.ts';
import { UsageError } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawActingOptions, RawLeaseOptions {
  dryRun?: boolean;
  yes?: boolean;
  max?: number;
}

/** Adds `reclaim` below `leases`; options stand after the word they belong to, or before it. */
export function registerReclaim(leases: Command): void {
  const command = leases
    .enablePositionalOptions()
    .command('reclaim')
    .summary('give leaked addresses back')
    .description(
      "Give leaked addresses back while Pods run: nothing is restarted. A lease goes only when two looks prove its sandbox dead and nothing uses the address, under host-local's own lock; each is kept in the journal.",
    )
    .option('--dry-run', 'show what would be given back; write nothing at all')
    .option('-y, --yes', 'do not ask')
    .addOption(new Option('--max <number>', 'give back at most so many').argParser(count))
    .addHelpText(
      'after',
      `
Examples:
  hayward leases reclaim --dry-run
  hayward leases reclaim --yes --max 10
  hayward leases reclaim --host root@node-1
  hayward undo                         puts back what is still free

Exit status: 0 nothing leaked is left, 1 leaked leases are left,
             3 what decides could not be seen.`,
    );
  addActingHostOption(addLeaseOptions(addCommonOptions(command))).action(reclaim);
}

function count(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('expected a number');
  return Number(value);
}

async function reclaim(own: RawOptions, command: Command): Promise<void> {
  const raw = { ...givenBefore(command), ...own };
  const options = await commonOptions(raw);
  if (options.format !== 'text' && options.format !== 'json') {
    throw new UsageError(`leases reclaim prints text or json, not ${options.format}`);
  }
  const { runReclaim } = await import('./reclaim-flow.ts');
  process.exitCode = await runReclaim({
    ...options,
    json: options.format === 'json',
    scope: leaseScope(raw),
    dryRun: raw.dryRun === true,
    yes: raw.yes === true,
    ...(raw.grace !== undefined && { graceMs: raw.grace }),
    ...(raw.max !== undefined && { max: raw.max }),
    ...(raw.host !== undefined && { host: raw.host }),
  });
}

/** What stood before the word `reclaim`, as in `hayward leases --json reclaim`. */
function givenBefore(command: Command): RawOptions {
  const { parent } = command;
  const values = { ...parent?.opts() };
  const given = Object.entries(values).filter(([name]) => parent?.getOptionValueSource(name) === 'cli');
  const { host, root, ...rest } = Object.fromEntries(given);
  if (root !== undefined) throw new UsageError('--root: a file tree can be looked at, not changed; run it on the node');
  if (!Array.isArray(host)) return rest;
  if (host.length > 1) throw new UsageError('one node is changed at a time: name one --host');
  return { ...rest, host: String(host[0]) };
}
