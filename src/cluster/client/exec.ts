import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import { refusalOf } from './client.ts';
import { collect, type NoAnswer } from './exchange.ts';
import { limitOf } from './limit.ts';
import type { Dialling, Wire } from './wire.ts';

export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /** Written as soon as the command runs. It sees no end of it: v4.channel.k8s.io cannot close one way alone. */
  readonly stdin?: string;
  /** All of it; what runs longer is left. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** How a command in a container ended. */
export interface Executed {
  /** Undefined where it did not run to its end: then `trouble` says why. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The kubelet's or the runtime's words; empty where there are none. */
  readonly trouble: string;
}

/** Runs commands in containers. */
export interface KubeExec {
  /**
   * Denied by 401 and 403, absent where there is no such Pod, failed where the API server, the kubelet or the runtime does not carry
   * it out. A command that ran is known, however it ended; so is what came of one that was cut off.
   */
  exec(request: ExecRequest): Promise<Reading<Executed>>;
}

/**
 * The last that needs no half-closed streams, and that API servers of every age hand through to the kubelet as it is
 * (k8s.io/apimachinery pkg/util/remotecommand/constants.go); v5 they translate to SPDY.
 */
const PROTOCOL = 'v4.channel.k8s.io';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3 } as const;

/** What a command writes beyond that is cut off with it. */
const LONGEST_OUTPUT = 16 * 1024 * 1024;

/** What executes over a wire. */
export function execOn(wire: Wire): KubeExec {
  return {
    async exec(request) {
      const { namespace, pod, container, command } = request;
      const query = new URLSearchParams({
        container,
        stdout: 'true',
        stderr: 'true',
        stdin: String(request.stdin !== undefined),
      });
      for (const word of command) query.append('command', word);
      const source = `kubectl exec -n ${namespace} ${pod} -c ${container} -- ${command[0] ?? ''}`;
      const dialling = await wire.dialling(`/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`);
      return dialling.known ? executed(dialling.value, request, source) : dialling;
    },
  };
}

async function executed(
  { url, headers, agent }: Dialling,
  request: ExecRequest,
  source: string,
): Promise<Reading<Executed>> {
  // Loaded where something is executed: no other command should wait for it.
  const { WebSocket } = await import('ws');
  const { accept: _, ...known } = headers;
  // A signal tells its end once: whoever listens later would never hear of it.
  if (request.signal?.aborted) return unknown('failed', source, `${url.origin}: interrupted`);
  const limit = limitOf(request.timeoutMs, request.signal);
  const socket = new WebSocket(url, PROTOCOL, {
    headers: known,
    agent,
    perMessageDeflate: false,
    maxPayload: LONGEST_OUTPUT,
  });
  try {
    return await conversation(socket, request, { source, limit, server: url.origin });
  } finally {
    limit.release();
    socket.terminate();
  }
}

interface Circumstances {
  readonly source: string;
  readonly server: string;
  readonly limit: ReturnType<typeof limitOf>;
}

function conversation(
  socket: WebSocket,
  { stdin, timeoutMs }: ExecRequest,
  { source, server, limit }: Circumstances,
): Promise<Reading<Executed>> {
  return new Promise((resolve) => {
    const output = outputs();
    let opened = false;
    const failed = (why: string): void => {
      resolve(opened ? known(output.ended(why), source) : unknown('failed', source, `${server}: ${firstLine(why)}`));
    };
    limit.signal.addEventListener('abort', () =>
      failed(limit.passed() ? `no end in ${timeoutMs / 1000} s` : 'interrupted'),
    );
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      collect(response).then(
        (answer) => resolve(refusalOf(answer, source)),
        (error: NoAnswer) => failed(error.message),
      );
    });
    socket.on('open', () => {
      opened = true;
      if (stdin !== undefined) socket.send(framed(CHANNEL.stdin, stdin));
    });
    socket.on('message', (data: Buffer) => {
      if (output.take(data)) return;
      failed(`more than ${LONGEST_OUTPUT} octets of output`);
    });
    socket.on('error', (error) => failed(error.message));
    socket.on('close', (_code, reason) => failed(reason.toString('utf8') || 'the connection was cut'));
  });
}

function framed(channel: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
}

interface Outputs {
  /** False once it is too much. */
  take(message: Buffer): boolean;
  ended(why: string): Executed;
}

function outputs(): Outputs {
  const chunks: Record<number, Buffer[]> = { [CHANNEL.stdout]: [], [CHANNEL.stderr]: [], [CHANNEL.status]: [] };
  let bytes = 0;
  const textOf = (channel: number): string => Buffer.concat(chunks[channel] ?? []).toString('utf8');
  return {
    take(message) {
      bytes += message.length;
      chunks[message[0] ?? -1]?.push(message.subarray(1));
      return bytes <= LONGEST_OUTPUT;
    },
    ended(why) {
      const said = textOf(CHANNEL.status);
      const { exitCode, trouble } = said === '' ? { exitCode: undefined, trouble: firstLine(why) } : statusOf(said);
      return { exitCode, trouble, stdout: textOf(CHANNEL.stdout), stderr: textOf(CHANNEL.stderr) };
    },
  };
}

interface Status {
  readonly status?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/** The last message of the status channel: a Status of Kubernetes' own, whose cause ExitCode carries the number. */
function statusOf(text: string): Pick<Executed, 'exitCode' | 'trouble'> {
  try {
    const { status, message = '', details } = JSON.parse(text) as Status;
    if (status === 'Success') return { exitCode: 0, trouble: '' };
    const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
    return { exitCode: code === undefined ? undefined : Number(code), trouble: firstLine(message) };
  } catch {
    return { exitCode: undefined, trouble: firstLine(text) };
  }
}
