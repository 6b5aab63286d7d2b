import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, must } from './command.ts';
import { type Door, openDoor } from './door.ts';
import { freePort } from './free-port.ts';

const room = `hwt-${randomBytes(4).toString('hex')}-room`;
let server: Server;
let port: number;
let door: Door;

/** Sends a text to the door from inside the room, and prints what comes back until the other side ends. */
const ASK = `
const socket = require('node:net').connect(7000, '127.0.0.1');
socket.on('error', (error) => { process.stdout.write(error.code); });
socket.on('data', (chunk) => process.stdout.write(chunk));
socket.end('x'.repeat(Number(process.argv[1])));
`;
const ask = (length: number) =>
  must(['ip', 'netns', 'exec', room, process.execPath, '-e', ASK, String(length)], { timeoutMs: 60_000 });

beforeAll(async () => {
  await must(['ip', 'netns', 'add', room]);
  await must(['ip', '-n', room, 'link', 'set', 'lo', 'up']);
  // Answers when the other side has said all, as only a connection that can be ended by halves allows.
  server = createServer({ allowHalfOpen: true }, (peer) => {
    let length = 0;
    peer.on('data', (chunk) => {
      length += chunk.length;
    });
    peer.on('end', () => peer.end(`heard ${length}`));
  });
  port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  door = await openDoor({ namespace: room, address: '127.0.0.1', port: 7000 }, { address: '127.0.0.1', port });
});

afterAll(async () => {
  await door.close();
  server.close();
  await must(['ip', 'netns', 'del', room]);
});

describe('a door between network namespaces', () => {
  it('passes on all that is said, and the end of it', async () => {
    expect(await Promise.all([ask(5), ask(3_000_000)])).toEqual(['heard 5', 'heard 3000000']);
  });

  it('says which side cannot be listened on', async () => {
    const again = openDoor({ namespace: room, address: '127.0.0.1', port: 7000 }, { address: '127.0.0.1', port });
    await expect(again).rejects.toThrow('EADDRINUSE');
    await expect(
      openDoor({ namespace: `${room}-not`, address: '127.0.0.1', port: 1 }, { address: '127.0.0.1', port }),
    ).rejects.toThrow('No such file');
  });

  it('ends a connection when nobody is behind it, and refuses when it is closed', async () => {
    const empty = await freePort();
    const other = { namespace: room, address: '127.0.0.1', port: 7001 };
    const blind = await openDoor(other, { address: '127.0.0.1', port: empty });
    const dial = (to: number) => ['ip', 'netns', 'exec', room, 'bash', '-c', `read -r < /dev/tcp/127.0.0.1/${to}`];
    expect((await command(dial(7001), { timeoutMs: 60_000 })).stderr).not.toContain('refused');
    await blind.close();
    expect((await command(dial(7001), { timeoutMs: 60_000 })).stderr).toContain('refused');
  });
});
