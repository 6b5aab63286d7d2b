import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type handleUnaryCall, Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CriServer, startCriServer } from '../../../test/cri-server.ts';
import { type CriClient, type CriOptions, connectCri, socketPath } from './client.ts';
import { CRI_SCHEMA, CRI_SERVICE } from './schema.ts';

let server: CriServer;
const open: CriClient[] = [];
beforeEach(async () => {
  server = await startCriServer();
});
afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await server.close();
});

async function client(options: CriOptions = {}, socket = server.socket): Promise<CriClient> {
  const opened = await connectCri(socket, options);
  if (!opened.known) throw new Error(opened.detail);
  open.push(opened.value);
  return opened.value;
}

describe('a runtime that answers', () => {
  it('lists its sandboxes, in its own order, with 64-bit times unharmed', async () => {
    server.sandboxes.set('b', { id: 'b', name: 'web-0', createdAtMs: 1_763_700_000_123, ips: ['10.52.0.7'] });
    server.sandboxes.set('a', { id: 'a', ready: false });
    const listed = await (await client()).sandboxes();
    expect(listed).toMatchObject({
      known: true,
      source: `ListPodSandbox at ${server.socket}`,
      value: [
        {
          id: 'b',
          state: 'SANDBOX_READY',
          createdAt: '1763700000123000000',
          metadata: { name: 'web-0', uid: 'uid-of-web-0', namespace: 'default', attempt: 0 },
        },
        { id: 'a', state: 'SANDBOX_NOTREADY' },
      ],
    });
  });

  it('tells the network of one, and of none that it does not know', async () => {
    server.sandboxes.set('a', { id: 'a', ips: ['10.52.0.7', 'fd00::7'], hostNetwork: true });
    const cri = await client();
    expect(await cri.status('a')).toMatchObject({
      known: true,
      value: {
        status: {
          network: { ip: '10.52.0.7', additionalIps: [{ ip: 'fd00::7' }] },
          linux: { namespaces: { options: { network: 'NODE' } } },
        },
      },
    });
    expect(await cri.status('b')).toMatchObject({ known: false, reason: 'absent' });
  });

  it('starts, stops and forgets', async () => {
    const cri = await client();
    const id = await cri.run({ metadata: { name: 'web-0', uid: 'u', namespace: 'default', attempt: 1 } });
    await cri.stop(id);
    expect(await cri.sandboxes()).toMatchObject({ value: [{ id, state: 'SANDBOX_NOTREADY' }] });
    await cri.remove(id);
    expect(await cri.sandboxes()).toMatchObject({ value: [] });
    expect(server.calls.filter((call) => !call.startsWith('List'))).toEqual([
      'RunPodSandbox',
      `StopPodSandbox ${id}`,
      `RemovePodSandbox ${id}`,
    ]);
  });

  it('is found by a path as crictl writes it', async () => {
    expect(await (await client({}, `unix://${server.socket}`)).version()).toMatchObject({
      known: true,
      value: { runtimeName: 'scripted' },
    });
    expect(socketPath('unix:/run/a.sock')).toBe('/run/a.sock');
    expect(socketPath('/run/unix:///a.sock')).toBe('/run/unix:///a.sock');
  });
});

describe('a runtime that does not', () => {
  it.each([
    ['PERMISSION_DENIED', 'denied'],
    ['UNAUTHENTICATED', 'denied'],
    ['UNAVAILABLE', 'failed'],
    ['INTERNAL', 'failed'],
    ['RESOURCE_EXHAUSTED', 'failed'],
  ] as const)('%s is %s, in its own words made harmless', async (code, reason) => {
    server.script({ fail: () => ({ code, words: 'no \u001b[31mluck\nat all' }) });
    const listed = await (await client()).sandboxes();
    expect(listed).toMatchObject({ known: false, reason });
    expect(listed).toMatchObject({ detail: `ListPodSandbox at ${server.socket}: no \\x1b[31mluck (${code})` });
  });

  it('has what it refused to do thrown, with its word as the code', async () => {
    server.script({ fail: () => ({ code: 'INTERNAL', words: 'DEL failed' }) });
    await expect((await client()).stop('a')).rejects.toMatchObject({
      name: 'HostError',
      code: 'INTERNAL',
      message: `StopPodSandbox at ${server.socket}: DEL failed (INTERNAL)`,
    });
  });

  it('is waited for no longer than was said, and until the caller gives up', async () => {
    const never = new Promise<void>(() => undefined);
    server.script({ before: () => never });
    const listed = await (await client({ timeoutMs: 50 })).sandboxes();
    expect(listed).toMatchObject({
      known: false,
      reason: 'failed',
      detail: expect.stringMatching(/DEADLINE_EXCEEDED/),
    });
    const caller = new AbortController();
    const asked = (await client({ signal: caller.signal })).sandboxes();
    caller.abort();
    expect(await asked).toMatchObject({ known: false, detail: expect.stringMatching(/CANCELLED/) });
  });
});

describe('a socket', () => {
  let folder = '';
  let silent: NetServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hayward-cri-test-'));
    silent = createServer(() => undefined).listen(join(folder, 'silent.sock'));
  });
  afterAll(async () => {
    silent.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('that is not there is absent', async () => {
    const path = join(folder, 'none.sock');
    expect(await connectCri(path)).toEqual({
      known: false,
      reason: 'absent',
      source: path,
      detail: `${path}: No such file or directory`,
    });
  });

  it('that nobody listens at, or that is none, is a failure and not an empty list', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    expect(await connectCri(path)).toMatchObject({ reason: 'failed', detail: expect.stringMatching(/nobody listens/) });
  });

  it('with somebody behind it who says nothing is a failure', async () => {
    const listed = await (await client({ timeoutMs: 50 }, join(folder, 'silent.sock'))).sandboxes();
    expect(listed).toMatchObject({ known: false, reason: 'failed' });
  });
});

describe('an answer', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** A server that answers a list with these bytes; without them it knows no such service. */
  async function sending(list?: () => Uint8Array): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'hayward-cri-test-'));
    const socket = join(folder, 'cri.sock');
    const grpc = new Server({ 'grpc.max_send_message_length': -1 });
    if (list) {
      const service = fromJSON(CRI_SCHEMA as Parameters<typeof fromJSON>[0])[CRI_SERVICE] as ServiceDefinition;
      const { ListPodSandbox } = service;
      if (!ListPodSandbox) throw new TypeError('no such method');
      const raw = { ...ListPodSandbox, responseSerialize: () => Buffer.from(list()) };
      const handler: handleUnaryCall<object, object> = (_, respond) => respond(null, {});
      grpc.addService({ ListPodSandbox: raw }, { ListPodSandbox: handler });
    }
    await new Promise<void>((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      grpc.bindAsync(`unix:${socket}`, credentials, (error) => (error ? reject(error) : resolve()));
    });
    stops.push(async () => {
      grpc.forceShutdown();
      await rm(folder, { recursive: true, force: true });
    });
    return socket;
  }

  it('of arbitrary bytes is a reading, never a crash', async () => {
    let bytes: Uint8Array = new Uint8Array();
    const liar = await sending(() => bytes);
    const cri = await client({}, liar);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (arbitrary) => {
        bytes = arbitrary;
        const listed = await cri.sandboxes();
        if (listed.known) expect(Array.isArray(listed.value)).toBe(true);
        else expect(listed.reason).toBe('failed');
      }),
      { numRuns: 200 },
    );
  });

  it('larger than any node has reason for is a failure', async () => {
    const liar = await sending(() => new Uint8Array(64 * 1024 * 1024 + 1));
    const listed = await (await client({}, liar)).sandboxes();
    expect(listed).toMatchObject({ reason: 'failed', detail: expect.stringMatching(/RESOURCE_EXHAUSTED/) });
  });

  it('of a runtime too old for this version says so', async () => {
    const old = await sending();
    const listed = await (await client({}, old)).sandboxes();
    expect(listed).toMatchObject({
      reason: 'failed',
      detail: `ListPodSandbox at ${old}: the runtime speaks no CRI v1 (UNIMPLEMENTED)`,
    });
  });
});
