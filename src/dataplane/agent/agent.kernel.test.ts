import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { must } from '../../../lab/command.ts';
import { busybox } from '../../../lab/vm/kernel.ts';
import { type Dialect, HAYWARD, SHELL } from './dialects.ts';
import { type Answers, parseAnswers, type Question, questionText } from './protocol.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const PORT = 17_070;
const MTU = 1400;
const HERE = '10.99.0.1';
const THERE = '10.99.2.1';

const name = `hwdp-${randomBytes(3).toString('hex')}`;
const [asking, between, answering] = ['a', 'b', 'c'].map((end) => `${name}${end}`) as [string, string, string];
const started: ChildProcess[] = [];
let shell = '';

const on = (namespace: string, line: string) => must(['ip', 'netns', 'exec', namespace, 'sh', '-euc', line]);

/** A Pod's command line as this machine has it: hayward as it is built, busybox for every program of a shell. */
function here(dialect: Dialect, argv: readonly string[]): readonly string[] {
  const [, ...rest] = argv;
  return dialect.name === 'hayward' ? [process.execPath, CLI, ...rest] : [shell, ...argv];
}

function start(namespace: string, argv: readonly string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', namespace, ...argv], { stdio: ['pipe', 'pipe', 'ignore'] });
  started.push(child);
  return child;
}

/** Its input is left open, as that of an exec is. */
async function ask(dialect: Dialect, questions: readonly Question[]): Promise<Answers> {
  const child = start(asking, here(dialect, dialect.ask));
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  child.stdin?.write(questionText(questions, { timeoutMs: 1000, atOnce: 8 }));
  await once(child, 'close');
  return parseAnswers(text, questions.length);
}

const question = (means: Question['means'], size: Question['size'], port = PORT): Question => ({
  means,
  size,
  address: THERE,
  port,
});
const kinds = ({ outcomes }: Answers) => outcomes.map((outcome) => outcome?.kind);

beforeAll(async () => {
  shell = await busybox();
  for (const namespace of [asking, between, answering]) await must(['ip', 'netns', 'add', namespace]);
  for (const [end, own, peer] of [
    [asking, HERE, '10.99.0.2'],
    [answering, THERE, '10.99.2.2'],
  ] as const) {
    const link = end === asking ? 'left' : 'right';
    await must([
      'ip',
      'link',
      'add',
      'eth0',
      'netns',
      end,
      'mtu',
      String(MTU),
      'type',
      'veth',
      'peer',
      'name',
      link,
      'netns',
      between,
    ]);
    await on(end, `ip address add ${own}/24 dev eth0; ip link set lo up; ip link set eth0 up`);
    await on(between, `ip address add ${peer}/24 dev ${link}; ip link set ${link} mtu ${MTU} up`);
    await on(end, `ip route add default via ${peer}`);
  }
  await on(between, 'echo 1 > /proc/sys/net/ipv4/ip_forward');
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  for (const namespace of [asking, between, answering]) await must(['ip', 'netns', 'del', namespace]);
});

describe.each([
  ['hayward', HAYWARD],
  ['a shell', SHELL],
] as const)('an agent by %s', (_, dialect) => {
  /** Of all but the smallest a shell says that it does not know. */
  const orUnknown = (kind: 'answered' | 'lost') => (dialect === SHELL ? 'unknown' : kind);
  const ways = [
    question('tcp', 'small'),
    question('tcp', 'full'),
    question('udp', 'small'),
    question('udp', 'full'),
  ] as const;

  beforeEach(async () => {
    const echoes = start(answering, here(dialect, dialect.echo(PORT)));
    await vi.waitFor(() => on(answering, `ss -Hlnt | grep -q :${PORT}`), { timeout: 60_000, interval: 50 });
    return async () => {
      echoes.kill('SIGKILL');
      await once(echoes, 'close');
    };
  });

  it('answers in every way it has, and says the MTU of its interface', async () => {
    const said = await ask(dialect, ways);
    expect(kinds(said)).toEqual(['answered', orUnknown('answered'), orUnknown('answered'), orUnknown('answered')]);
    expect(said.mtu).toBe(MTU);
  });

  it('loses what nobody answers, and goes on', async () => {
    const said = await ask(dialect, [question('tcp', 'small', 9), question('dns-udp', 'small', 53), ways[0]]);
    expect(kinds(said)).toEqual(['lost', 'lost', 'answered']);
  });

  it('loses full-size packets alone where a link on the way is too small and nobody tells', async () => {
    const back = `ip link set right mtu ${MTU}; iptables -F`;
    // The sender would be told by ICMP, as it should; many networks drop that.
    await on(between, 'ip link set right mtu 1300; iptables -A OUTPUT -p icmp -j DROP');
    try {
      const said = await ask(dialect, ways);
      expect(kinds(said)).toEqual(['answered', orUnknown('lost'), orUnknown('answered'), orUnknown('lost')]);
    } finally {
      await on(between, back);
    }
  });
});

it('an agent learns the path’s MTU where it is told, as any application would', async () => {
  const echoes = start(answering, here(HAYWARD, HAYWARD.echo(PORT)));
  await vi.waitFor(() => on(answering, `ss -Hlnu | grep -q :${PORT}`), { timeout: 60_000, interval: 50 });
  await on(between, 'ip link set right mtu 1300');
  await on(answering, 'ip link set eth0 mtu 1300');
  try {
    expect(kinds(await ask(HAYWARD, [question('udp', 'full'), question('tcp', 'full')]))).toEqual([
      'answered',
      'answered',
    ]);
  } finally {
    echoes.kill('SIGKILL');
    await once(echoes, 'close');
  }
});
