import { connect, type Socket } from 'node:net';
import { wordsFor } from '../../hosts/system-errors.ts';
import { type BusMessage, callBytes, messagesIn } from './dbus-messages.ts';

/**
 * When services become ready, from systemd itself and at once: over its own socket, the one systemctl uses as root.
 * On it systemd tells every change of a unit without being asked to (bus_foreach_bus, src/core/dbus.c), so it is only
 * connected while somebody waits. A service is ready from READY=1 on: its ExecStartPost= run then (`start-post`), while
 * it still counts as activating (service_enter_start_post, src/core/service.c).
 */
export interface ServicesWatch {
  /** Waits for these, given as systemd names them, until the next call; none: for nothing. */
  await(units: readonly string[]): void;
}

export interface ServicesOptions {
  /** It has been ready since boot, if only for a moment; told anew with each connection. Not from within `await`. */
  readonly ready: (unit: string) => void;
  /** It cannot be waited for: one line. The same reason is told once. */
  readonly complain: (why: string) => void;
  readonly socket?: string;
}

const SYSTEMD = 'org.freedesktop.systemd1';
/** bus_connect_system_systemd, src/shared/bus-util.c. */
const SOCKET = '/run/systemd/private';
/** `activeEnter` alone would miss a service whose ExecStartPost= runs or has failed; the state alone one that has ended since. */
const PROPERTIES: readonly (readonly [interface_: string, property: string])[] = [
  [`${SYSTEMD}.Unit`, 'SubState'],
  [`${SYSTEMD}.Unit`, 'ActiveEnterTimestampMonotonic'],
];

function isReady(value: string | bigint | undefined): boolean {
  return value === 'start-post' || (typeof value === 'bigint' && value > 0n);
}

/** A unit's object: bytes other than letters and digits in hexadecimal (bus_label_escape, src/basic/bus-label.c). */
export function unitPath(unit: string): string {
  const escaped = (byte: string) => `_${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return `/org/freedesktop/systemd1/unit/${unit.replace(/[^A-Za-z0-9]|^[0-9]/g, escaped)}`;
}

/** Where the socket is not there, is refused, or is closed, as by `systemctl daemon-reexec`, the next `await` tries again. */
export function watchServices({ ready, complain, socket = SOCKET }: ServicesOptions): ServicesWatch {
  let line: Socket | undefined;
  let waiting: readonly string[] = [];
  let told = '';

  function hangUp(): void {
    line?.destroy();
    line = undefined;
  }

  /** Asks for each service at once, and again whenever systemd tells that it changed. */
  function follow(own: Socket): void {
    let serial = 0;
    const asked = new Map<number, string>();

    function ask(unit: string): void {
      for (const args of PROPERTIES) {
        serial += 1;
        asked.set(serial, unit);
        const method = { interface: 'org.freedesktop.DBus.Properties', member: 'Get', destination: SYSTEMD };
        own.write(callBytes({ ...method, serial, path: unitPath(unit), args }));
      }
    }

    function answered(serialOf: number, value: BusMessage['value']): void {
      const unit = asked.get(serialOf);
      asked.delete(serialOf);
      if (unit !== undefined && isReady(value) && line === own) ready(unit);
    }

    listen(own, {
      begun: () => waiting.forEach(ask),
      took({ member, path, replyTo, value }) {
        if (replyTo !== undefined) answered(replyTo, value);
        else if (member === 'PropertiesChanged') waiting.filter((unit) => unitPath(unit) === path).forEach(ask);
      },
    });
  }

  function lost(own: Socket, why: string): void {
    if (line !== own) return;
    hangUp();
    if (why !== told) complain(`when a service becomes ready is only seen by judging again: ${why}`);
    told = why;
  }

  return {
    await(units) {
      const same = units.length === waiting.length && units.every((unit) => waiting.includes(unit));
      waiting = units;
      if (!same || units.length === 0) hangUp();
      if (line !== undefined || units.length === 0) return;
      const own = connect(socket);
      line = own;
      own.on('error', ({ code = '', syscall, message }: NodeJS.ErrnoException) =>
        lost(own, `${socket}: ${syscall === undefined ? message : wordsFor(code)}`),
      );
      own.on('close', () => lost(own, `${socket}: systemd closed it`));
      follow(own);
    },
  };
}

interface Listener {
  /** systemd knows who asks. */
  begun(): void;
  took(message: BusMessage): void;
}

/** Says who we are, as the SASL mechanism EXTERNAL has it, and then takes messages apart. */
function listen(line: Socket, { begun, took }: Listener): void {
  const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
  let rest: Buffer = Buffer.alloc(0);
  let authenticated = false;
  line.on('connect', () => line.write(`\0AUTH EXTERNAL ${user}\r\n`));

  function takeIn(): readonly BusMessage[] {
    if (!authenticated) {
      const end = rest.indexOf('\r\n');
      if (end < 0) return [];
      const answer = rest.toString('latin1', 0, end);
      if (!answer.startsWith('OK ')) throw new Error('systemd does not take us for who we are');
      rest = rest.subarray(end + 2);
      authenticated = true;
      line.write('BEGIN\r\n');
      begun();
    }
    const { messages, rest: more } = messagesIn(rest);
    rest = more;
    return messages;
  }

  line.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    let messages: readonly BusMessage[] = [];
    try {
      messages = takeIn();
    } catch (error) {
      line.destroy(error as Error);
    }
    for (const message of messages) took(message);
  });
}
