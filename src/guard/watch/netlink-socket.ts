import { getSystemErrorName } from 'node:util';
import { LITTLE_ENDIAN, type Libc, libc } from '../../hosts/libc.ts';
import { type Message, messagesIn } from './netlink-messages.ts';

// bits/socket.h, asm-generic/socket.h, linux/netlink.h and rtnetlink.h; the same on every architecture Node 20 runs on.
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const SOCKADDR_NL_BYTES = 12;
/** Held by the kernel while nobody drains: some thousand link messages. */
const QUEUE_BYTES = 4 << 20;
/** A link with 128 virtual functions takes some 40 kB. */
const DATAGRAM_BYTES = 256 << 10;

/** An errno's name, `EIO` for 0 where an answer was not what it should be. */
export function errnoName(errno: number): string {
  return errno === 0 ? 'EIO' : getSystemErrorName(-errno);
}

/** A non-blocking netlink socket of the namespace in which it was opened. */
export interface RouteSocket {
  /**
   * The messages of the next datagram, whose bytes are valid until the next call; `nothing` when there is none;
   * `lost` when the kernel could not keep some, or one cannot be read.
   */
  receive(): readonly Message[] | 'nothing' | 'lost';
  /** The errno's name where the kernel did not take it. */
  send(request: Uint8Array): string | undefined;
  close(): void;
}

export type OpenRouteSocket = (groups: number) => RouteSocket | string;

/** Loads what sockets need; then each call opens one, or tells the errno's name. Throws where koffi does not load. */
export async function routeSockets(): Promise<OpenRouteSocket> {
  const c = await libc();
  return (groups) => opened(c, groups);
}

function opened(c: Libc, groups: number): RouteSocket | string {
  const fd = Number(c.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (fd < 0) return errnoName(c.errno());
  const address = new Uint8Array(SOCKADDR_NL_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
  view.setUint32(8, groups, LITTLE_ENDIAN);
  if (Number(c.bind(fd, address, SOCKADDR_NL_BYTES)) < 0) {
    const name = errnoName(c.errno());
    c.close(fd);
    return name;
  }
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, QUEUE_BYTES, LITTLE_ENDIAN);
  // Refused without CAP_NET_ADMIN: then the queue is shorter, and overflows are told all the same.
  c.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length);
  return socketOn(c, fd);
}

function socketOn(c: Libc, fd: number): RouteSocket {
  const buffer = new Uint8Array(DATAGRAM_BYTES);
  const from = new Uint8Array(SOCKADDR_NL_BYTES);
  const fromView = new DataView(from.buffer);
  const fromLength = new Uint8Array(4);
  const lengthView = new DataView(fromLength.buffer);
  return {
    receive() {
      lengthView.setUint32(0, SOCKADDR_NL_BYTES, LITTLE_ENDIAN);
      const length = Number(c.recvfrom(fd, buffer, buffer.length, MSG_DONTWAIT | MSG_TRUNC, from, fromLength));
      if (length < 0) {
        const name = errnoName(c.errno());
        return name === 'EAGAIN' || name === 'EINTR' ? 'nothing' : 'lost';
      }
      // Root may send here, too; only the kernel's port is 0.
      if (fromView.getUint32(4, LITTLE_ENDIAN) !== 0) return [];
      return (length <= buffer.length && messagesIn(buffer.subarray(0, length))) || 'lost';
    },
    send: (request) => (Number(c.send(fd, request, request.length, 0)) < 0 ? errnoName(c.errno()) : undefined),
    close: () => void c.close(fd),
  };
}
