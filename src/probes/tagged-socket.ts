import { LITTLE_ENDIAN, type Libc, type Memory } from '../hosts/libc.ts';
import {
  attach,
  closeAside,
  LARGEST_FRAME,
  MSG_DONTWAIT,
  openUnbound,
  PACKET_OUTGOING,
  PACKET_TYPE_AT,
  type PacketSocketOptions,
  SOCKADDR_LL_BYTES,
  SOL_PACKET,
} from './packet-socket.ts';
import { rawSockets, refused } from './raw-sockets.ts';
import { readable } from './readiness.ts';

/** A frame with what the kernel knows of it beside its bytes. */
export interface TaggedFrame {
  /** Without the 802.1Q tag that `tag` holds. */
  readonly bytes: Uint8Array;
  /** The outermost tag that the kernel took off the frame, or is about to put on. */
  readonly tag?: { readonly protocol: number; readonly control: number };
  /** Sent by this machine out of the interface. */
  readonly outgoing: boolean;
  /** False where the transport checksum is left to hardware that the frame never reached. */
  readonly checksumReady: boolean;
}

/** A raw socket that tells tags and directions, and takes from the kernel only what its filter accepts. */
export interface TaggedSocket {
  /** Puts one whole Ethernet frame on the wire, its tag among its bytes. Throws a `ProbeError`. */
  send(frame: Uint8Array): void;
  /** Replaces the filter, in one step. */
  filter(program: Uint8Array): void;
  readonly descriptor: number;
  /** At most so many of the frames that have come in. Throws a `ProbeError`. */
  take(limit: number): readonly TaggedFrame[];
  /** Not while it is waited for. A second call does nothing. */
  close(): void;
}

// From linux/if_packet.h, asm-generic/socket.h.
const PACKET_AUXDATA = 8;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const STATUS_CHECKSUM_NOT_READY = 1 << 3;
const STATUS_VLAN_VALID = 1 << 4;
const STATUS_VLAN_PROTOCOL_VALID = 1 << 6;
const TAG_PROTOCOL_8021Q = 0x8100;
const AUXDATA_BYTES = 20;
const CONTROL_BYTES = 128;
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** struct sock_filter: code, two jumps, an operand. */
const INSTRUCTION_BYTES = 8;

function setOption(c: Libc, fd: number, level: number, name: number, value: Uint8Array): void {
  if (Number(c.setsockopt(fd, level, name, value, value.length)) < 0)
    throw refused(`setsockopt(${level}, ${name})`, c.errorName());
}

function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, LITTLE_ENDIAN);
  return bytes;
}

function setWord(c: Libc, memory: Memory, index: number, value: bigint): void {
  if (c.wordBytes === 8) memory.view.setBigUint64(index * 8, value, LITTLE_ENDIAN);
  else memory.view.setUint32(index * 4, Number(value), LITTLE_ENDIAN);
}

function wordAt(c: Libc, memory: Memory, at: number): number {
  if (c.wordBytes === 8) return Number(memory.view.getBigUint64(at, LITTLE_ENDIAN));
  return memory.view.getUint32(at, LITTLE_ENDIAN);
}

/** struct sock_fprog: a count and a pointer to the instructions. */
function attachFilter(c: Libc, fd: number, program: Uint8Array): void {
  const instructions = c.allocate(program.length);
  try {
    instructions.bytes.set(program);
    const head = new Uint8Array(2 * c.wordBytes);
    const view = new DataView(head.buffer);
    view.setUint16(0, program.length / INSTRUCTION_BYTES, LITTLE_ENDIAN);
    if (c.wordBytes === 8) view.setBigUint64(8, instructions.address, LITTLE_ENDIAN);
    else view.setUint32(4, Number(instructions.address), LITTLE_ENDIAN);
    setOption(c, fd, SOL_SOCKET, SO_ATTACH_FILTER, head);
  } finally {
    instructions.free();
  }
}

/** One struct msghdr with its name, iovec and control block, used for every call and every socket. */
interface Inbox {
  take(fd: number): TaggedFrame | undefined;
}

let shared: Inbox | undefined;

function inboxFor(c: Libc): Inbox {
  const word = c.wordBytes;
  const header = c.allocate(7 * word);
  const vector = c.allocate(2 * word);
  const name = c.allocate(SOCKADDR_LL_BYTES);
  const control = c.allocate(CONTROL_BYTES);
  const frame = c.allocate(LARGEST_FRAME);
  setWord(c, vector, 0, frame.address);
  setWord(c, vector, 1, BigInt(LARGEST_FRAME));

  function auxiliary(): number | undefined {
    const length = wordAt(c, control, 0);
    const isOurs =
      wordAt(c, header, 5 * word) >= word + 8 + AUXDATA_BYTES &&
      length >= word + 8 + AUXDATA_BYTES &&
      control.view.getInt32(word, LITTLE_ENDIAN) === SOL_PACKET &&
      control.view.getInt32(word + 4, LITTLE_ENDIAN) === PACKET_AUXDATA;
    return isOurs ? word + 8 : undefined;
  }

  /** struct tpacket_auxdata. */
  function told(bytes: Uint8Array, outgoing: boolean): TaggedFrame {
    const at = auxiliary();
    if (at === undefined) return { bytes, outgoing, checksumReady: true };
    const status = control.view.getUint32(at, LITTLE_ENDIAN);
    const checksumReady = (status & STATUS_CHECKSUM_NOT_READY) === 0;
    if ((status & STATUS_VLAN_VALID) === 0) return { bytes, outgoing, checksumReady };
    const isTold = (status & STATUS_VLAN_PROTOCOL_VALID) !== 0;
    const protocol = isTold ? control.view.getUint16(at + 18, LITTLE_ENDIAN) : TAG_PROTOCOL_8021Q;
    const tag = { protocol, control: control.view.getUint16(at + 16, LITTLE_ENDIAN) };
    return { bytes, tag, outgoing, checksumReady };
  }

  return {
    take(fd) {
      setWord(c, header, 0, name.address);
      header.view.setUint32(word, SOCKADDR_LL_BYTES, LITTLE_ENDIAN);
      setWord(c, header, 2, vector.address);
      setWord(c, header, 3, 1n);
      setWord(c, header, 4, control.address);
      setWord(c, header, 5, BigInt(CONTROL_BYTES));
      const received = Number(c.recvmsg(fd, header.address, MSG_DONTWAIT));
      if (received < 0) {
        const error = c.errorName();
        // ENETDOWN is told once when the interface goes down; what was queued before it still comes.
        if (error === 'EAGAIN' || error === 'EINTR' || error === 'ENETDOWN') return undefined;
        throw refused('recvmsg', error);
      }
      return told(frame.bytes.slice(0, received), name.bytes[PACKET_TYPE_AT] === PACKET_OUTGOING);
    },
  };
}

/**
 * Opens a raw socket on an interface of this network namespace that sees frames of both directions with their 802.1Q
 * tags. The kernel takes a tag off a frame before any socket sees it and tells it beside the frame (packet(7), PACKET_AUXDATA).
 * `program` is a classic BPF program; nothing comes in that it has not accepted.
 *
 * @throws ProbeError `denied` without CAP_NET_RAW, else `failed`, with the call and the errno's name.
 */
export async function openTaggedSocket(
  link: string,
  program: Uint8Array,
  options: PacketSocketOptions = {},
): Promise<TaggedSocket> {
  const c = await rawSockets();
  const fd = openUnbound(c);
  let open = true;
  function close(): void {
    if (open) closeAside(c, fd);
    open = false;
  }
  try {
    setOption(c, fd, SOL_PACKET, PACKET_AUXDATA, number32(1));
    // Needs CAP_NET_ADMIN, which whoever makes interfaces has; without it the system's own size must do.
    c.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, number32(RECEIVE_BUFFER), 4);
    attachFilter(c, fd, program);
    attach(c, fd, link, options);
  } catch (error) {
    close();
    throw error;
  }
  shared ??= inboxFor(c);
  const inbox = shared;
  return {
    send(frame) {
      if (Number(c.send(fd, frame, frame.length, 0)) < 0) throw refused(`send(${link})`, c.errorName());
    },
    filter: (replacement) => attachFilter(c, fd, replacement),
    descriptor: fd,
    take(limit) {
      const frames: TaggedFrame[] = [];
      while (frames.length < limit) {
        const frame = inbox.take(fd);
        if (!frame) break;
        frames.push(frame);
      }
      return frames;
    },
    close,
  };
}

/** Until one of them may have frames, or the time is over. */
export async function framesOf(sockets: readonly TaggedSocket[], timeoutMs: number): Promise<void> {
  const descriptors = sockets.map(({ descriptor }) => descriptor);
  await readable(await rawSockets(), descriptors, timeoutMs);
}
