import { HostError } from '../hosts/host.ts';
import { type Libc, libc } from '../hosts/libc.ts';
import { ProbeError } from './probe-error.ts';

/** The calls that raw sockets need. Throws ProbeError. */
export async function rawSockets(): Promise<Libc> {
  try {
    return await libc();
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    throw new ProbeError('failed', cause.message, { cause });
  }
}

/** The kernel's refusal as a probe's reason: no CAP_NET_RAW is `denied`, the rest `failed`. */
export function refused(call: string, name: string): ProbeError {
  const denied = name === 'EPERM' || name === 'EACCES';
  return new ProbeError(denied ? 'denied' : 'failed', `${call}: ${name}${denied ? ' (needs CAP_NET_RAW)' : ''}`);
}
