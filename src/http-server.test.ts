import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { json, listening, plainText, type Route, serverOf } from './http-server.ts';

const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/healthz', open: true, answer: () => plainText('ok') },
  { method: 'GET', path: '/v1/findings', answer: () => json({ findings: [] }) },
  { method: 'POST', path: '/v1/pause', answer: (query) => json({ ms: query.get('ms') }) },
];

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function served(token?: string): Promise<string> {
  const server = serverOf(ROUTES, token);
  await listening(server, { host: '127.0.0.1', port: 0 });
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the guard’s server', () => {
  it('answers its routes, says what there is otherwise, and refuses other methods', async () => {
    const base = await served();
    expect(await (await fetch(`${base}/healthz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${base}/v1/findings?x=1`)).json()).toEqual({ findings: [] });
    expect(await (await fetch(`${base}/v1/pause?ms=5`, { method: 'POST', body: 'ignored' })).json()).toEqual({
      ms: '5',
    });
    const named = await (await fetch(`${base}/v1/pause?ms=%1b%5B2J%E2%80%AE`, { method: 'POST' })).text();
    expect(named).toBe('{"ms":"\\u001b[2J\\u202e"}\n');
    const nothing = await fetch(`${base}/etc/passwd`);
    expect([nothing.status, await nothing.text()]).toEqual([
      404,
      'there is nothing here; see /healthz, /v1/findings\n',
    ]);
    expect((await fetch(`${base}/v1/pause`)).status).toBe(405);
    const head = await fetch(`${base}/healthz`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '3', '']);
  });

  it('wants the token for all but the probes', async () => {
    const base = await served('secret');
    const findings = (authorization?: string) =>
      fetch(`${base}/v1/findings`, authorization === undefined ? {} : { headers: { authorization } });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await findings()).status).toBe(401);
    expect((await findings('Bearer secreT')).status).toBe(401);
    expect((await findings('Bearer secret and more')).status).toBe(401);
    expect((await findings('Bearer secret')).status).toBe(200);
  });

  it('outlives nonsense on the wire', async () => {
    const base = await served();
    const port = Number(new URL(base).port);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.end('GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n'));
      let text = '';
      socket.on('data', (data) => {
        text += data;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 40[04]/);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });
});
