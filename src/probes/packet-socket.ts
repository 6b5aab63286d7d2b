import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { ProbeError } from './probe-error.ts';

/** A raw Ethernet socket on one interface of the network namespace this process is in. */
export interface PacketSocket {
  /** Puts one whole Ethernet frame on the wire. Throws a `ProbeError`. */
  send(frame: Uint8Array): void;
  /** Frames that came in since the last call; waits up to `timeoutMs` for the first and is empty when none came. */
  receive(timeoutMs: number): Promise<readonly Uint8Array[]>;
  /** Not while a `receive` is under way. A second call does nothing. */
  close(): void;
}

export interface PacketSocketOptions {
  /** Also see frames to other stations (PACKET_MR_PROMISC; the kernel takes it back when the socket closes). */
  readonly promiscuous?: boolean;
}

type Foreign = (...args: unknown[]) => number | bigint;
type ForeignAsync = Foreign & { readonly async: (...args: unknown[]) => void };

interface Libc {
  readonly socket: Foreign;
  readonly bind: Foreign;
  readonly setsockopt: Foreign;
  readonly send: Foreign;
  readonly recvfrom: Foreign;
  readonly poll: ForeignAsync;
  readonly close: Foreign;
  readonly indexOf: Foreign;
  /** The last call's errno by name, e.g. EPERM. */
  errorName(): string;
}

// From linux/if_packet.h, linux/if_ether.h and bits/socket.h; the same on every architecture Node 20 runs on.
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_MR_PROMISC = 1;
const ETH_P_ALL = 3;
const PACKET_OUTGOING = 4;
const POLLIN = 1;
const MSG_DONTWAIT = 0x40;
const SOCKADDR_LL_BYTES = 20;
const PACKET_TYPE_AT = 10;
/** The kernel's largest frame: IPv4's 65535 bytes and the Ethernet header, rounded up. */
const LARGEST_FRAME = 65_536 + 64;

const LITTLE_ENDIAN = endianness() === 'LE';

let loading: Promise<Libc> | undefined;

/** Loaded on first use: most commands send no packet, and the foreign-function library costs start-up time. */
function libc(): Promise<Libc> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Libc> {
  try {
    const { default: koffi } = await import('koffi');
    const lib = koffi.load(null);
    return {
      socket: lib.func('int socket(int, int, int)'),
      bind: lib.func('int bind(int, const uint8_t *, uint32_t)'),
      setsockopt: lib.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
      send: lib.func('intptr_t send(int, const uint8_t *, size_t, int)'),
      recvfrom: lib.func('intptr_t recvfrom(int, uint8_t *, size_t, int, uint8_t *, uint8_t *)'),
      poll: lib.func('int poll(uint8_t *, unsigned long, int)'),
      close: lib.func('int close(int)'),
      indexOf: lib.func('uint32_t if_nametoindex(const char *)'),
      errorName: () => getSystemErrorName(-koffi.errno()),
    };
  } catch (cause) {
    throw new ProbeError('failed', 'raw sockets cannot be used: the library koffi does not load here', { cause });
  }
}

/** The kernel's refusal as a probe's reason: no CAP_NET_RAW is `denied`, the rest `failed`. */
function refused(call: string, name: string): ProbeError {
  const denied = name === 'EPERM' || name === 'EACCES';
  return new ProbeError(denied ? 'denied' : 'failed', `${call}: ${name}${denied ? ' (needs CAP_NET_RAW)' : ''}`);
}

function openUnbound(c: Libc): number {
  // Protocol 0: nothing is received before the socket is bound to its one interface.
  const fd = Number(c.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) throw refused('socket(AF_PACKET)', c.errorName());
  return fd;
}

/** Throws the `ProbeError` that opening a raw socket would, before anything was set up for one. */
export async function assertRawSockets(): Promise<void> {
  const c = await libc();
  c.close(openUnbound(c));
}

/** struct sockaddr_ll: family, protocol (network order), interface index. */
function addressOf(index: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_LL_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_PACKET, LITTLE_ENDIAN);
  view.setUint16(2, ETH_P_ALL);
  view.setInt32(4, index, LITTLE_ENDIAN);
  return bytes;
}

/** struct packet_mreq: interface index, type; the address is not looked at. */
function promiscuousRequest(index: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, index, LITTLE_ENDIAN);
  view.setUint16(4, PACKET_MR_PROMISC, LITTLE_ENDIAN);
  return bytes;
}

function attach(c: Libc, fd: number, link: string, options: PacketSocketOptions): void {
  const index = Number(c.indexOf(link));
  if (index === 0) throw refused(`if_nametoindex(${link})`, c.errorName());
  if (Number(c.bind(fd, addressOf(index), SOCKADDR_LL_BYTES)) < 0) throw refused(`bind(${link})`, c.errorName());
  if (!options.promiscuous) return;
  const request = promiscuousRequest(index);
  if (Number(c.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, request.length)) < 0)
    throw refused(`setsockopt(${link}, PACKET_MR_PROMISC)`, c.errorName());
}

/** One frame, `outgoing` for one that this machine sent out there, nothing when the queue is empty. */
function receiveOne(c: Libc, fd: number, buffer: Uint8Array): Uint8Array | 'outgoing' | undefined {
  const from = new Uint8Array(SOCKADDR_LL_BYTES);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, SOCKADDR_LL_BYTES, LITTLE_ENDIAN);
  const received = Number(c.recvfrom(fd, buffer, buffer.length, MSG_DONTWAIT, from, length));
  if (received < 0) {
    const name = c.errorName();
    // ENETDOWN is told once when the interface goes down; what was queued before it still comes.
    if (name === 'EAGAIN' || name === 'EINTR' || name === 'ENETDOWN') return undefined;
    throw refused('recvfrom', name);
  }
  return from[PACKET_TYPE_AT] === PACKET_OUTGOING ? 'outgoing' : buffer.slice(0, received);
}

/** Waits on one of libuv's threads, so that the event loop runs on. */
function readable(c: Libc, fd: number, timeoutMs: number): Promise<void> {
  const request = new Uint8Array(8);
  const view = new DataView(request.buffer);
  view.setInt32(0, fd, LITTLE_ENDIAN);
  view.setInt16(4, POLLIN, LITTLE_ENDIAN);
  return new Promise((resolve, reject) => {
    c.poll.async(request, 1, Math.max(0, Math.ceil(timeoutMs)), (error: unknown) => {
      // `request` must live until the kernel has answered into it.
      if (error || request.length === 0) reject(error);
      else resolve();
    });
  });
}

/**
 * Opens a raw socket on an interface of this network namespace. Sees what arrives there, not what leaves.
 *
 * @throws ProbeError `denied` without CAP_NET_RAW, else `failed`, with the call and the errno's name.
 */
export async function openPacketSocket(link: string, options: PacketSocketOptions = {}): Promise<PacketSocket> {
  const c = await libc();
  const fd = openUnbound(c);
  let open = true;
  function close(): void {
    if (open) c.close(fd);
    open = false;
  }
  try {
    attach(c, fd, link, options);
  } catch (error) {
    close();
    throw error;
  }
  return {
    send(frame) {
      if (Number(c.send(fd, frame, frame.length, 0)) < 0) throw refused(`send(${link})`, c.errorName());
    },
    async receive(timeoutMs) {
      await readable(c, fd, timeoutMs);
      const buffer = new Uint8Array(LARGEST_FRAME);
      const frames: Uint8Array[] = [];
      for (let frame = receiveOne(c, fd, buffer); frame !== undefined; frame = receiveOne(c, fd, buffer))
        if (frame !== 'outgoing') frames.push(frame);
      return frames;
    },
    close,
  };
}
