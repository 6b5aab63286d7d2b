import { LITTLE_ENDIAN, libc } from '../../hosts/libc.ts';

/** Tells systemd how the service is (sd_notify(3)); does nothing where nobody listens. */
export interface Notifier {
  ready(): void;
  /** That the loop still turns; wanted every half of `watchdogMs`. */
  alive(): void;
  stopping(why: string): void;
  /** The one line `systemctl status` shows. */
  status(line: string): void;
  /** The unit's WatchdogSec, in milliseconds; undefined where none is set for this process. */
  readonly watchdogMs: number | undefined;
}

// From bits/socket.h; the same on every architecture Node 20 runs on.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const MSG_NOSIGNAL = 0x4000;
/** sizeof sun_path (unix(7)). */
const LONGEST_PATH = 108;

type Send = (message: string) => void;

/** A notifier for the socket in NOTIFY_SOCKET, which is taken out of the environment: children must not speak for us. */
export async function notifier(environment: NodeJS.ProcessEnv, pid: number): Promise<Notifier> {
  const send = await sender(environment['NOTIFY_SOCKET']);
  const watchdogMs = watchdogOf(environment, pid);
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  return {
    ready: () => send('READY=1'),
    alive: () => send('WATCHDOG=1'),
    stopping: (why) => send(`STOPPING=1\nSTATUS=${oneLine(why)}`),
    status: (line) => send(`STATUS=${oneLine(line)}`),
    watchdogMs,
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function watchdogOf(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: meant } = environment;
  if (usec === undefined || !/^[0-9]+$/.test(usec)) return undefined;
  return meant === undefined || Number(meant) === pid ? Number(usec) / 1000 : undefined;
}

async function sender(path: string | undefined): Promise<Send> {
  const address = path === undefined ? undefined : addressOf(path);
  if (!address) return () => undefined;
  const c = await libc();
  const fd = Number(c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd < 0) return () => undefined;
  return (message) => {
    // Whether anybody took it is nothing the guard depends on.
    const bytes = Buffer.from(message);
    c.sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length);
  };
}

/** struct sockaddr_un; a leading `@` is an abstract name. Undefined for what sd_notify(3) does not take. */
function addressOf(path: string): Buffer | undefined {
  if (!/^[/@]/.test(path) || Buffer.byteLength(path) >= LONGEST_PATH) return undefined;
  const name = Buffer.from(path);
  const address = Buffer.alloc(2 + name.length + (path.startsWith('@') ? 0 : 1));
  if (LITTLE_ENDIAN) address.writeUInt16LE(AF_UNIX);
  else address.writeUInt16BE(AF_UNIX);
  name.copy(address, 2);
  if (path.startsWith('@')) address[2] = 0;
  return address;
}
