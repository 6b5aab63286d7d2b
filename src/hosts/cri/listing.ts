import { existsSync } from 'node:fs';
import { criSource } from '../ask.ts';
import type { Entry } from '../capture.ts';
import { pooled } from '../pool.ts';
import { known, type Reading } from '../reading.ts';
import { type CriClient, type CriOptions, connectCri } from './client.ts';
import type { CriSandbox, CriSandboxStatus } from './types.ts';

/** Where runtimes listen: RKE2's and k3s's own containerd, the system's, CRI-O. The first that exists is asked. */
export const CRI_PLACES = [
  '/run/k3s/containerd/containerd.sock',
  '/run/containerd/containerd.sock',
  '/var/run/crio/crio.sock',
] as const;

/** The socket of the runtime that runs this machine's Pods; undefined where there is none. */
export function findCriSocket(): string | undefined {
  return CRI_PLACES.find((place) => existsSync(place));
}

export interface ListingOptions extends CriOptions {
  /** Of these sandboxes, those whose addresses are known without asking. */
  readonly known?: (ids: ReadonlySet<string>) => ReadonlySet<string>;
}

/** A sandbox as `crictl pods -o json` prints it, with what `crictl inspectp` adds of its network. */
export interface ListedSandbox extends CriSandbox {
  /** Of a sandbox that is ready, as far as the runtime told. */
  readonly network?: {
    readonly ips: readonly string[];
    readonly hostNetwork: boolean;
  };
}

/** Questions at once: enough to hide their waiting, few enough not to be a load on a busy runtime. */
const QUESTIONS_AT_ONCE = 8;
/** For all questions together: a runtime that hangs on each of 500 sandboxes must not hold the caller for minutes. */
const ALL_QUESTIONS_MS = 20_000;

/**
 * The sandboxes of this machine's runtime as the answer to a `cri` ask: `{"socket", "items": ListedSandbox[]}` as JSON,
 * or why there is none. One list, then a question for each sandbox that is ready and not `known`; one that is, or that
 * cannot be asked, is listed without its network.
 */
export async function answerCri(socket: string | undefined, options: ListingOptions = {}): Promise<Entry> {
  const path = socket ?? findCriSocket();
  if (path === undefined) {
    return { state: 'absent', detail: `no container runtime listens at ${CRI_PLACES.join(', ')}` };
  }
  const limit = AbortSignal.timeout(ALL_QUESTIONS_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const opened = await connectCri(path, { ...options, signal });
  if (!opened.known) return { state: opened.reason, detail: opened.detail };
  try {
    const items = await listedSandboxes(opened.value, { ...options, signal });
    if (!items.known) return { state: items.reason, detail: items.detail };
    return { state: 'ok', text: JSON.stringify({ socket: path, items: items.value }) };
  } finally {
    opened.value.close();
  }
}

async function listedSandboxes(
  client: CriClient,
  { signal, known: knownAmong }: ListingOptions,
): Promise<Reading<readonly ListedSandbox[]>> {
  const sandboxes = await client.sandboxes();
  if (!sandboxes.known) return sandboxes;
  const networks = new Map<string, NonNullable<ListedSandbox['network']>>();
  const ready = new Set(sandboxes.value.filter(({ state }) => state === 'SANDBOX_READY').map(({ id }) => id));
  for (const id of knownAmong?.(ready) ?? []) ready.delete(id);
  await pooled([...ready], QUESTIONS_AT_ONCE, async (id) => {
    if (signal?.aborted) return;
    const status = await client.status(id);
    if (status.known && status.value.status) networks.set(id, networkOf(status.value));
  });
  const items = sandboxes.value.map((sandbox) => {
    const network = networks.get(sandbox.id);
    return network ? { ...sandbox, network } : sandbox;
  });
  return known(items, criSource(client.socket));
}

function networkOf({ status }: CriSandboxStatus): NonNullable<ListedSandbox['network']> {
  const { ip = '', additionalIps = [] } = status?.network ?? {};
  const ips = [ip, ...additionalIps.map((one) => one.ip)].filter((one) => one !== '');
  const hostNetwork = status?.linux?.namespaces?.options?.network === 'NODE';
  return { ips, hostNetwork };
}
