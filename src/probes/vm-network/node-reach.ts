import { networkInterfaces } from 'node:os';
import { LITTLE_ENDIAN } from '../../hosts/libc.ts';
import { IP_PROTOCOL, parseIpv4 } from '../frames.ts';
import { gathered } from '../gather.ts';
import { addressBytes } from '../octets.ts';
import { MSG_DONTWAIT } from '../packet-socket.ts';
import { rawSockets, refused } from '../raw-sockets.ts';
import { readable } from '../readiness.ts';
import { buildIcmpEcho, parseIcmpEcho } from '../transport.ts';
import type { NodeReach } from './outcome.ts';

const AF_INET = 2;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const SOCKADDR_IN_BYTES = 16;
const NO_ROUTE: readonly string[] = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL'];
const TRIES = 3;
const EACH_MS = 300;

/**
 * Whether this network namespace has an IPv4 address to ask from. Among hundreds of interfaces that takes some 15 ms: one look serves
 * all who ask at the same time.
 */
export const hasAddress: () => Promise<boolean> = gathered<void, boolean>(Number.POSITIVE_INFINITY, (asked) => {
  const has = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family, internal }) => family === 'IPv4' && !internal),
  );
  return asked.map(() => has);
});

/** struct sockaddr_in, without a port. */
function socketAddress(address: string): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_IN_BYTES);
  new DataView(bytes.buffer).setUint16(0, AF_INET, LITTLE_ENDIAN);
  bytes.set(addressBytes(address), 4);
  return bytes;
}

/**
 * Pings an address from this network namespace's own stack, by its own routes: as Harvester's controller does from its
 * node.
 *
 * @throws ProbeError without CAP_NET_RAW
 */
export async function nodeReach(address: string): Promise<NodeReach> {
  const c = await rawSockets();
  const fd = Number(c.socket(AF_INET, SOCK_RAW_NONBLOCK_CLOEXEC, IP_PROTOCOL.icmp));
  if (fd < 0) throw refused('socket(AF_INET, SOCK_RAW)', c.errorName());
  const identifier = process.pid & 0xffff;
  const buffer = new Uint8Array(2048);

  function answered(): boolean {
    for (;;) {
      const length = Number(c.recv(fd, buffer, buffer.length, MSG_DONTWAIT));
      if (length < 0) return false;
      const packet = parseIpv4(buffer.subarray(0, length));
      const echo = packet && parseIcmpEcho(packet.payload);
      if (echo?.kind === 'reply' && echo.identifier === identifier && packet?.source === address) return true;
    }
  }

  try {
    const to = socketAddress(address);
    if (Number(c.connect(fd, to, to.length)) < 0) return NO_ROUTE.includes(c.errorName()) ? 'no-route' : 'no-answer';
    for (let sequence = 1; sequence <= TRIES; sequence += 1) {
      const request = buildIcmpEcho({ kind: 'request', identifier, sequence, payload: new Uint8Array(24) });
      c.send(fd, request, request.length, 0);
      const deadline = performance.now() + EACH_MS;
      while (performance.now() < deadline) {
        await readable(c, [fd], deadline - performance.now());
        if (answered()) return 'reaches';
      }
    }
    return 'no-answer';
  } finally {
    c.close(fd);
  }
}
