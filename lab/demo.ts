import type { Bilingual, Lang } from '../src/lang.ts';
import { DEMO_WORDS, unexpected } from './demo-words.ts';
import type { Fault } from './faults.ts';
import { type Lab, up } from './lab.ts';

export interface DemoOptions {
  readonly lang: Lang;
  /** The program to run as hayward. */
  readonly cli: string;
  readonly write: (text: string) => void;
}

/** How a demonstration ended: as it should, otherwise, or cut short by a signal. */
export type DemoEnd =
  | { readonly end: 'shown' | 'failed' }
  | { readonly end: 'interrupted'; readonly signal: NodeJS.Signals };

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

class Unexpected extends Error {}

/**
 * Plays one incident from start to finish on a network made for it: a packet passes, a fault, the packet is lost, the
 * doctor finds it, the fix, the packet passes, undo, the packet is lost. Removes the network however it ends.
 */
export async function playDemo(fault: Fault, options: DemoOptions): Promise<DemoEnd> {
  let interrupted: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupted = signal;
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  let lab: Lab | undefined;
  try {
    lab = await up(fault.topology, { cli: options.cli });
    for (const scene of scenes(lab, fault, options)) {
      if (interrupted) break;
      await scene();
    }
    if (!interrupted) return { end: 'shown' };
  } catch (error) {
    if (!(error instanceof Unexpected) && !interrupted) throw error;
    if (!interrupted) {
      options.write(`\n${unexpected((error as Error).message)[options.lang]}\n`);
      return { end: 'failed' };
    }
  } finally {
    await lab?.down();
    for (const signal of SIGNALS) process.off(signal, interrupt);
    if (lab) options.write(`\n${DEMO_WORDS.gone[options.lang]}\n`);
  }
  return { end: 'interrupted', signal: interrupted };
}

/** The scenes in their order; each throws `Unexpected` when the real thing did not do what was announced. */
function scenes(lab: Lab, fault: Fault, { lang, write }: DemoOptions): (() => Promise<void>)[] {
  const node = lab.topology.nodes[0].name;
  let number = 0;
  const title = (words: Bilingual): void => write(`\n${++number}. ${words[lang]}\n\n`);
  const prompt = (where: string, line: string): void => write(`${where}$ ${line}\n`);

  async function send(words: Bilingual, shouldAnswer: boolean): Promise<void> {
    const { from, to, port } = fault.loses;
    title(words);
    prompt(from, port === undefined ? `ping ${to}` : `nc ${to} ${port}`);
    const answered = await lab.probe(fault.loses);
    write(`${DEMO_WORDS[answered ? 'answers' : 'silent'][lang]}\n`);
    if (answered !== shouldAnswer) throw new Unexpected(`${from} -> ${to}`);
  }

  async function hayward(words: Bilingual, args: readonly string[], exitCode: number): Promise<void> {
    title(words);
    prompt(node, `hayward ${args.join(' ')}`);
    const done = await lab.hayward(node, [...args, '--lang', lang, '--no-color']);
    write(done.stdout);
    if (done.exitCode !== exitCode) throw new Unexpected(`hayward ${args[0]}: ${done.stderr.trim() || done.exitCode}`);
  }

  const shown = [
    async () => write(`${lab.topology.title[lang]}\n${lab.topology.drawing}\n${DEMO_WORDS.network[lang]}\n`),
    () => send(DEMO_WORDS.healthy, true),
    async () => {
      title(DEMO_WORDS.broken);
      write(`${fault.title[lang]}:\n\n`);
      for (const line of fault.commands) prompt(node, line);
      await lab.break(fault);
    },
    () => send(DEMO_WORDS.lost, false),
    () => hayward(DEMO_WORDS.doctor, ['doctor', '--only', fault.problem], 1),
  ];
  const { byHand } = fault;
  if (byHand !== undefined) {
    const cure = async (): Promise<void> => {
      title(DEMO_WORDS.byHand);
      prompt(node, byHand);
      await lab.exec(node, ['sh', '-c', byHand]);
    };
    return [...shown, cure, () => send(DEMO_WORDS.passes, true)];
  }
  return [
    ...shown,
    () => hayward(DEMO_WORDS.fix, ['fix', fault.problem, '--yes', '--no-persist'], 0),
    () => send(DEMO_WORDS.passes, true),
    () => hayward(DEMO_WORDS.undo, ['undo', '--yes'], 0),
    () => send(DEMO_WORDS.lostAgain, false),
  ];
}
