import { type Ask, sourceOf } from '../hosts/ask.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** A listening socket, and who has it. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** `0.0.0.0`, `::`, or one address; `%IFACE` behind it where it is bound to an interface. */
  readonly address: string;
  readonly port: number;
  /** The program's name by the kernel (15 characters of it), empty where it could not be seen or is the kernel itself. */
  readonly program: string;
  readonly pid?: number;
}

/** iproute2's ss reads /proc/net and netlink's sock_diag, and finds the owners below /proc/PID/fd: of others' processes only as root. */
const ASK = { kind: 'run', argv: ['ss', '-H', '-lntup'] } as const satisfies Ask;

/** Netid, state, two queues, the local address, the peer's, and the processes where they may be seen. */
const LINE = /^(tcp|udp)\s+\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(?:\s+(.*))?$/;
const OWNER = /^users:\(\("(.*?)",pid=(\d+),fd=/;

function listenerOf(line: string): Listener {
  const [, protocol, local = '', port, processes = ''] = LINE.exec(line.trim()) ?? [];
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw new Error(`not a socket as ss writes it: ${JSON.stringify(line)}`);
  const [, program = '', pid] = OWNER.exec(processes) ?? [];
  return {
    protocol,
    address: addressOf(local),
    port: Number(port),
    program,
    ...(pid === undefined ? {} : { pid: Number(pid) }),
  };
}

/** `*` is of both families, `[::1]%lo` stands in brackets. */
function addressOf(local: string): string {
  const [address = '', ...zone] = local.split('%');
  const bare = address === '*' ? '::' : address.replace(/^\[|\]$/g, '');
  return [bare, ...zone].join('%');
}

export const listeners = subject<Reading<readonly Listener[]>>({
  asks: [ASK],
  parse: (view) =>
    mapReading(view.text(sourceOf(ASK.argv)), (text) =>
      text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(listenerOf),
    ),
});
