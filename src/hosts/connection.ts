import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Marks, prelude } from './collector-script.ts';
import type { Destination } from './destination.ts';
import { type Broken, type Exchange, exchange } from './exchange.ts';
import { lastLine } from './sanitise.ts';

export interface SshOptions {
  /** The ssh program and arguments before ours; `ssh` as the user has it unless said otherwise. */
  readonly sshCommand?: readonly string[];
  /** Seconds for the TCP connection and the server's first words. */
  readonly connectTimeoutSeconds?: number;
  /** How often a dropped connection is tried again. */
  readonly retries?: number;
  /** A private key's file besides those of the user's own configuration. */
  readonly keyFile?: string;
  /** What the node is called, where that is not how it is reached. */
  readonly name?: string;
  /** Whether to become root by `sudo -n` where the user is not; true unless said otherwise. */
  readonly sudo?: boolean;
}

export interface Limits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type Outcome = { readonly marks: Marks } & Exchange;

const CONNECT_TIMEOUT_SECONDS = 10;
const RETRIES = 3;
const FIRST_PAUSE_MS = 250;

/**
 * Starts the shell that reads the script, as root where that is possible without a question. The login shell on the other
 * side may be any (csh, fish): it sees two plain words and a single-quoted one.
 */
const BECOME_ROOT =
  "exec sh -c 'case $(id -u) in 0) exec sh;; esac; m=$(sudo -n sh -c : 2>&1 </dev/null) && exec sudo -n sh; " +
  "HAYWARD_REFUSED=$m; export HAYWARD_REFUSED; exec sh'";

/**
 * The arguments, as scp(1) chooses them: the user's configuration, agent, jump hosts and known hosts hold, but nothing in
 * it may ask a question, forward a port, run another command, or make this connection the master of others.
 */
export function sshArguments(destination: Destination, options: SshOptions): string[] {
  const { sshCommand = ['ssh'], connectTimeoutSeconds = CONNECT_TIMEOUT_SECONDS, sudo = true, keyFile } = options;
  const settings = [
    'BatchMode=yes',
    `ConnectTimeout=${connectTimeoutSeconds}`,
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'PermitLocalCommand=no',
    'RemoteCommand=none',
    'ControlMaster=no',
  ];
  return [
    ...sshCommand,
    '-T',
    '-x',
    ...settings.flatMap((setting) => ['-o', setting]),
    ...(keyFile === undefined ? [] : ['-i', keyFile]),
    ...(destination.port === undefined ? [] : ['-p', String(destination.port)]),
    ...(destination.user === undefined ? [] : ['-l', destination.user]),
    '--',
    destination.name,
    sudo ? BECOME_ROOT : 'exec sh',
  ];
}

/**
 * Has a script run on the node and returns its answer, over as many connections as it takes: one that is dropped is tried
 * again after a pause, unless what went wrong would go wrong again. `repeatable`: also after the script had begun.
 */
export async function converse(
  argv: readonly string[],
  body: string,
  options: Limits & { readonly retries?: number; readonly repeatable: boolean },
): Promise<Outcome> {
  const { retries = RETRIES, timeoutMs, signal } = options;
  const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
  for (let attempt = 0; ; attempt += 1) {
    const marks = { boundary: randomBytes(16).toString('hex'), file: randomBytes(16).toString('hex') };
    const left = deadline - performance.now();
    const limits = { boundary: marks.boundary, ...(left < Infinity && { timeoutMs: left }), ...(signal && { signal }) };
    const result = await exchange(argv, { prelude: prelude(marks), body }, limits);
    const again = result.state === 'dropped' && attempt < retries && isPassing(result, options.repeatable);
    // Apart from each other, so that connections dropped together do not come back together.
    const pause = FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random());
    if (!again || performance.now() + pause >= deadline || signal?.aborted) return { marks, ...result };
    await wait(pause, undefined, signal && { signal }).catch(() => undefined);
  }
}

const DENIED = /permission denied \(|too many authentication failures|no supported authentication methods/i;
/** What would be the same at the next try: trust, algorithms, names, configuration, a port that nobody listens at. */
const LASTING =
  /host key verification failed|host identification has changed|no matching |bad configuration option|could not resolve hostname(?!.*temporary)|connection refused|no route to host|network is unreachable|timed out|enoent/i;
/** ssh's own exit status for trouble of its own; any other is that of what it ran. */
const SSH_TROUBLE = 255;

function isPassing({ said, begun, exitCode }: Broken, repeatable: boolean): boolean {
  if (begun) return repeatable;
  return (exitCode === null || exitCode === SSH_TROUBLE) && !DENIED.test(said) && !LASTING.test(said);
}

/** Why there is no answer, in ssh's own words where it had any. */
export function reasonOf(broken: Broken, timeoutMs?: number): { reason: 'denied' | 'failed'; detail: string } {
  if (broken.state === 'time') return { reason: 'failed', detail: `no answer within ${Number(timeoutMs) / 1000} s` };
  if (broken.state === 'cancelled') return { reason: 'failed', detail: 'cancelled' };
  if (broken.state === 'size') return { reason: 'failed', detail: 'the answer is larger than any node has reason for' };
  const detail = lastLine(broken.said) || `ssh ended without an answer, exit status ${broken.exitCode}`;
  return { reason: !broken.begun && DENIED.test(broken.said) ? 'denied' : 'failed', detail };
}
