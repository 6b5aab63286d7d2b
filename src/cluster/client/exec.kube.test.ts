import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { certificateAuthority } from '../../../lab/kube/certificates.ts';
import { type KubeConnection, openConnection } from './connection.ts';

/** A peer that speaks v4.channel.k8s.io; the real kubelet's is met in src/commands/dataplane.kube.test.ts. */
let peer: Server;
let client: KubeConnection;
let folder = '';
let meet: (socket: WebSocket) => void = () => undefined;
let status = 101;
const REFUSAL = '{"message":"pods is forbidden"}';
let asked: { readonly url: URL; readonly who: string } | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hayward-exec-'));
  const authority = await certificateAuthority(folder, 'exec');
  const [serving, own] = await Promise.all([
    authority.issue({ commonName: 'peer', names: ['127.0.0.1'] }),
    authority.issue({ commonName: 'operator' }),
  ]);
  const [ca, cert, key] = await Promise.all(
    [authority.certificate, serving.certificate, serving.key].map((path) => readFile(path)),
  );
  peer = createServer({ ca, cert, key, requestCert: true });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });
  peer.on('upgrade', (request, socket, head) => {
    const { subject } = (socket as import('node:tls').TLSSocket).getPeerCertificate();
    asked = { url: new URL(request.url ?? '', 'https://peer'), who: String(subject.CN) };
    if (status === 101) sockets.handleUpgrade(request, socket, head, (open) => meet(open));
    else socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`);
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  const { port } = peer.address() as AddressInfo;
  const opened = await openConnection({
    context: 'exec',
    user: 'operator',
    server: `https://127.0.0.1:${port}`,
    insecure: false,
    authority: { file: authority.certificate },
    certificate: { file: own.certificate },
    key: { file: own.key },
  });
  if (!opened.known) throw new Error(opened.detail);
  client = opened.value;
});

afterAll(async () => {
  client.close();
  peer.close();
  peer.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  status = 101;
  meet = () => undefined;
});

const REQUEST = { namespace: 'lab', pod: 'agent', container: 'ask', command: ['sh', '-c', 'a b'], timeoutMs: 60_000 };
const say = (socket: WebSocket, channel: number, text: string) =>
  socket.send(Buffer.from([channel, ...Buffer.from(text)]));

describe('a command in a container', () => {
  it('is asked for in its own words, by our certificate, and told by what it wrote and how it ended', async () => {
    meet = (socket) => {
      say(socket, 1, 'one ');
      say(socket, 2, 'trouble');
      say(socket, 1, 'two');
      const details = { causes: [{ reason: 'ExitCode', message: '3' }] };
      say(socket, 3, JSON.stringify({ status: 'Failure', message: 'command terminated', details }));
      socket.close();
    };
    expect(await client.exec(REQUEST)).toMatchObject({
      known: true,
      value: { stdout: 'one two', stderr: 'trouble', exitCode: 3, trouble: 'command terminated' },
    });
    expect(asked?.who).toBe('operator');
    expect(asked?.url.pathname).toBe('/api/v1/namespaces/lab/pods/agent/exec');
    expect(asked?.url.searchParams.getAll('command')).toEqual(['sh', '-c', 'a b']);
  });

  it('reads what it is given', async () => {
    meet = (socket) =>
      socket.on('message', (data: Buffer) => {
        say(socket, 1, `${data[0]}:${data.subarray(1)}`);
        say(socket, 3, '{"status":"Success"}');
        socket.close();
      });
    expect(await client.exec({ ...REQUEST, stdin: 'go\n' })).toMatchObject({
      value: { stdout: '0:go\n', exitCode: 0, trouble: '' },
    });
  });

  it('is known by what it wrote, where the connection is cut before it told how it ended', async () => {
    meet = (socket) => {
      say(socket, 1, 'half');
      socket.on('message', () => undefined);
      socket.close(1011, 'the runtime went away');
    };
    expect(await client.exec(REQUEST)).toMatchObject({
      value: { stdout: 'half', exitCode: undefined, trouble: 'the runtime went away' },
    });
  });

  it('is left where it does not end', async () => {
    meet = (socket) => say(socket, 1, 'still here');
    expect(await client.exec({ ...REQUEST, timeoutMs: 500 })).toMatchObject({
      value: { exitCode: undefined, trouble: 'no end in 0.5 s' },
    });
  });

  it('is left when the asker is interrupted', async () => {
    const interruption = new AbortController();
    meet = (socket) => socket.on('message', () => interruption.abort());
    expect(await client.exec({ ...REQUEST, stdin: 'go\n', signal: interruption.signal })).toMatchObject({
      value: { exitCode: undefined, trouble: 'interrupted' },
    });
  });

  it('is not begun once the asker was interrupted', async () => {
    expect(await client.exec({ ...REQUEST, signal: AbortSignal.abort() })).toMatchObject({
      known: false,
      reason: 'failed',
      detail: expect.stringContaining('interrupted'),
    });
  });

  it.each([
    [403, 'denied'],
    [404, 'absent'],
    [500, 'failed'],
  ])('that HTTP %i refuses is %s, with the server’s words', async (code, reason) => {
    status = code;
    expect(await client.exec(REQUEST)).toMatchObject({
      known: false,
      reason,
      detail: `HTTP ${code}: pods is forbidden`,
    });
  });
});
