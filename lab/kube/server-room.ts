import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { must } from '../command.ts';
import { type Door, type DoorSide, openDoor } from '../door.ts';

/** A network namespace for an API server, with addresses that are no loopback's: kube-apiserver dials no other as an endpoint. */
export interface ServerRoom {
  /** As `ip netns` knows it. */
  readonly namespace: string;
  /** Of Pods' network: the room's own first, then those for what is to answer in it. */
  readonly addresses: readonly [string, string, string];
  /** A command to be run in it. */
  inside(argv: readonly string[]): readonly [string, ...string[]];
  /** Opens a way from a port of the loopback here to the same one in the room. */
  doorIn(port: number): Promise<Door>;
  /** Opens a way from a port of an address in the room to one of the loopback here. */
  doorOut(address: string, port: number, to?: number): Promise<Door>;
  dispose(): Promise<void>;
}

const HERE = { address: '127.0.0.1' } as const;

const ADDRESSES = ['10.52.0.1', '10.52.0.2', '10.52.0.3'] as const;

interface Keeper {
  end(): Promise<void>;
}

/** Removes the namespace at the end of this process too, however that ends: a shell, out of Ctrl-C's reach, waits for a pipe to close. */
function keeperOf(namespace: string): Keeper {
  const script = 'cat > /dev/null; ip netns del "$0"';
  const shell = spawn('sh', ['-c', script, namespace], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const gone = once(shell, 'exit');
  return {
    async end() {
      shell.stdin.end();
      await gone;
    },
  };
}

/** Makes one; needs root. Nothing of the machine's own network is joined to it or changed. */
export async function serverRoom(): Promise<ServerRoom> {
  const namespace = `hayward-kube-${randomBytes(3).toString('hex')}`;
  const keeper = keeperOf(namespace);
  const doors: Door[] = [];
  async function opened(from: DoorSide, to: DoorSide): Promise<Door> {
    const door = await openDoor(from, to);
    doors.push(door);
    return door;
  }
  const room: ServerRoom = {
    namespace,
    addresses: ADDRESSES,
    inside: (argv) => ['ip', 'netns', 'exec', namespace, ...argv],
    doorIn: (port) => opened({ ...HERE, port }, { ...HERE, port, namespace }),
    doorOut: (address, port, to = port) => opened({ namespace, address, port }, { ...HERE, port: to }),
    async dispose() {
      for (const door of doors.splice(0)) await door.close();
      await keeper.end();
    },
  };
  try {
    await must(['ip', 'netns', 'add', namespace]);
    const lines = ['link set lo up', 'link add pods type bridge', 'link set pods up'];
    const addresses = ADDRESSES.map((address) => `address add ${address}/16 dev pods`);
    await must(['ip', '-netns', namespace, '-batch', '-'], { stdin: [...lines, ...addresses, ''].join('\n') });
  } catch (error) {
    await room.dispose();
    throw error;
  }
  return room;
}
