import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { HostError } from './host.ts';

type Foreign = (...args: unknown[]) => number | bigint;
type ForeignAsync = Foreign & { readonly async: (...args: unknown[]) => void };

/** What Node has no call for: raw, netlink and unix sockets, and locks of files. */
const CALLS = {
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, const uint8_t *, uint32_t)',
  listen: 'int listen(int, int)',
  connect: 'int connect(int, const uint8_t *, uint32_t)',
  getsockopt: 'int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint8_t *)',
  setsockopt: 'int setsockopt(int, int, int, const uint8_t *, uint32_t)',
  send: 'intptr_t send(int, const uint8_t *, size_t, int)',
  sendto: 'intptr_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)',
  recv: 'intptr_t recv(int, uint8_t *, size_t, int)',
  recvfrom: 'intptr_t recvfrom(int, uint8_t *, size_t, int, uint8_t *, uint8_t *)',
  recvmsg: 'intptr_t recvmsg(int, void *, int)',
  poll: 'int poll(void *, unsigned long, int)',
  eventfd: 'int eventfd(unsigned int, int)',
  read: 'intptr_t read(int, uint8_t *, size_t)',
  write: 'intptr_t write(int, const uint8_t *, size_t)',
  close: 'int close(int)',
  flock: 'int flock(int, int)',
  indexOf: 'uint32_t if_nametoindex(const char *)',
} as const;

type Calls = { readonly [name in keyof typeof CALLS]: name extends 'poll' | 'close' ? ForeignAsync : Foreign };

/** The C library's calls, and memory that the kernel may write to while they run. */
export interface Libc extends Calls {
  /** Bytes of a pointer and of size_t. */
  readonly wordBytes: 4 | 8;
  allocate(bytes: number): Memory;
  /** The last call's. */
  errno(): number;
  /** The last call's errno by name, e.g. EPERM. */
  errorName(): string;
}

/** Memory outside the heap: it has an address and does not move. */
export interface Memory {
  readonly address: bigint;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Once; the views are not to be touched afterwards. */
  free(): void;
}

export const LITTLE_ENDIAN = endianness() === 'LE';

let loading: Promise<Libc> | undefined;

/**
 * Loaded on first use, and each call on its own: most commands need none of them, and the foreign-function library costs
 * start-up time. Rejects with HostError (ENOSYS) where it does not load.
 */
export function libc(): Promise<Libc> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Libc> {
  try {
    const { default: koffi } = await import('koffi');
    const lib = koffi.load(null);
    return Object.assign(
      callsOf((prototype) => lib.func(prototype) as unknown as ForeignAsync),
      {
        wordBytes: koffi.sizeof('size_t') === 4 ? 4 : 8,
        allocate(bytes: number) {
          const address: bigint = koffi.alloc('uint8_t', bytes);
          const buffer = koffi.view(address, bytes);
          const memory = new Uint8Array(buffer);
          memory.fill(0);
          return { address, view: new DataView(buffer), bytes: memory, free: () => koffi.free(address) };
        },
        errno: () => koffi.errno(),
        errorName: () => getSystemErrorName(-koffi.errno()),
      } as const,
    );
  } catch (cause) {
    throw new HostError('system calls cannot be made: the library koffi does not load here', 'ENOSYS', { cause });
  }
}

/** Each call is looked up when it is first asked for. */
function callsOf(func: (prototype: string) => ForeignAsync): Calls {
  const calls = {} as Calls;
  for (const [name, prototype] of Object.entries(CALLS)) {
    Object.defineProperty(calls, name, {
      configurable: true,
      get() {
        const value = func(prototype);
        Object.defineProperty(calls, name, { value });
        return value;
      },
    });
  }
  return calls;
}
