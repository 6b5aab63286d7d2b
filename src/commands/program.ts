import { Command, CommanderError } from 'commander';
import { HostError } from '../hosts/host.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Bilingual, Lang } from '../lang.ts';
import { VERSION } from '../version.ts';
import { register as capture } from './capture.ts';
import { commandFirst } from './command-first.ts';
import { register as controller } from './controller.ts';
import { register as dataplane } from './dataplane.ts';
import { register as dataplaneAgent } from './dataplane-agent.ts';
import { register as diff } from './diff.ts';
import { register as doctor } from './doctor.ts';
import { register as explain } from './explain.ts';
import { register as fix } from './fix.ts';
import { register as guard } from './guard.ts';
import { helpIn, languageAsked, type Say, versionIn } from './help-language.ts';
import { register as journal } from './journal.ts';
import { register as lab } from './lab.ts';
import { register as leases } from './leases.ts';
import { register as lint } from './lint.ts';
import { register as networks } from './networks.ts';
import { register as preflight } from './preflight.ts';
import { register as status } from './status.ts';
import { register as undo } from './undo.ts';
import { nearest, UsageError } from './usage.ts';

const COMMANDS = [
  doctor,
  preflight,
  fix,
  undo,
  journal,
  leases,
  guard,
  status,
  capture,
  diff,
  lint,
  networks,
  dataplane,
  controller,
  explain,
  lab,
  dataplaneAgent,
];

const AFTER: Bilingual = {
  en: `Examples:
  hayward                              judge this machine
  hayward doctor --host root@node-1    judge a node over ssh; installs nothing
  hayward fix ip-forward --dry-run     show what would be done, and its way back
  hayward undo                         take back the last fix

Exit status: 0 nothing wrong, 1 problems, 2 wrong usage,
             3 what decides could not be seen.`,
  'zh-CN': `示例：
  hayward                              诊断本机
  hayward doctor --host root@node-1    通过 ssh 诊断节点，不安装任何东西
  hayward fix ip-forward --dry-run     展示将做什么、如何撤销
  hayward undo                         撤销最近一次修复

退出码：0 没有问题，1 有问题，2 用法错误，3 决定结论的信息看不到。`,
};

/** Exit status for wrong usage and unreadable input. */
const USAGE = 2;

export function buildProgram(lang: Lang): Command {
  const say: Say = (text) => text[lang];
  const program = new Command('hayward')
    .description(
      say({
        en: 'The network keeper for Kubernetes on bare metal and HCI.',
        'zh-CN': '裸金属与超融合（HCI）上 Kubernetes 的网络看护者。',
      }),
    )
    .version(VERSION, '-V, --version', versionIn(lang))
    .addHelpText(
      'after',
      `
${say(AFTER)}`,
    );
  for (const register of COMMANDS) register(program, say);
  helpIn(lang, program);
  quietly(program);
  return program;
}

/** Errors come back to `run`, which prints one line; usage is never dumped over the reader. */
function quietly(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const child of command.commands) quietly(child);
}

/** A first word that is no command: commander would hand it to the default command as an argument. */
function refuseUnknownCommand(program: Command, argv: readonly string[]): void {
  const word = argv[2];
  if (word === undefined || word.startsWith('-')) return;
  const names = [...program.commands.map((command) => command.name()), 'help'];
  if (!names.includes(word)) throw new UsageError(`unknown command '${word}'`, nearest(word, names));
}

/** The same below a command that has others and does something by itself: `hayward leases reclam`. */
function refuseUnknownSubcommand(program: Command, argv: readonly string[]): void {
  const parent = program.commands.find((command) => command.name() === argv[2]);
  const word = argv[3];
  if (!parent || parent.commands.length === 0 || word === undefined || word.startsWith('-')) return;
  const names = [...parent.commands.map((command) => command.name()), 'help'];
  const near = nearest(word, names);
  if (names.includes(word)) return;
  throw new UsageError(`unknown command '${parent.name()} ${word}'`, near && `${parent.name()} ${near}`);
}

/** `hayward lab` alone, which does nothing of its own: commander would print its help, and call that an error. */
function missingCommand(error: unknown, program: Command, argv: readonly string[]): unknown {
  if (!(error instanceof CommanderError) || error.code !== 'commander.help') return error;
  const parent = program.commands.find((command) => command.name() === argv[2]);
  const names = parent?.commands.map((command) => command.name()) ?? [];
  return new UsageError(`${argv[2]} needs a command: ${names.join(', ')}`);
}

/** Runs one command line. Expected failures end as one line on standard error and an exit status. */
export async function run(typed: readonly string[]): Promise<void> {
  outliveOutput();
  const program = buildProgram(languageAsked(typed, process.env));
  const argv = [...typed.slice(0, 2), ...commandFirst(program, typed.slice(2))];
  try {
    refuseUnknownCommand(program, argv);
    refuseUnknownSubcommand(program, argv);
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(missingCommand(error, program, argv), argv);
  }
}

/**
 * A reader that goes away (`hayward … | head`) or a full disk must not cut a fix short between two steps: the work is
 * finished unheard. `head` had what it wanted; a result that could not be written down is an error.
 */
function outliveOutput(): void {
  let told = false;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || told) return;
    told = true;
    say(oneLine(`standard output cannot be written: ${message}`));
    process.on('exit', () => {
      process.exitCode = USAGE;
    });
  });
}

function report(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const message = oneLine(error.message.replace(/^error: /, ''));
    say(message.includes('Did you mean') ? message : `${message} (see ${helpFor(argv)})`);
    return USAGE;
  }
  if (error instanceof UsageError || error instanceof HostError) {
    say(oneLine(error.message));
    return USAGE;
  }
  process.stderr.write(
    `${error instanceof Error ? harmless(error.stack ?? error.message) : harmless(String(error))}\n`,
  );
  return 1;
}

/** The command line that shows the help of what was called: its words up to the first option. */
function helpFor(argv: readonly string[]): string {
  const below =
    argv[2] === 'lab' ||
    argv[2] === 'networks' ||
    argv[2] === 'guard' ||
    (argv[2] === 'leases' && argv[3] === 'reclaim');
  const words = argv.slice(2, below ? 4 : 3).filter((word) => !word.startsWith('-'));
  return ['hayward', ...words, '--help'].join(' ');
}

function say(line: string): void {
  process.stderr.write(`hayward: ${line}\n`);
}

function oneLine(text: string): string {
  return harmless(text.trim().replace(/\s*\n\s*/g, ' '));
}
