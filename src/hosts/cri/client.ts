import { HostError } from '../host.ts';
import { known, mapReading, type Reading, type UnknownReason, unknown } from '../reading.ts';
import { firstLine } from '../sanitise.ts';
import { type Answer, type Channel, openChannel, unreachableSocket } from './call.ts';
import type { CriMethod } from './schema.ts';
import type { CriContainer, CriSandbox, CriSandboxConfig, CriSandboxStatus, CriVersion } from './types.ts';

export interface CriOptions {
  /** Milliseconds for one question; a full node's runtime lists its sandboxes in well under a second. */
  readonly timeoutMs?: number;
  /** Milliseconds for starting, stopping or removing one sandbox: CNI plugins run then. */
  readonly actTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * A container runtime at the other end of its socket. What it says, or why it does not, is a Reading. The acting half
 * throws a HostError whose code is gRPC's name for the failure (`NOT_FOUND`, `DEADLINE_EXCEEDED` …).
 */
export interface CriClient {
  readonly socket: string;
  version(): Promise<Reading<CriVersion>>;
  /** Every sandbox the runtime knows, ready or not. containerd lists one only once its RunPodSandbox has *ended*. */
  sandboxes(): Promise<Reading<readonly CriSandbox[]>>;
  /** `absent` when the runtime knows no such sandbox. */
  status(id: string): Promise<Reading<CriSandboxStatus>>;
  containers(): Promise<Reading<readonly CriContainer[]>>;
  /** Starts a sandbox and returns its id. */
  run(config: CriSandboxConfig): Promise<string>;
  /**
   * Stops a sandbox and gives back its network (CNI DEL); stopping it again does no harm. One the runtime does not know
   * is an error of code NOT_FOUND to containerd 1.6, though CRI wants a success.
   */
  stop(id: string): Promise<void>;
  /** Makes the runtime forget a sandbox; one that is running is stopped first. */
  remove(id: string): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
const ACT_TIMEOUT_MS = 120_000;

/**
 * Opens a runtime's socket, given as a path, with or without `unix://` before it. The reading is unknown when nobody
 * answers there: `absent` (no such file), `denied`, or `failed` (a socket that nobody listens at any more).
 */
export async function connectCri(socket: string, options: CriOptions = {}): Promise<Reading<CriClient>> {
  const path = socketPath(socket);
  const { timeoutMs = TIMEOUT_MS, actTimeoutMs = ACT_TIMEOUT_MS, signal } = options;
  const trouble = await unreachableSocket(path, timeoutMs);
  if (trouble) return unknown(trouble.state, path, trouble.detail);
  return known(clientOver(path, openChannel(path, signal), { timeoutMs, actTimeoutMs }), path);
}

/** A socket as crictl's configuration and command line write it, as a path. */
export function socketPath(socket: string): string {
  return socket.replace(/^unix:(\/\/(?=\/))?/, '');
}

interface Times {
  readonly timeoutMs: number;
  readonly actTimeoutMs: number;
}

function clientOver(socket: string, channel: Channel, { timeoutMs, actTimeoutMs }: Times): CriClient {
  async function ask<T>(method: CriMethod, request: object): Promise<Reading<T>> {
    return readingOf(`${method} at ${socket}`, await channel.call<T>(method, request, timeoutMs));
  }
  async function act<T>(method: CriMethod, request: object): Promise<T> {
    const answer = await channel.call<T>(method, request, actTimeoutMs);
    if (answer.ok) return answer.value;
    throw new HostError(`${method} at ${socket}: ${firstLine(answer.words)} (${answer.code})`, answer.code);
  }
  return {
    socket,
    version: () => ask('Version', {}),
    async sandboxes() {
      const listed = await ask<{ items: readonly CriSandbox[] }>('ListPodSandbox', {});
      return mapReading(listed, ({ items }) => items);
    },
    status: (id) => ask('PodSandboxStatus', { podSandboxId: id }),
    async containers() {
      const listed = await ask<{ containers: readonly CriContainer[] }>('ListContainers', {});
      return mapReading(listed, ({ containers }) => containers);
    },
    async run(config) {
      const { podSandboxId } = await act<{ podSandboxId: string }>('RunPodSandbox', { config });
      return podSandboxId;
    },
    async stop(id) {
      await act('StopPodSandbox', { podSandboxId: id });
    },
    async remove(id) {
      await act('RemovePodSandbox', { podSandboxId: id });
    },
    close: () => channel.close(),
  };
}

const REASONS: Readonly<Record<string, UnknownReason>> = {
  NOT_FOUND: 'absent',
  PERMISSION_DENIED: 'denied',
  UNAUTHENTICATED: 'denied',
};

function readingOf<T>(source: string, answer: Answer<T>): Reading<T> {
  if (answer.ok) return known(answer.value, source);
  const words = answer.code === 'UNIMPLEMENTED' ? 'the runtime speaks no CRI v1' : firstLine(answer.words);
  return unknown(REASONS[answer.code] ?? 'failed', source, `${source}: ${words} (${answer.code})`);
}
