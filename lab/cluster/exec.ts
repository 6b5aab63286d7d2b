import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import type { Socket } from 'node:net';
import { parse } from 'yaml';

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of v4.channel.k8s.io (k8s.io/apimachinery pkg/util/remotecommand): a message's first octet. */
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;

/**
 * Runs a command in a Pod of the namespace `default`, through the API server and the kubelet, independent of the product's client.
 * Throws where it is not carried out.
 */
export async function execIn(kubeconfig: string, pod: string, command: readonly string[]): Promise<ExecResult> {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true' });
  for (const word of command) query.append('command', word);
  const messages = await conversation(kubeconfig, `/api/v1/namespaces/default/pods/${pod}/exec?${query}`);
  const said = (channel: number): string =>
    Buffer.concat(messages.filter(([first]) => first === channel).map((message) => message.subarray(1))).toString();
  const status = said(STATUS);
  if (status === '') throw new Error(`exec in ${pod} was cut off: ${said(STDERR)}`);
  return { exitCode: exitCodeIn(status), stdout: said(STDOUT), stderr: said(STDERR) };
}

interface ExecStatus {
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason: string; readonly message: string }[] };
}

function exitCodeIn(text: string): number {
  const { status, message, details } = JSON.parse(text) as ExecStatus;
  if (status === 'Success') return 0;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code === undefined) throw new Error(message ?? text);
  return Number(code);
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string } & Record<string, string> }];
  readonly users: readonly [{ readonly user: Record<string, string> }];
}

/** All a WebSocket says until it is closed (RFC 6455). */
async function conversation(kubeconfig: string, path: string): Promise<readonly Buffer[]> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8')) as Kubeconfig;
  const { cluster } = clusters[0];
  const { user } = users[0];
  const pem = (base64 = ''): Buffer => Buffer.from(base64, 'base64');
  const asked = get(new URL(path, cluster.server), {
    agent: false,
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-protocol': 'v4.channel.k8s.io',
    },
  });
  const refused = once(asked, 'response').then(([response]: { statusCode?: number }[]) => {
    asked.destroy();
    throw new Error(`${path}: HTTP ${response?.statusCode}`);
  });
  const [, socket, head] = (await Promise.race([once(asked, 'upgrade'), refused])) as [unknown, Socket, Buffer];
  let received = head;
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (framesIn(received).closed) break;
  }
  socket.destroy();
  return framesIn(received).messages;
}

const BINARY = 2;
const CLOSE = 8;

/** A server's frames are not masked; the API server fragments none. */
function framesIn(bytes: Buffer): { readonly messages: readonly Buffer[]; readonly closed: boolean } {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length >= at + 2) {
    const opcode = bytes.readUInt8(at) & 0x0f;
    const { start, end } = payloadAt(bytes, at);
    if (bytes.length < end) break;
    if (opcode === CLOSE) return { messages, closed: true };
    if (opcode === BINARY) messages.push(bytes.subarray(start, end));
    at = end;
  }
  return { messages, closed: false };
}

function payloadAt(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const length = bytes.readUInt8(at + 1) & 0x7f;
  const start = at + 2 + ({ 126: 2, 127: 8 }[length] ?? 0);
  if (bytes.length < start) return { start, end: Number.POSITIVE_INFINITY };
  if (length === 126) return { start, end: start + bytes.readUInt16BE(at + 2) };
  if (length === 127) return { start, end: start + Number(bytes.readBigUInt64BE(at + 2)) };
  return { start, end: start + length };
}
