import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EventOf, GuardEvent, GuardStatus, KeyStatus } from '../../src/guard/model.ts';
import { askGuard } from '../../src/guard/tell/control.ts';

type Type = GuardEvent['type'];

/** A guard that runs as a process of its own. */
export interface RunningGuard {
  readonly pid: number;
  /** What it has told so far. */
  readonly events: readonly GuardEvent[];
  /** What it has complained of. */
  complaints(): string;
  /** The first event of a type, of a key where one is named; waits for it. Throws when the guard ends before. */
  told<T extends Type>(type: T, key?: string): Promise<EventOf<T>>;
  /** Its first full round is over. */
  ready(): Promise<void>;
  status(): Promise<GuardStatus>;
  key(key: string): Promise<KeyStatus>;
  metrics(): Promise<string>;
  post(path: string): Promise<void>;
  /** Ends it, by SIGTERM unless told otherwise; its exit status, or the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** As `end`, when it ends by itself. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

const IN_A_MOMENT_MS = 20;

/** @param state the guard's HAYWARD_STATE, where its socket is. */
export function watchGuard(child: ChildProcess, complaintsFile: string, state: string): RunningGuard {
  const { stdout, pid } = child;
  if (stdout === null || pid === undefined) throw new TypeError('no process');
  const events: GuardEvent[] = [];
  const news: (() => void)[] = [];
  const complaints = () => readFileSync(complaintsFile, 'utf8');
  const ended = once(child, 'close').then(([code, signal]) => {
    for (const wake of news.splice(0)) wake();
    return code ?? signal;
  });
  createInterface({ input: stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as GuardEvent);
    for (const wake of news.splice(0)) wake();
  });
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const socket = join(state, 'guard/run/guard.sock');

  async function ask(method: 'GET' | 'POST', path: string): Promise<string> {
    const answer = await askGuard(socket, method, path);
    if (answer.kind === 'answered' && answer.status === 200) return answer.body;
    throw new Error(`${path}: ${JSON.stringify(answer)} ${complaints()}`);
  }
  async function told<T extends Type>(type: T, key?: string): Promise<EventOf<T>> {
    for (;;) {
      const found = events.find(
        (event) => event.type === type && (key === undefined || ('key' in event && event.key === key)),
      );
      if (found) return found as EventOf<T>;
      if (gone()) throw new Error(`the guard ended before '${type}': ${complaints()}`);
      await new Promise<void>((resolve) => {
        news.push(resolve);
      });
    }
  }
  const status = async () => JSON.parse(await ask('GET', '/v1/status')) as GuardStatus;
  return {
    pid,
    events,
    complaints,
    told,
    async ready() {
      await told('started');
      for (;;) {
        const answer = await askGuard(socket, 'GET', '/readyz');
        if (answer.kind === 'answered' && answer.status === 200) return;
        if (gone()) throw new Error(`the guard ended before it was ready: ${complaints()}`);
        await new Promise((resolve) => setTimeout(resolve, IN_A_MOMENT_MS));
      }
    },
    status,
    async key(key) {
      const { keys } = await status();
      const found = keys.find((one) => one.key === key);
      if (!found) throw new Error(`${key} is not among ${keys.map((one) => one.key).join(', ')}`);
      return found;
    },
    metrics: () => ask('GET', '/metrics'),
    post: async (path) => void (await ask('POST', path)),
    async end(signal = 'SIGTERM') {
      if (!gone()) child.kill(signal);
      return ended;
    },
    ended,
  };
}
