import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { openPacketSocket, type PacketSocket } from '../../src/probes/packet-socket.ts';

/**
 * A filtering node between two stations, in namespaces of its own: a bridge with a port to each, and a routed link to
 * each. The stations are mute: they have no addresses, so nothing but the test's frames is on the wire.
 */
export interface PacketLab {
  /** Runs a shell script on the filtering node; throws with its errors when it fails. */
  run(script: string): string;
  /** Sends frames, in order, from station a (or b); returns which of `ids` arrived at the other, and where. */
  exchange(from: 'a' | 'b', frames: readonly SentFrame[]): Promise<ReadonlySet<string>>;
  remove(): void;
}

export interface SentFrame {
  /** Bytes by which it is known again, whatever is rewritten before them. */
  readonly id: string;
  readonly by: 'bridge' | 'route';
  readonly bytes: Uint8Array;
}

export const MAC = {
  a: { bridge: '02:00:00:00:0a:01', route: '02:00:00:00:0a:02' },
  b: { bridge: '02:00:00:00:0b:01', route: '02:00:00:00:0b:02' },
  router: { a: '02:00:00:00:0f:01', b: '02:00:00:00:0f:02' },
} as const;

export const ADDRESS = {
  a: { bridge: '10.9.0.2', route: '10.8.1.2' },
  b: { bridge: '10.9.0.3', route: '10.8.2.2' },
} as const;

/** The filtering node's own addresses. */
export const LOCAL_ADDRESSES = ['10.9.0.1/24', '10.8.1.1/24', '10.8.2.1/24', '127.0.0.1/8'];

const SETTINGS = {
  'net.ipv4.ip_forward': 1,
  'net.ipv4.conf.all.rp_filter': 0,
  'net.ipv4.conf.all.send_redirects': 0,
  'net.bridge.bridge-nf-call-iptables': 1,
  'net.netfilter.nf_conntrack_tcp_loose': 0,
};

const CLONE_NEWNET = 0x40000000;
const MARKER_TYPE = [0x88, 0xb5];
const ARRIVAL_MS = 5000;

function must(argv: readonly string[], input?: string): string {
  const [program = '', ...rest] = argv;
  const done = spawnSync(program, rest, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    ...(input !== undefined && { input }),
  });
  if (done.status === 0) return done.stdout;
  throw new Error(`${argv.join(' ')}: ${done.error?.message ?? done.stderr}\n${input ?? ''}`);
}

function stationScript(own: string, station: 'a' | 'b', router: string): string {
  const subnet = station === 'a' ? 1 : 2;
  return `
ip netns add ${own}
ip -n ${own} link add eth0 address ${MAC[station].bridge} type veth peer name p${station} netns ${router}
ip -n ${own} link add eth1 address ${MAC[station].route} type veth peer name r${station} netns ${router}
ip netns exec ${own} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
ip -n ${own} link set eth0 up
ip -n ${own} link set eth1 up
ip -n ${router} link set p${station} master br0 up
ip -n ${router} link set r${station} address ${MAC.router[station]} up
ip -n ${router} addr add 10.8.${subnet}.1/24 dev r${station}
ip -n ${router} neigh add ${ADDRESS[station].route} lladdr ${MAC[station].route} dev r${station} nud permanent
ip netns exec ${router} sysctl -qw net.ipv4.conf.r${station}.rp_filter=0
ip netns exec ${router} bridge fdb replace ${MAC[station].bridge} dev p${station} master static
`;
}

/** One CPU, so that frames are handled in the order in which they are sent. */
function pinToOneCpu(): void {
  const libc = koffi.load(null);
  libc.func('int sched_setaffinity(int, size_t, const uint8_t *)')(0, 8, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
}

function enter(namespace: number): void {
  const setns = koffi.load(null).func('int setns(int, int)');
  if (setns(namespace, CLONE_NEWNET) !== 0) throw new Error('cannot change the network namespace');
}

/** Opens a socket in another network namespace; this thread is back in its own when it returns. */
async function socketIn(namespace: string, link: string): Promise<PacketSocket> {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const other = openSync(`/run/netns/${namespace}`, 'r');
  try {
    enter(other);
    return await openPacketSocket(link, { promiscuous: true });
  } finally {
    enter(own);
    closeSync(own);
    closeSync(other);
  }
}

function markerFrame(id: string, from: 'a' | 'b'): Uint8Array {
  const to = from === 'a' ? 'b' : 'a';
  const mac = (text: string) => text.split(':').map((byte) => Number.parseInt(byte, 16));
  const payload = Buffer.from(id.padEnd(46, '.'));
  return Uint8Array.from([...mac(MAC[to].bridge), ...mac(MAC[from].bridge), ...MARKER_TYPE, ...payload]);
}

export async function makePacketLab(): Promise<PacketLab> {
  const name = `hwf-${randomBytes(3).toString('hex')}`;
  const [router, a, b] = [`${name}-r`, `${name}-a`, `${name}-b`];
  const remove = () => {
    for (const namespace of [router, a, b]) spawnSync('ip', ['netns', 'del', namespace]);
  };
  try {
    const settings = Object.entries(SETTINGS).map(([key, value]) => `${key}=${value}`);
    must(
      ['sh', '-e'],
      `ip netns add ${router}
ip netns exec ${router} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
ip -n ${router} link set lo up
ip -n ${router} link add br0 type bridge
ip -n ${router} addr add 10.9.0.1/24 dev br0
ip -n ${router} link set br0 up
ip netns exec ${router} sysctl -qw ${settings.join(' ')}
${stationScript(a, 'a', router)}
${stationScript(b, 'b', router)}`,
    );
    pinToOneCpu();
    const sockets = {
      a: { bridge: await socketIn(a, 'eth0'), route: await socketIn(a, 'eth1') },
      b: { bridge: await socketIn(b, 'eth0'), route: await socketIn(b, 'eth1') },
    };
    return {
      run: (script) => must(['nsenter', `--net=/run/netns/${router}`, 'sh', '-e'], script),
      exchange: (from, frames) => exchange(sockets[from], sockets[from === 'a' ? 'b' : 'a'], from, frames),
      remove() {
        for (const { bridge, route } of Object.values(sockets)) for (const socket of [bridge, route]) socket.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

type Station = Readonly<Record<'bridge' | 'route', PacketSocket>>;

/**
 * Behind the frames goes one that no IP rule looks at, by the same bridge. When that one is there, all before it have
 * been passed or dropped.
 */
async function exchange(
  sender: Station,
  receiver: Station,
  from: 'a' | 'b',
  frames: readonly SentFrame[],
): Promise<ReadonlySet<string>> {
  const marker = randomBytes(12).toString('hex');
  for (const { by, bytes } of frames) sender[by].send(bytes);
  sender.bridge.send(markerFrame(marker, from));
  const arrived: Uint8Array[] = [];
  const deadline = performance.now() + ARRIVAL_MS;
  while (!arrived.some((frame) => holds(frame, marker))) {
    if (performance.now() > deadline) throw new Error('the marker frame did not arrive');
    arrived.push(...(await receiver.bridge.receive(ARRIVAL_MS)));
  }
  arrived.push(...(await receiver.route.receive(0)));
  return new Set(frames.map(({ id }) => id).filter((id) => arrived.some((frame) => holds(frame, id))));
}

function holds(frame: Uint8Array, id: string): boolean {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).includes(id);
}
