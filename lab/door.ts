import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { keptFolder } from './kube/processes.ts';

/** A TCP address in a network namespace; in this process's own where none is named. */
export interface DoorSide {
  readonly namespace?: string;
  readonly address: string;
  readonly port: number;
}

/** A way for TCP connections between network namespaces that no link joins. */
export interface Door {
  /** Ends the connections that go through it too. */
  close(): Promise<void>;
}

/**
 * Opens a way: what connects to `from` is connected to `to`. A process in each namespace; between them a socket of the file
 * system, which all namespaces share. Both end when this process does. Needs root; throws when `from` cannot be listened on. Where
 * nothing listens at `to` a connection is taken and ended at once.
 */
export async function openDoor(from: DoorSide, to: DoorSide): Promise<Door> {
  const folder = await keptFolder('hayward-door-');
  const path = join(folder.path, 'between');
  const ends: ChildProcess[] = [];
  async function close(): Promise<void> {
    for (const end of ends.splice(0)) await ended(end);
    await folder.remove();
  }
  try {
    ends.push(await startEnd(to.namespace, { path }, { host: to.address, port: to.port }));
    ends.push(await startEnd(from.namespace, { host: from.address, port: from.port }, { path }));
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

type Socket = { readonly path: string } | { readonly host: string; readonly port: number };

/** Takes connections in one place and makes each in another. It ends with its standard input. */
const END = `
const { connect, createServer } = require('node:net');
const [at, to] = process.argv.slice(1).map((word) => JSON.parse(word));
const allowHalfOpen = true;
createServer({ allowHalfOpen }, (near) => {
  const far = connect({ ...to, allowHalfOpen });
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
  near.pipe(far).pipe(near);
}).listen(at, () => process.stdout.write('open'));
process.stdin.resume().on('end', () => process.exit());
`;

async function startEnd(namespace: string | undefined, at: Socket, to: Socket): Promise<ChildProcess> {
  const program = [process.execPath, '-e', END, JSON.stringify(at), JSON.stringify(to)];
  const inside = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace];
  const [file, ...args] = [...inside, ...program] as [string, ...string[]];
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const gone = once(child, 'close').then(() => Promise.reject(new Error(`no door: ${complaint.trim()}`)));
  gone.catch(() => undefined);
  await Promise.race([once(child.stdout, 'data'), gone]);
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}
