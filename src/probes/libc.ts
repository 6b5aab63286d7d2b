import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { ProbeError } from './probe-error.ts';

type Foreign = (...args: unknown[]) => number | bigint;
type ForeignAsync = Foreign & { readonly async: (...args: unknown[]) => void };

/** The calls that raw sockets need, and memory that the kernel may write to while they run. */
export interface Libc {
  readonly socket: Foreign;
  readonly bind: Foreign;
  readonly connect: Foreign;
  readonly setsockopt: Foreign;
  readonly send: Foreign;
  readonly recv: Foreign;
  readonly recvfrom: Foreign;
  readonly recvmsg: Foreign;
  readonly poll: ForeignAsync;
  readonly eventfd: Foreign;
  readonly read: Foreign;
  readonly write: Foreign;
  readonly close: ForeignAsync;
  readonly indexOf: Foreign;
  /** Bytes of a pointer and of size_t. */
  readonly wordBytes: 4 | 8;
  allocate(bytes: number): Memory;
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

/** Loaded on first use: most commands send no packet, and the foreign-function library costs start-up time. */
export function libc(): Promise<Libc> {
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
      connect: lib.func('int connect(int, const uint8_t *, uint32_t)'),
      setsockopt: lib.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
      send: lib.func('intptr_t send(int, const uint8_t *, size_t, int)'),
      recv: lib.func('intptr_t recv(int, uint8_t *, size_t, int)'),
      recvfrom: lib.func('intptr_t recvfrom(int, uint8_t *, size_t, int, uint8_t *, uint8_t *)'),
      recvmsg: lib.func('intptr_t recvmsg(int, void *, int)'),
      poll: lib.func('int poll(void *, unsigned long, int)'),
      eventfd: lib.func('int eventfd(unsigned int, int)'),
      read: lib.func('intptr_t read(int, uint8_t *, size_t)'),
      write: lib.func('intptr_t write(int, const uint8_t *, size_t)'),
      close: lib.func('int close(int)'),
      indexOf: lib.func('uint32_t if_nametoindex(const char *)'),
      wordBytes: koffi.sizeof('size_t') === 4 ? 4 : 8,
      allocate(bytes) {
        const address: bigint = koffi.alloc('uint8_t', bytes);
        const buffer = koffi.view(address, bytes);
        const memory = new Uint8Array(buffer);
        memory.fill(0);
        return { address, view: new DataView(buffer), bytes: memory, free: () => koffi.free(address) };
      },
      errorName: () => getSystemErrorName(-koffi.errno()),
    };
  } catch (cause) {
    throw new ProbeError('failed', 'raw sockets cannot be used: the library koffi does not load here', { cause });
  }
}

/** The kernel's refusal as a probe's reason: no CAP_NET_RAW is `denied`, the rest `failed`. */
export function refused(call: string, name: string): ProbeError {
  const denied = name === 'EPERM' || name === 'EACCES';
  return new ProbeError(denied ? 'denied' : 'failed', `${call}: ${name}${denied ? ' (needs CAP_NET_RAW)' : ''}`);
}
