import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** What is echoed begins with it: two that echo would answer each other for ever. */
export const MARK = Buffer.from('hayward ');

/** Answers with what it is sent, over TCP and UDP, on every address of both families. Rejects where it cannot listen. */
export async function echo(port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // Whoever asks may be gone at any time.
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    socket.pipe(socket);
  });
  server.listen(port);
  await once(server, 'listening');
  const six = createSocket({ type: 'udp6', ipv6Only: true });
  const four = createSocket('udp4');
  // A kernel without IPv6 has no such socket.
  await bound(six, port).catch(() => six.close());
  await bound(four, port);
}

async function bound(socket: Socket, port: number): Promise<void> {
  socket.on('message', (message, { address, port: back }) => {
    if (message.subarray(0, MARK.length).equals(MARK)) socket.send(message, back, address, () => undefined);
  });
  socket.bind(port);
  await once(socket, 'listening');
  socket.on('error', () => undefined);
}
