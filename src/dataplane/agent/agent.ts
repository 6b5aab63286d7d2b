import { readdir, readFile } from 'node:fs/promises';
import { turnstile } from '../../turnstile.ts';
import { ask } from './asking.ts';
import { clusterName } from './dns-question.ts';
import { outcomeLine, parseQuestions } from './protocol.ts';

/** Ethernet's: where the interface cannot be seen. */
const USUAL_MTU = 1500;

/** Asks what it reads, up to the line `go`, and writes each answer as it comes; then `done`. */
export async function answerQuestions(input: AsyncIterable<Buffer>, write: (line: string) => void): Promise<void> {
  const { questions, pace } = parseQuestions(await untilGo(input));
  const seen = await ownMtu();
  if (seen !== undefined) write(`mtu ${seen}\n`);
  const ground = { mtu: seen ?? USUAL_MTU, name: await clusterName(), timeoutMs: pace.timeoutMs };
  const turns = turnstile(pace.atOnce);
  await Promise.all(
    questions.map(async (question, id) => write(outcomeLine(id, await turns(() => ask(question, ground))))),
  );
  write('done\n');
}

/** The input need not end: over a WebSocket of v4.channel.k8s.io it cannot. */
async function untilGo(input: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += chunk.toString('utf8');
    if (/^go$/m.test(text)) break;
  }
  return text;
}

/** Of the interface of the default route, else of the first that is not the loopback. */
async function ownMtu(): Promise<number | undefined> {
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '');
  const byDefault = routes
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([, to]) => to === '00000000')?.[0];
  const links = await readdir('/sys/class/net').catch(() => []);
  const link = byDefault ?? links.find((name) => name !== 'lo');
  if (link === undefined) return undefined;
  const mtu = Number(await readFile(`/sys/class/net/${link}/mtu`, 'utf8').catch(() => 'none'));
  return Number.isInteger(mtu) && mtu > 0 ? mtu : undefined;
}
