import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Http2Server, constants as http2, type ServerHttp2Stream } from 'node:http2';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Channel, openChannel } from './call.ts';

/** What a well-behaved server of gRPC does is in client.test.ts, against grpc-js. Here is what else may be behind a socket. */

let folder: string;
let socket: string;
let channel: Channel;
const closing: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hayward-call-'));
  socket = join(folder, 'cri.sock');
  channel = openChannel(socket);
});
afterEach(async () => {
  channel.close();
  for (const close of closing.splice(0)) await close();
  await rm(folder, { recursive: true });
});

async function answering(answer: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void) {
  const server: Http2Server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    answer(stream, headers);
  });
  server.on('session', (session) => {
    closing.push(() => session.destroy());
  });
  closing.push(() => server.close());
  server.listen(socket);
  await once(server, 'listening');
}

const ask = (timeoutMs = 10_000) => channel.call<{ version: string }>('Version', {}, timeoutMs);
const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
/** VersionResponse { version: "1" } behind gRPC's header. */
const ONE = [0, 0, 0, 0, 3, 0x0a, 1, 0x31];

/** Headers, these bytes in pieces of one, and a status. */
function send(stream: ServerHttp2Stream, bytes: readonly number[], trailers: Record<string, string>): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  for (const byte of bytes) stream.write(Buffer.from([byte]));
  stream.end();
}

it('is asked as gRPC wants it, and answered in pieces', async () => {
  let asked: Record<string, unknown> = {};
  await answering((stream, headers) => {
    asked = headers;
    send(stream, ONE, { 'grpc-status': '0' });
  });
  expect(await ask(2_000)).toMatchObject({ ok: true, value: { version: '1', runtimeName: '' } });
  expect(asked).toMatchObject({
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'localhost',
    ':path': '/runtime.v1.RuntimeService/Version',
    'content-type': 'application/grpc',
    'grpc-timeout': '2000m',
    te: 'trailers',
  });
});

describe('an answer', () => {
  it.each([
    ['without a message', []],
    ['cut short', ONE.slice(0, -1)],
    ['with more than its message', [...ONE, 0]],
    ['that is compressed', [1, ...ONE.slice(1)]],
    ['whose message is none', [0, 0, 0, 0, 1, 0xff]],
  ])('%s is a failure', async (_what, bytes) => {
    await answering((stream) => send(stream, bytes, { 'grpc-status': '0' }));
    expect(await ask()).toMatchObject({ ok: false, code: 'INTERNAL' });
  });

  it.each([
    ['5', 'sandbox %22a%22: %E6%B2%A1%E6%9C%89', 'NOT_FOUND', 'sandbox "a": 没有'],
    ['13', '100% wrong', 'INTERNAL', '100% wrong'],
    ['99', 'of a later time', 'UNKNOWN', 'of a later time'],
    ['none', '', 'UNKNOWN', ''],
  ])('of status %s says %s', async (status, message, code, words) => {
    await answering((stream) => send(stream, [], { 'grpc-status': status, 'grpc-message': message }));
    expect(await ask()).toEqual({ ok: false, code, words });
  });

  it('that is a status alone comes in the headers', async () => {
    await answering((stream) => stream.respond({ ...GRPC, 'grpc-status': '7' }, { endStream: true }));
    expect(await ask()).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('of something that is not gRPC is told by its HTTP status', async () => {
    await answering((stream) => stream.respond({ ':status': 503 }, { endStream: true }));
    expect(await ask()).toEqual({ ok: false, code: 'UNAVAILABLE', words: 'HTTP status 503' });
  });

  it('that ends without a status is none, whatever it holds', async () => {
    await answering((stream) => {
      stream.respond(GRPC);
      stream.end(Buffer.from(ONE));
    });
    expect(await ask()).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
  });
});

describe('a connection', () => {
  it.each([
    [http2.NGHTTP2_REFUSED_STREAM, 'UNAVAILABLE'],
    [http2.NGHTTP2_ENHANCE_YOUR_CALM, 'RESOURCE_EXHAUSTED'],
    [http2.NGHTTP2_CANCEL, 'CANCELLED'],
    [http2.NGHTTP2_INTERNAL_ERROR, 'UNAVAILABLE'],
  ])('whose call is reset with %i fails as %s', async (reset, code) => {
    await answering((stream) => stream.close(reset));
    expect(await ask()).toMatchObject({ ok: false, code });
  });

  it('that breaks in mid-answer fails, and the next call makes another', async () => {
    let calls = 0;
    await answering((stream) => {
      calls += 1;
      if (calls > 1) return send(stream, ONE, { 'grpc-status': '0' });
      stream.respond(GRPC);
      stream.write(Buffer.from(ONE), () => stream.session?.destroy());
    });
    expect(await ask()).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
    expect(await ask()).toMatchObject({ ok: true });
  });

  it('to somebody who speaks no HTTP/2 fails', async () => {
    const server = createNetServer((peer) => peer.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(socket);
    closing.push(() => server.close());
    await once(server, 'listening');
    expect(await ask()).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
  });

  it('to nobody fails', async () => {
    expect(await ask()).toMatchObject({ ok: false, code: 'UNAVAILABLE', words: expect.stringMatching(/ENOENT/) });
  });

  it('that is closed while a call waits ends the call', async () => {
    await answering(() => channel.close());
    expect(await ask()).toMatchObject({ ok: false });
  });
});

it('gives up at once when the caller had given up before', async () => {
  channel = openChannel(socket, AbortSignal.abort());
  expect(await ask()).toEqual({ ok: false, code: 'CANCELLED', words: 'the caller gave up' });
});
