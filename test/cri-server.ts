import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type handleUnaryCall, Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { CRI_SCHEMA, CRI_SERVICE, type CriMethod } from '../src/hosts/cri/schema.ts';
import type { CriSandboxConfig } from '../src/hosts/cri/types.ts';

/** A sandbox of the scripted runtime. */
export interface ScriptedSandbox {
  readonly id: string;
  readonly name?: string;
  readonly namespace?: string;
  /** Ready unless said otherwise. */
  readonly ready?: boolean;
  readonly createdAtMs?: number;
  readonly ips?: readonly string[];
  readonly hostNetwork?: boolean;
}

export interface Trouble {
  /** gRPC's name for it. */
  readonly code: keyof typeof status;
  readonly words: string;
}

/** How the runtime behaves; what is left out it does right. `nth` counts the calls of that method from 0. */
export interface CriScript {
  /** What a list shows of what there is, in which order. */
  readonly list?: (real: readonly ScriptedSandbox[], nth: number) => readonly ScriptedSandbox[];
  /** Awaited before the answer to a question is made: a slow runtime. */
  readonly before?: (method: CriMethod, nth: number) => Promise<void>;
  /** Awaited once the answer is made: what the caller gets is as old as that. */
  readonly after?: (method: CriMethod, nth: number) => Promise<void>;
  /** What a call fails with; undefined: it does not. */
  readonly fail?: (method: CriMethod, nth: number, id: string) => Trouble | undefined;
  /** The network's ADD. The sandbox is listed only once it has resolved, as containerd does; a rejection is the call's failure. */
  readonly add?: (id: string, config: CriSandboxConfig) => Promise<Partial<ScriptedSandbox> | undefined>;
  /** The network's DEL, by StopPodSandbox. */
  readonly del?: (id: string) => Promise<void>;
}

export interface CriServer {
  readonly socket: string;
  /** What there is, whatever a list shows, by id, oldest first. */
  readonly sandboxes: Map<string, ScriptedSandbox>;
  /** The calls so far, `METHOD` or `METHOD id`. */
  readonly calls: readonly string[];
  /** Behaves so from now on. */
  script(script: CriScript): void;
  close(): Promise<void>;
}

/** What a list showed `by` lists ago: a runtime whose cache runs behind. At first it shows what there was at its first list. */
export function lagging(by: number): NonNullable<CriScript['list']> {
  const seen: (readonly ScriptedSandbox[])[] = [];
  return (real) => {
    seen.push(real);
    return seen.at(-1 - by) ?? seen[0] ?? [];
  };
}

/** The list in another order at every call, always the same for the same seed. */
export function reordered(seed: number): NonNullable<CriScript['list']> {
  return (real, nth) => {
    let state = (seed + nth * 7919) >>> 0;
    const keyed = real.map((sandbox) => {
      // Numerical Recipes' linear congruential generator: any order will do, as long as it can be had again.
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return { sandbox, key: state };
    });
    return keyed.sort((a, b) => a.key - b.key).map(({ sandbox }) => sandbox);
  };
}

/** A list that leaves out every `nth` sandbox: fewer than there are. */
export function forgetting(every: number): NonNullable<CriScript['list']> {
  return (real) => real.filter((_, index) => (index + 1) % every !== 0);
}

/**
 * A container runtime that speaks CRI v1 over a real socket and does what its script says: for the lags, failures and lies that
 * a real one cannot be brought to at will.
 */
export async function startCriServer(script: CriScript = {}): Promise<CriServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hayward-cri-'));
  const socket = join(folder, 'cri.sock');
  const sandboxes = new Map<string, ScriptedSandbox>();
  const calls: string[] = [];
  const counts = new Map<CriMethod, number>();
  let current = script;

  const methods: Record<CriMethod, (request: Request, nth: number) => object | Promise<object>> = {
    Version: () => ({ version: '0.1.0', runtimeName: 'scripted', runtimeVersion: '1', runtimeApiVersion: 'v1' }),
    ListPodSandbox(_, nth) {
      const real = [...sandboxes.values()];
      return { items: (current.list?.(real, nth) ?? real).map(listed) };
    },
    PodSandboxStatus: ({ podSandboxId }) => statusOf(known(podSandboxId)),
    ListContainers: () => ({ containers: [] }),
    async RunPodSandbox({ config }) {
      const id = randomBytes(32).toString('hex');
      const createdAtMs = Date.now();
      const network = await current.add?.(id, config);
      sandboxes.set(id, { id, name: config.metadata.name, createdAtMs, ...network });
      return { podSandboxId: id };
    },
    async StopPodSandbox({ podSandboxId }) {
      const sandbox = sandboxes.get(podSandboxId);
      if (!sandbox) return {};
      await current.del?.(podSandboxId);
      sandboxes.set(podSandboxId, { ...sandbox, ready: false });
      return {};
    },
    async RemovePodSandbox({ podSandboxId }) {
      if (sandboxes.get(podSandboxId)?.ready !== false) await methods.StopPodSandbox({ ...NOTHING, podSandboxId }, 0);
      sandboxes.delete(podSandboxId);
      return {};
    },
  };

  function known(id: string): ScriptedSandbox {
    const sandbox = sandboxes.get(id);
    if (!sandbox) throw new ScriptedTrouble({ code: 'NOT_FOUND', words: `sandbox "${id}": not found` });
    return sandbox;
  }

  async function answer(method: CriMethod, request: Request): Promise<object> {
    const nth = counts.get(method) ?? 0;
    counts.set(method, nth + 1);
    calls.push(request.podSandboxId ? `${method} ${request.podSandboxId}` : method);
    await current.before?.(method, nth);
    const trouble = current.fail?.(method, nth, request.podSandboxId);
    if (trouble) throw new ScriptedTrouble(trouble);
    const made = await methods[method](request, nth);
    await current.after?.(method, nth);
    return made;
  }

  const server = await listen(socket, answer, Object.keys(methods) as CriMethod[]);
  return {
    socket,
    sandboxes,
    calls,
    script(next) {
      current = next;
    },
    async close() {
      server.forceShutdown();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** All that the requests of this interface may hold; protobuf fills in what was not sent. */
interface Request {
  readonly podSandboxId: string;
  readonly config: CriSandboxConfig;
}

const NOTHING: Request = {
  podSandboxId: '',
  config: { metadata: { name: '', uid: '', namespace: '', attempt: 0 } },
};

class ScriptedTrouble extends Error {
  readonly code: number;
  constructor({ code, words }: Trouble) {
    super(words);
    this.code = status[code];
  }
}

async function listen(
  socket: string,
  answer: (method: CriMethod, request: Request) => Promise<object>,
  methods: readonly CriMethod[],
): Promise<Server> {
  const schema = CRI_SCHEMA as Parameters<typeof fromJSON>[0];
  const service = fromJSON(schema, { enums: String, longs: String, defaults: true })[CRI_SERVICE] as ServiceDefinition;
  const handlers = methods.map((method) => {
    const handler: handleUnaryCall<Request, object> = (call, respond) => {
      answer(method, call.request).then(
        (value) => respond(null, value),
        (error: unknown) => {
          const code = error instanceof ScriptedTrouble ? error.code : status.UNKNOWN;
          respond({ code, details: error instanceof Error ? error.message : String(error) });
        },
      );
    };
    return [method, handler] as const;
  });
  const server = new Server();
  server.addService(service, Object.fromEntries(handlers));
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return server;
}

function listed({ id, name = id.slice(0, 12), namespace = 'default', ready = true, createdAtMs = 0 }: ScriptedSandbox) {
  return {
    id,
    metadata: { name, uid: `uid-of-${name}`, namespace, attempt: 0 },
    state: ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: String(BigInt(Math.round(createdAtMs)) * 1_000_000n),
  };
}

function statusOf(sandbox: ScriptedSandbox): object {
  const [ip = '', ...others] = sandbox.ips ?? [];
  return {
    status: {
      ...listed(sandbox),
      network: { ip, additionalIps: others.map((one) => ({ ip: one })) },
      linux: { namespaces: { options: { network: sandbox.hostNetwork ? 'NODE' : 'POD' } } },
    },
  };
}
