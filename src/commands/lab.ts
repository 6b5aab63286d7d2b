import { constants } from 'node:os';
import { type Command, Option } from 'commander';
import type { Fault } from '../../lab/faults.ts';
import type { Lab } from '../../lab/lab.ts';
import { LANGS, type Lang, langFrom } from '../lang.ts';
import { EXAMPLES, LANG_OPTION, type Say } from './help-language.ts';
import { UsageError, unknownWord } from './usage.ts';

interface RawOptions {
  lang?: Lang;
  lab?: string;
}

const DEFAULT_FAULT = 'bridge-nf-on-with-forward-drop';

/** `hayward lab`: networks to break, in namespaces of their own. */
export function register(program: Command, say: Say): void {
  const lab = program
    .command('lab')
    .summary(
      say({ en: 'networks to break, in namespaces of their own', 'zh-CN': '供破坏用的网络，建在各自的命名空间里' }),
    )
    .description(
      say({
        en: 'Build small real networks on this machine, break them, and see what hayward says. Needs root.',
        'zh-CN': '在本机搭建小型的真实网络，制造故障，看 hayward 如何诊断。需要 root。',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward lab demo                        ${say({ en: 'an incident from start to finish', 'zh-CN': '完整演示一次故障' })}
  hayward lab up two-routed-nodes         ${say({ en: 'a network that stays until lab down', 'zh-CN': '搭建网络，lab down 时删除' })}
  hayward lab break ip-forward-off
  hayward lab exec node-1 hayward doctor`,
    );
  // What follows `exec NODE` belongs to the program that is run, options included.
  program.enablePositionalOptions();
  lab.enablePositionalOptions();
  const lang = () => new Option('--lang <lang>', say(LANG_OPTION)).choices(LANGS);
  lab
    .command('list')
    .description(
      say({ en: 'the topologies, their faults, and what is up', 'zh-CN': '列出拓扑、可制造的故障和已启动的网络' }),
    )
    .addOption(lang())
    .action(list);
  lab
    .command('up')
    .description(say({ en: 'build a network', 'zh-CN': '搭建网络' }))
    .argument('<topology>')
    .addOption(lang())
    .action(build);
  lab
    .command('break')
    .description(say({ en: 'make a fault in a network that is up', 'zh-CN': '在已启动的网络中制造故障' }))
    .argument('<fault>')
    .option('--lab <id>', say({ en: 'which one, where several are up', 'zh-CN': '启动了多个时指明是哪一个' }))
    .addOption(lang())
    .action(breakIt);
  lab
    .command('exec')
    .description(
      say({
        en: 'run a command in a node; what it writes to /etc stays in the laboratory',
        'zh-CN': '在节点中执行命令；对 /etc 的写入只留在实验环境中',
      }),
    )
    .argument('<node>')
    .argument('<command...>')
    .option('--lab <id>', say({ en: 'which one, where several are up', 'zh-CN': '启动了多个时指明是哪一个' }))
    .passThroughOptions()
    .action(exec);
  lab
    .command('down')
    .description(say({ en: 'remove one network, or all', 'zh-CN': '删除一个或全部网络' }))
    .argument('[id]')
    .action(down);
  lab
    .command('demo')
    .description(
      say({ en: 'play an incident: broken, found, fixed, undone', 'zh-CN': '演示一次故障：制造、诊断、修复、撤销' }),
    )
    .argument('[fault]', say({ en: 'see `hayward lab list`', 'zh-CN': '见 `hayward lab list`' }), DEFAULT_FAULT)
    .addOption(lang())
    .action(demo);
}

const langOf = (raw: RawOptions): Lang => raw.lang ?? langFrom(process.env);

const cli = (): string => process.argv[1] ?? '';

function needRoot(): void {
  if (process.getuid?.() !== 0)
    throw new UsageError('the laboratory makes network namespaces and needs root: use sudo');
}

async function faultNamed(id: string): Promise<Fault> {
  const { FAULTS } = await import('../../lab/faults.ts');
  const fault = FAULTS.find((one) => one.id === id);
  if (fault) return fault;
  const ids = FAULTS.map((one) => one.id);
  throw unknownWord('fault', id, ids);
}

async function list(raw: RawOptions): Promise<void> {
  const { FAULTS } = await import('../../lab/faults.ts');
  const { labsUp, lacking } = await import('../../lab/lab.ts');
  const { TOPOLOGIES } = await import('../../lab/topologies/catalogue.ts');
  const lang = langOf(raw);
  const lines: string[] = [];
  for (const topology of Object.values(TOPOLOGIES)) {
    lines.push(`${topology.name}: ${topology.title[lang]}`);
    const missing = await lacking(topology);
    if (missing) lines.push(`  (${missing.what[lang]})`);
    for (const fault of FAULTS.filter((one) => one.topology === topology.name)) {
      lines.push(`  ${fault.id.padEnd(30)} ${fault.title[lang]}`);
    }
  }
  for (const lab of await labsUp()) lines.push(lang === 'en' ? `up: ${lab.id}` : `已启动：${lab.id}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function build(name: string, raw: RawOptions): Promise<void> {
  const { lacking, up } = await import('../../lab/lab.ts');
  const { TOPOLOGIES, TOPOLOGY_NAMES } = await import('../../lab/topologies/catalogue.ts');
  const known = TOPOLOGY_NAMES.find((one) => one === name);
  if (!known) throw unknownWord('topology', name, TOPOLOGY_NAMES);
  needRoot();
  const topology = TOPOLOGIES[known];
  const missing = await lacking(topology);
  if (missing) throw new UsageError(`${name}: ${missing.what[langOf(raw)]}`);
  const lab = await up(known);
  const { FAULTS } = await import('../../lab/faults.ts');
  const [first, ...others] = topology.nodes.map((node) => node.name);
  const faults = FAULTS.filter((fault) => fault.topology === known);
  const on = ` --lab ${lab.id}`;
  const next = [
    ...faults.map((fault) => `  hayward lab break${on} ${fault.id}`),
    `  hayward lab exec${on} ${first} hayward doctor`,
    ...[first, ...others].map((node) => `  hayward lab exec${on} ${node} bash`),
    `  hayward lab down ${lab.id}`,
  ];
  process.stdout.write(`${lab.id}\n${topology.drawing}\n${next.join('\n')}\n`);
}

/** The laboratory that is meant: the one named, or the only one that fits. */
async function chosen(id: string | undefined, missing: string, fits: (lab: Lab) => boolean): Promise<Lab> {
  needRoot();
  const { labsUp } = await import('../../lab/lab.ts');
  const all = await labsUp({ cli: cli() });
  const candidates = all.filter((lab) => (id === undefined ? fits(lab) : lab.id === id));
  const [only, ...others] = candidates;
  if (!only) throw new UsageError(id === undefined ? missing : `no laboratory '${id}' is up`);
  if (others.length > 0)
    throw new UsageError(`several are up, name one: --lab ${candidates.map((lab) => lab.id).join(', ')}`);
  return only;
}

async function breakIt(id: string, raw: RawOptions): Promise<void> {
  const fault = await faultNamed(id);
  const missing = `no network ${fault.topology} is up: hayward lab up ${fault.topology}`;
  const lab = await chosen(raw.lab, missing, (one) => one.topology.name === fault.topology);
  if (lab.topology.name !== fault.topology)
    throw new UsageError(`${id} is a fault of ${fault.topology}, not of ${lab.id}`);
  await lab.break(fault);
  process.stdout.write(`${lab.id}: ${fault.title[langOf(raw)]}\n`);
}

async function exec(node: string, argv: readonly string[], raw: RawOptions): Promise<void> {
  const missing = `no network with a node '${node}' is up: hayward lab up, see hayward lab list`;
  const lab = await chosen(raw.lab, missing, (one) => one.topology.nodes.some((spec) => spec.name === node));
  if (!lab.topology.nodes.some((spec) => spec.name === node)) {
    const names = lab.topology.nodes.map((spec) => spec.name);
    throw new UsageError(`${lab.id} has no node '${node}', expected ${names.join(', ')}`);
  }
  const entered = await lab.entering(node, argv);
  const [program = '', ...rest] = entered.argv;
  const { spawn } = await import('node:child_process');
  const child = spawn(program, rest, { env: entered.env, stdio: 'inherit' });
  // A Ctrl-C reaches the program by itself; its end is waited for, or it would go on behind the shell's next prompt.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal ? 128 + constants.signals[signal] : 1)));
  });
}

async function down(id: string | undefined): Promise<void> {
  needRoot();
  const { labsUp } = await import('../../lab/lab.ts');
  const labs = (await labsUp()).filter((lab) => id === undefined || lab.id === id);
  if (id !== undefined && labs.length === 0) throw new UsageError(`no laboratory '${id}' is up`);
  for (const lab of labs) {
    await lab.down();
    process.stdout.write(`${lab.id}\n`);
  }
}

async function demo(id: string, raw: RawOptions): Promise<void> {
  const fault = await faultNamed(id);
  needRoot();
  const { lacking } = await import('../../lab/lab.ts');
  const { TOPOLOGIES } = await import('../../lab/topologies/catalogue.ts');
  const { playDemo } = await import('../../lab/demo.ts');
  const lang = langOf(raw);
  const missing = await lacking(TOPOLOGIES[fault.topology]);
  if (missing) throw new UsageError(`${fault.topology}: ${missing.what[lang]}`);
  const ended = await playDemo(fault, { lang, cli: cli(), write: (text) => process.stdout.write(text) });
  if (ended.end === 'failed') process.exitCode = 1;
  if (ended.end === 'interrupted') process.exitCode = 128 + constants.signals[ended.signal];
}
