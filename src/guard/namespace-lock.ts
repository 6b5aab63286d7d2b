import { LITTLE_ENDIAN, type Libc, libc } from '../hosts/libc.ts';

/** Whether this is the one guard of its network namespace. */
export type NamespaceLock =
  | { readonly held: true; release(): void }
  /** Another guard has it. `pid` is 0 where this process cannot see it, in another container. */
  | { readonly held: false; readonly pid: number }
  /** It cannot be told; `why` is for people. */
  | { readonly held: 'unknown'; readonly why: string };

// From bits/socket.h and asm-generic/socket.h; the same on every architecture Node 20 runs on.
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const NAME = 'hayward-guard';

/**
 * Takes the lock of the network namespace this process is in, whichever state directory it has: settings and pins belong
 * to the namespace. It is an abstract unix socket (unix(7)), whose name belongs to the namespace and goes with the
 * process, however that ends. Anybody may bind that name, e.g. in a Pod on the host's network: it counts only where root or
 * this user has bound it, which the kernel tells (SO_PEERCRED: who called listen(2)).
 *
 * @param name of the socket; tests have their own.
 */
export async function takeNamespaceLock(name = NAME): Promise<NamespaceLock> {
  let c: Libc;
  try {
    c = await libc();
  } catch {
    return { held: 'unknown', why: 'the library koffi does not load here' };
  }
  const address = addressOf(name);
  const socket = open(c);
  if (socket < 0) return { held: 'unknown', why: `socket(AF_UNIX): ${c.errorName()}` };
  const bound = Number(c.bind(socket, address, address.length)) === 0;
  if (bound && Number(c.listen(socket, 1)) === 0) return { held: true, release: () => void c.close(socket) };
  const code = c.errorName();
  c.close(socket);
  return !bound && code === 'EADDRINUSE' ? holderOf(c, address) : { held: 'unknown', why: `bind(@${name}): ${code}` };
}

/** Who listens there. A queue that is full of others who asked does not tell; no guard answers them. */
function holderOf(c: Libc, address: Uint8Array): NamespaceLock {
  const socket = open(c);
  try {
    if (socket < 0 || Number(c.connect(socket, address, address.length)) !== 0)
      return { held: 'unknown', why: `who has the guard's socket is not told: ${c.errorName()}` };
    // struct ucred: pid, uid, gid.
    const credentials = new DataView(new ArrayBuffer(12));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, credentials.byteLength, LITTLE_ENDIAN);
    if (Number(c.getsockopt(socket, SOL_SOCKET, SO_PEERCRED, new Uint8Array(credentials.buffer), length)) !== 0)
      return { held: 'unknown', why: `SO_PEERCRED: ${c.errorName()}` };
    const [pid, uid] = [credentials.getInt32(0, LITTLE_ENDIAN), credentials.getUint32(4, LITTLE_ENDIAN)];
    if (uid !== 0 && uid !== process.geteuid?.())
      return { held: 'unknown', why: `process ${pid} of user ${uid} has taken the guard's socket` };
    return { held: false, pid };
  } finally {
    if (socket >= 0) c.close(socket);
  }
}

function open(c: Libc): number {
  return Number(c.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/** struct sockaddr_un; the name of an abstract socket begins with a NUL and ends with the structure. */
function addressOf(name: string): Uint8Array {
  const bytes = Buffer.from(`\0\0\0${name}`);
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(0, AF_UNIX, LITTLE_ENDIAN);
  return bytes;
}
