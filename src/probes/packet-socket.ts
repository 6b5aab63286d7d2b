import { LITTLE_ENDIAN, type Libc } from '../hosts/libc.ts';
import { rawSockets, refused } from './raw-sockets.ts';
import { readable } from './readiness.ts';

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

// From linux/if_packet.h, linux/if_ether.h and bits/socket.h; the same on every architecture Node 20 runs on.
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
export const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_MR_PROMISC = 1;
const ETH_P_ALL = 3;
export const PACKET_OUTGOING = 4;
export const MSG_DONTWAIT = 0x40;
export const SOCKADDR_LL_BYTES = 20;
export const PACKET_TYPE_AT = 10;
/** The kernel's largest frame: IPv4's 65535 bytes and the Ethernet header, rounded up. */
export const LARGEST_FRAME = 65_536 + 64;

/** A raw socket that receives nothing yet. Throws a `ProbeError`. */
export function openUnbound(c: Libc): number {
  // Protocol 0: nothing is received before the socket is bound to its one interface.
  const fd = Number(c.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) throw refused('socket(AF_PACKET)', c.errorName());
  return fd;
}

const closing: number[] = [];
/** Of libuv's four threads one waits for frames, and one is left to others. */
const CLOSERS = 2;
let closers = 0;

/**
 * Closes a packet socket on another thread: the kernel waits for a grace period meanwhile (net/packet/af_packet.c,
 * packet_release), some 15 ms each.
 */
export function closeAside(c: Libc, fd: number): void {
  closing.push(fd);
  if (closers === CLOSERS) return;
  closers += 1;
  closeNext(c);
}

function closeNext(c: Libc): void {
  const fd = closing.shift();
  if (fd === undefined) closers -= 1;
  else c.close.async(fd, () => closeNext(c));
}

let mayOpen = false;

/** Throws the `ProbeError` that opening a raw socket would, before anything was set up for one. */
export async function assertRawSockets(): Promise<void> {
  if (mayOpen) return;
  const c = await rawSockets();
  closeAside(c, openUnbound(c));
  mayOpen = true;
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

/** From here on it receives what the interface does. Throws a `ProbeError`. */
export function attach(c: Libc, fd: number, link: string, options: PacketSocketOptions): void {
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

/**
 * Opens a raw socket on an interface of this network namespace. Sees what arrives there, not what leaves.
 *
 * @throws ProbeError `denied` without CAP_NET_RAW, else `failed`, with the call and the errno's name.
 */
export async function openPacketSocket(link: string, options: PacketSocketOptions = {}): Promise<PacketSocket> {
  const c = await rawSockets();
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
      await readable(c, [fd], timeoutMs);
      const buffer = new Uint8Array(LARGEST_FRAME);
      const frames: Uint8Array[] = [];
      for (let frame = receiveOne(c, fd, buffer); frame !== undefined; frame = receiveOne(c, fd, buffer))
        if (frame !== 'outgoing') frames.push(frame);
      return frames;
    },
    close,
  };
}
