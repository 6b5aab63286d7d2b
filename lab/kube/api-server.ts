import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { gateArguments, nodesArguments, ownArguments, roomArguments } from './arguments.ts';
import { type CertificateAuthority, certificateAuthority } from './certificates.ts';
import { type Credentials, type Identity, issueCredentials } from './credentials.ts';
import { startEtcd } from './etcd.ts';
import { type Daemon, keptFolder, startDaemon } from './processes.ts';
import { type KubernetesMinor, kubePrograms } from './programs.ts';
import type { ServerRoom } from './server-room.ts';

export interface ApiServerOptions {
  /** 1.33 unless said otherwise. */
  readonly version?: KubernetesMinor;
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** Further arguments for kube-apiserver, after the lab's own: of a flag that takes one value the last counts, lists grow. */
  readonly arguments?: readonly string[];
}

/** Where it runs, once and for all. */
export interface ApiServerPlace {
  /** A network namespace of its own, where webhooks behind Services can be served; its port is open to here all the same. */
  readonly room?: ServerRoom;
  /** Kubelets will join it in the room, and a controller manager. */
  readonly nodes?: boolean;
}

/**
 * A real kube-apiserver with an etcd of its own, on free ports of 127.0.0.1. There is no controller manager: nobody makes service
 * accounts, endpoints or Pods of a Deployment, and the aggregated roles (view, edit, admin) have no rules.
 */
export interface LabApiServer {
  readonly url: string;
  /** The kube-apiserver's process id; another after every start. Throws while it is down. */
  readonly pid: number;
  /** Signs the server's and the clients' certificates. */
  readonly authority: CertificateAuthority;
  /** Of the group system:masters, which is allowed everything. */
  readonly admin: Credentials;
  /** What a kubelet has: user system:node:NAME, group system:nodes. No Node object is made. */
  node(name: string): Promise<Credentials>;
  /** A user known by a certificate alone: RBAC allows nothing of weight until a binding names it or its groups. */
  user(identity: Identity): Promise<Credentials>;
  /** Stops the kube-apiserver where it is: the kernel takes connections, nothing answers. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends the kube-apiserver at once; etcd and all objects stay. */
  kill(): Promise<void>;
  /**
   * Starts it again over the same objects, also as another version (an upgrade) or with other options; the last ones where none
   * are given. Throws ApiServerEnded.
   */
  start(options?: ApiServerOptions): Promise<void>;
  /** What kube-apiserver wrote since its last start. */
  log(): Promise<string>;
  /** Ends everything and removes its folder. */
  dispose(): Promise<void>;
}

/** A kube-apiserver that ended before it was ready. The message is its own last word. */
export class ApiServerEnded extends Error {
  override readonly name = 'ApiServerEnded';
}

const DEFAULT_VERSION: KubernetesMinor = '1.33';
const START_LIMIT_MS = 120_000;

/**
 * Starts one and waits until it is ready. Needs openssl, setpriv and the programs, not root; leaves nothing behind when it fails.
 * Throws ApiServerEnded when kube-apiserver does not start.
 */
export async function apiServer(options: ApiServerOptions & ApiServerPlace = {}): Promise<LabApiServer> {
  const folder = await keptFolder('hayward-kube-');
  const undo: (() => Promise<void>)[] = [folder.remove];
  async function dispose(): Promise<void> {
    for (const step of undo.splice(0).reverse()) await step();
  }
  try {
    const ground = await prepare(folder.path, undo, options);
    const lab = withServer(ground, dispose, options);
    undo.push(lab.kill);
    await lab.start();
    return lab;
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** All that outlives a kube-apiserver. */
interface Ground {
  readonly folder: string;
  readonly url: string;
  readonly authority: CertificateAuthority;
  readonly admin: Credentials;
  /** What starts it, but for what is asked of one start. */
  readonly argv: (program: string) => readonly string[];
}

type Undo = (() => Promise<void>)[];

async function prepare(folder: string, undo: Undo, options: ApiServerOptions & ApiServerPlace): Promise<Ground> {
  const { room, nodes: controllers = false } = options;
  const { etcd } = await kubePrograms(options.version ?? DEFAULT_VERSION);
  const authority = await certificateAuthority(join(folder, 'authority'), 'hayward-lab');
  const store = await startEtcd(etcd, folder);
  undo.push(store.daemon.kill);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const own = await ownArguments({ folder, port, authority, etcd: store.url, controllers });
  const joined = controllers ? await nodesArguments(authority) : [];
  if (room) {
    await room.doorIn(port);
    const etcdPort = Number(new URL(store.url).port);
    await room.doorOut('127.0.0.1', etcdPort);
  }
  const placed = room
    ? (program: string) => room.inside([program, ...own, ...roomArguments(room.addresses[0]), ...joined])
    : (program: string) => [program, ...own];
  const admin = await issueCredentials(
    folder,
    { url, authority },
    { name: 'system:admin', groups: ['system:masters'] },
  );
  return { folder, url, authority, admin, argv: placed };
}

function withServer(ground: Ground, dispose: () => Promise<void>, first: ApiServerOptions): LabApiServer {
  const { folder, admin } = ground;
  let options = first;
  let server: Daemon | undefined;
  let starts = 0;
  const isUp = (): boolean => server !== undefined && !server.ended.aborted;
  const logFile = (): string => join(folder, `kube-apiserver-${starts}.log`);
  function running(): Daemon {
    if (!server || !isUp()) throw new TypeError('the API server is down');
    return server;
  }
  const lab: LabApiServer = {
    url: ground.url,
    authority: ground.authority,
    admin,
    get pid() {
      return running().pid;
    },
    node: (name) => lab.user({ name: `system:node:${name}`, groups: ['system:nodes'] }),
    user: (identity) => issueCredentials(folder, ground, identity),
    freeze: () => running().freeze(),
    thaw: () => running().thaw(),
    async kill() {
      await server?.kill();
    },
    async start(again = options) {
      if (isUp()) throw new TypeError('the API server is up');
      options = again;
      const { kubeApiserver } = await kubePrograms(again.version ?? DEFAULT_VERSION);
      const asked = [...gateArguments(again.featureGates ?? {}), ...(again.arguments ?? [])];
      starts++;
      const started = await startDaemon([...ground.argv(kubeApiserver), ...asked], logFile());
      server = started;
      const trouble = await untilReady(admin, started.ended);
      if (trouble === undefined) return;
      await started.kill();
      throw new ApiServerEnded(lastWord(await lab.log()) ?? trouble);
    },
    log: () => readFile(logFile(), 'utf8'),
    dispose,
  };
  return lab;
}

/** Returns once /readyz says yes; otherwise what it said last when the server ended or took too long. */
async function untilReady(admin: Credentials, ended: AbortSignal): Promise<string | undefined> {
  const deadline = performance.now() + START_LIMIT_MS;
  let last = 'it ended without a word';
  while (!ended.aborted && performance.now() < deadline) {
    const answer = await admin.ask('/readyz').catch((error: Error) => ({ status: 0, text: error.message }));
    if (answer.status === 200) return undefined;
    last = answer.text;
    await wait(100);
  }
  return last;
}

/** Why it gave up: the line klog or cobra writes last of all. */
function lastWord(log: string): string | undefined {
  return log.split('\n').findLast((line) => line.includes('"command failed"') || line.startsWith('Error: '));
}
