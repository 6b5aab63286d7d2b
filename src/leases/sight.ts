import type { Bilingual } from '../lang.ts';
import type { ForeignNamespace, LeaseLook, RuntimeView, Sandbox } from './model.ts';
import { why } from './why.ts';

/** One look, arranged for questions about single leases. */
export interface Sight {
  readonly sandboxes: ReadonlyMap<string, Sandbox>;
  /** Process ids of shims by the sandbox they keep. */
  readonly shims: ReadonlyMap<string, number>;
  /** Where an address was seen in use. */
  readonly used: ReadonlyMap<string, string>;
  /** Why not all of a network's directory could be read, by the directory. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Why the look proves nothing of what it does not show, in three parts; each empty where there is nothing of the kind. */
  readonly runtimeSilent: readonly Bilingual[];
  readonly runtimeAnswersLess: readonly Bilingual[];
  readonly kernelUnseen: readonly Bilingual[];
  /** Namespaces that may use any address. */
  readonly strangers: readonly Bilingual[];
}

/**
 * Arranges a look. With an earlier look, namespaces made since then raise no doubt about leases that were there already:
 * a Pod that waits for an address makes one at every try.
 */
export function sightOf({ runtime, networks }: LeaseLook, earlier?: LeaseLook): Sight {
  const { sandboxes, shims, foreignNamespaces, hostAddresses } = runtime;
  const listed = sandboxes.known ? sandboxes.value : [];
  const kept = shims.known ? shims.value : [];
  return {
    sandboxes: new Map(listed.map((sandbox) => [sandbox.id, sandbox])),
    shims: new Map(kept.flatMap(({ containerId, pid }) => (containerId === undefined ? [] : [[containerId, pid]]))),
    used: usedIn(runtime),
    unreadable: unreadableIn(networks),
    runtimeSilent: sandboxes.known ? [] : [silence(sandboxes.detail, kept.length)],
    runtimeAnswersLess: sandboxes.known && listed.length === 0 && kept.length > 0 ? [why.answersLess(kept.length)] : [],
    kernelUnseen: [shims, foreignNamespaces, hostAddresses].flatMap((reading) =>
      reading && !reading.known ? [why.processesUnseen(reading.detail)] : [],
    ),
    strangers: foreignNamespaces.known ? strangersIn(foreignNamespaces.value, earlier) : [],
  };
}

function usedIn({ sandboxes, foreignNamespaces, hostAddresses }: RuntimeView): ReadonlyMap<string, string> {
  const used = new Map(hostAddresses?.known ? hostAddresses.value : []);
  for (const { ips, namespace, name } of sandboxes.known ? sandboxes.value.filter(hasOwnAddress) : []) {
    for (const ip of ips) used.set(ip, `Pod ${namespace}/${name}`);
  }
  for (const one of foreignNamespaces.known ? foreignNamespaces.value : []) {
    for (const address of one.addresses ?? []) used.set(address, namespaceName(one));
  }
  return used;
}

/** A running Pod outside the host's network. */
export function hasOwnAddress({ state, hostNetwork }: Sandbox): boolean {
  return state === 'ready' && hostNetwork !== true;
}

function unreadableIn(networks: LeaseLook['networks']): ReadonlyMap<string, string> {
  return new Map(
    networks.flatMap(({ name, dataDir, readable }) =>
      readable.known || readable.reason === 'absent' ? [] : [[`${dataDir}/${name}`, readable.detail] as const],
    ),
  );
}

function silence(detail: string, shims: number): Bilingual {
  return shims > 0 ? why.stoppedByHand(shims) : why.runtimeSilent(detail);
}

/**
 * A namespace raises a doubt when nobody could look inside, and one made by a CNI runtime (cni-…) also when it holds no
 * address: it may be about to be given one.
 */
function strangersIn(namespaces: readonly ForeignNamespace[], earlier?: LeaseLook): readonly Bilingual[] {
  const before = earlier?.runtime.foreignNamespaces;
  const old = before?.known ? new Set(before.value.map(({ inode, path }) => `${inode} ${path ?? ''}`)) : undefined;
  return namespaces
    .filter((one) => one.addresses === undefined || (one.addresses.length === 0 && isOfCni(one)))
    .filter(({ inode, path }) => old === undefined || old.has(`${inode} ${path ?? ''}`))
    .map((one) => why.unmatched(namespaceName(one)));
}

function isOfCni({ path }: ForeignNamespace): boolean {
  return path !== undefined && /\/cni-[^/]*$/.test(path);
}

function namespaceName({ path, pids, inode }: ForeignNamespace): string {
  if (path !== undefined) return path;
  return pids[0] === undefined ? `net:[${inode}]` : `/proc/${pids[0]}/ns/net`;
}
